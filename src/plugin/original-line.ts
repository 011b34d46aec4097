import { SourceMap, type SourceMapPayload } from 'node:module'

/** Where a source map leads to from a 1-based place. */
export function originalPlace(
  map: SourceMapPayload | null | undefined,
  { line, column }: { line: number; column: number },
): { source: string; line: number } | undefined {
  if (!map?.mappings) return undefined
  const entry = new SourceMap(map).findEntry(line - 1, column - 1)
  return 'originalLine' in entry ? { source: entry.originalSource, line: entry.originalLine + 1 } : undefined
}

/**
 * The line of a text that has become line `line` of another one, where no map tells: it reads the same, or the nearest one
 * before or behind it does. 1-based.
 */
export function lineThatReadsSame(changed: string, line: number, text: string): number | undefined {
  const [ofChanged, ofText] = [changed, text].map((whole) => whole.split('\n').map((own) => own.trim())) as [
    string[],
    string[],
  ]
  const sameAs = (index: number): number | undefined => {
    const wanted = ofChanged[index]
    if (!wanted || ofChanged.indexOf(wanted) !== ofChanged.lastIndexOf(wanted)) return undefined
    const found = ofText.indexOf(wanted)
    return found === -1 || ofText.lastIndexOf(wanted) !== found ? undefined : found
  }
  for (let distance = 0; distance < ofChanged.length; distance++) {
    for (const offset of [-distance, distance]) {
      const found = sameAs(line - 1 + offset)
      if (found !== undefined) return Math.min(ofText.length, Math.max(1, found + 1 - offset))
    }
  }
  return undefined
}
