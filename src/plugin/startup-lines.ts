import type { RouteTable } from '../routes/table'
import { provenanceLabel, type Target } from '../targets/target'

/** How a line begins that names no target. */
const NO_TARGETS = 'no targets'

const RELAY_WORDS = { always: '', 'as-needed': ', directly where it allows that', never: ', directly' }

/** One for each route: what the page calls, where that goes, where it was found. */
export function startupLines(targets: readonly Target[], table: RouteTable, discovers: boolean): string[] {
  if (targets.length === 0) {
    if (discovers) {
      return [`${NO_TARGETS} named: APIs are found as code calls them (discover: false turns that off).`]
    }
    return [
      `${NO_TARGETS}: nothing is proxied. Name them in the plugin's targets, in "corsDev" of package.json, or in a variable of a .env file that the page can see.`,
    ]
  }
  return targets.flatMap((target) => {
    const to = target.origin + target.basePath
    const found = provenanceLabel(target.provenance)
    const hasPath = table.paths.some((route) => route.target === target)
    // Found a second time: an earlier source decides how this origin is reached, and its line says so.
    if (!hasPath && !target.fallback && table.relays.get(target.origin) !== target) return []
    const calls = target.fallback ? 'unknown paths' : hasPath ? target.path : undefined
    const relayed = target.relay === 'never' ? '' : RELAY_WORDS[target.relay]
    return calls === undefined
      ? `${to}${RELAY_WORDS[target.relay]} (${found})`
      : `${calls} → ${to}${relayed} (${found})`
  })
}

/** What the terminal is told when start-up lines change: those that are new, and those that hold no more. */
export function changedLines(before: readonly string[], now: readonly string[]): string[] {
  const gone = before.filter((line) => !now.includes(line) && !line.startsWith(NO_TARGETS))
  return [...now.filter((line) => !before.includes(line)), ...gone.map((line) => `no longer ${line}`)]
}
