import { NO_TARGETS } from './context'

/** What the terminal is told when start-up lines change: those that are new, and those that hold no more. */
export function changedLines(before: readonly string[], now: readonly string[]): string[] {
  const gone = before.filter((line) => !now.includes(line) && !line.startsWith(NO_TARGETS))
  return [...now.filter((line) => !before.includes(line)), ...gone.map((line) => `no longer ${line}`)]
}
