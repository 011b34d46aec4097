import type { RouteTable } from '../routes/table'
import type { Target } from '../targets/target'
import { isRecord, readPrivateFile, writePrivateFile } from './private-file'

export interface UsedTargets {
  /** A call of the page goes this way. */
  note(target: Target): void
  /** Calls of the page need no relay any more. */
  forget(target: Target): void
  /** A page is being loaded: what the one before it used. */
  turnPage(): readonly Target[]
}

/** What a page calls at its start, as a rule. */
const MOST = 6
const MAX_FILE_BYTES = 16 * 1024
const FILE_VERSION = 1

/** Which targets the page used, so that they can be connected to when it is loaded again, by the next dev server too. */
export function createUsedTargets({ file, table }: { file: string; table: RouteTable }): UsedTargets {
  let before: Set<Target> | undefined
  let current = new Set<Target>()
  let isWriting = false
  const lastPage = (): Set<Target> => (before ??= read(file, table))

  /** Soon, but behind the call that gave the reason: dev servers are killed rather than closed. */
  function scheduleWrite(): void {
    if (isWriting) return
    isWriting = true
    setImmediate(() => {
      isWriting = false
      write(file, [...new Set([...current, ...lastPage()])])
    })
  }

  return {
    note(target) {
      if (current.has(target)) return
      current.add(target)
      if (!lastPage().has(target)) scheduleWrite()
    },
    forget(target) {
      const wasUsed = lastPage().delete(target)
      if (current.delete(target) || wasUsed) scheduleWrite()
    },
    turnPage() {
      // A page that called nothing says nothing about the next.
      if (current.size > 0) {
        const isShorter = [...lastPage()].some((target) => !current.has(target))
        before = current
        current = new Set()
        if (isShorter) scheduleWrite()
      }
      return [...lastPage()].slice(0, MOST)
    },
  }
}

function keyOf({ path = '', origin, basePath }: Target): string {
  return `${path} ${origin}${basePath}`
}

function read(file: string, { paths, relays, fallback }: RouteTable): Set<Target> {
  const mounted = [...paths, ...(fallback ? [fallback] : [])].map(({ target }) => target)
  // Whether these are called by way of the dev server has to be found out again.
  const relayed = [...relays.values()].filter(({ relay }) => relay === 'always')
  const known = new Map([...relayed, ...mounted].map((target) => [keyOf(target), target]))
  try {
    const content: unknown = JSON.parse(readPrivateFile(file, MAX_FILE_BYTES) ?? 'null')
    if (!isRecord(content) || content['version'] !== FILE_VERSION || !Array.isArray(content['targets']))
      return new Set()
    return new Set(content['targets'].map((key) => known.get(String(key))).filter((target) => target !== undefined))
  } catch {
    return new Set()
  }
}

function write(file: string, targets: readonly Target[]): void {
  try {
    writePrivateFile(file, JSON.stringify({ version: FILE_VERSION, targets: targets.slice(0, MOST).map(keyOf) }))
  } catch {
    // The next dev server then connects when it has to.
  }
}
