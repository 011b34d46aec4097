import type { Issue } from '../options/errors'
import type { ArgumentList, GivenArguments } from './arguments'
import type { Terminal } from './terminal'

/** What a command writes to, and what it may know of its surroundings. */
export interface Surroundings {
  /** Name and version of this package. */
  name: string
  env: NodeJS.ProcessEnv
  /** Standard output: results. */
  print(text: string): void
  /** Standard error. */
  complain(text: string): void
  terminal: Terminal
  /** Resolves when the developer, or whoever started the command, has had enough: with the exit code that tells so. */
  untilStopped(): Promise<number>
}

export interface Command {
  name: string
  /** Whether it is meant where no command is named. */
  isUsual?: true
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
