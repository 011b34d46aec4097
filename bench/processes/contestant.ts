/** The process of one contestant: a module of bench/contestants/, and what it has used. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { StartContestant, ContestantSettings } from '../contestants.ts'
import { answerCommands } from './worker.ts'

export interface Usage {
  /** CPU seconds so far, all threads. */
  cpu: number
  /** MB. */
  rss: number
  /** MB that are in use after garbage collection, buffers included. */
  used?: number
}

const MB = 2 ** 20

answerCommands({
  async start({ module, settings }: { module: string; settings: ContestantSettings }) {
    const { start } = (await import(`../contestants/${module}`)) as { start: StartContestant }
    return start(settings)
  },
  async usage({ collect }: { collect: boolean }): Promise<Usage> {
    if (collect) {
      globalThis.gc?.()
      // What is behind buffers and sockets goes when those that hold it are gone.
      await nextTurn()
      globalThis.gc?.()
    }
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed, external } = process.memoryUsage()
    return { cpu: (user + system) / 1e6, rss: rss / MB, ...(collect && { used: (heapUsed + external) / MB }) }
  },
})
