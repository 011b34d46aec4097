import { isRecord, readPrivateFile, writePrivateFile } from './private-file'

export interface UsedTargets {
  /** A call of the page went to this origin. */
  note(origin: string): void
  /** The page calls this origin without us. */
  forget(origin: string): void
  /** A page is being loaded: what the one before it used. */
  turnPage(): readonly string[]
}

/** What a page calls at its start, as a rule. */
const MOST = 6
const MAX_FILE_BYTES = 16 * 1024
const FILE_VERSION = 1

/** Which targets the page used, so that they can be connected to when it is loaded again, by the next dev server too. */
export function createUsedTargets(file: string): UsedTargets {
  let before: Set<string> | undefined
  let current = new Set<string>()
  let isWritten = true
  const lastPage = (): Set<string> => (before ??= read(file))

  /** Soon, but behind the call that gave the reason: dev servers are killed rather than closed. */
  function scheduleWrite(): void {
    if (!isWritten) return
    isWritten = false
    setImmediate(() => {
      isWritten = true
      write(file, [...current, ...lastPage()])
    })
  }

  return {
    note(origin) {
      if (current.has(origin)) return
      current.add(origin)
      if (!lastPage().has(origin)) scheduleWrite()
    },
    forget(origin) {
      const wasKnown = lastPage().delete(origin)
      if (current.delete(origin) || wasKnown) scheduleWrite()
    },
    turnPage() {
      // A page that called nothing says nothing about the next.
      if (current.size > 0) {
        const isShorter = [...lastPage()].some((origin) => !current.has(origin))
        before = current
        current = new Set()
        if (isShorter) scheduleWrite()
      }
      return [...lastPage()].slice(0, MOST)
    },
  }
}

function read(file: string): Set<string> {
  try {
    const content: unknown = JSON.parse(readPrivateFile(file, MAX_FILE_BYTES) ?? 'null')
    if (!isRecord(content) || content['version'] !== FILE_VERSION || !Array.isArray(content['origins']))
      return new Set()
    return new Set(content['origins'].filter((origin) => typeof origin === 'string'))
  } catch {
    return new Set()
  }
}

function write(file: string, origins: readonly string[]): void {
  try {
    const content = { version: FILE_VERSION, origins: [...new Set(origins)].slice(0, MOST) }
    writePrivateFile(file, JSON.stringify(content))
  } catch {
    // The next dev server then opens its connections when they are needed.
  }
}
