import type { Issue } from '../options/errors'
import type { ArgumentList, GivenArguments } from './arguments'
import type { Terminal } from './terminal'

/** What a command writes to, and what it may know of its surroundings. */
export interface Surroundings {
  env: NodeJS.ProcessEnv
  /** Standard output: results. */
  print(text: string): void
  terminal: Terminal
}

export interface Command {
  name: string
  /** One line. */
  summary: string
  arguments: ArgumentList
  /** What `--help` says after the options. */
  notes: readonly string[]
  /** Reads what is given. Whatever it needs beyond that is loaded when it runs, so that mistakes are told at once. */
  prepare(given: GivenArguments): { issues: Issue[]; run(surroundings: Surroundings): Promise<number> }
}

/** How a command ends: shells and CI jobs branch on it. */
export const EXIT = { allowed: 0, blocked: 1, undecided: 2 } as const
