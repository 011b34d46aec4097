import type { Running } from '../bench.ts'
import { CONTESTANTS } from '../contestants.ts'
import { requestBytes } from '../page.ts'
import type { BenchProcess } from '../processes/process.ts'
import type { LoadResult, LoadSettings } from '../processes/load.ts'
import { runRounds, showProgress, type Variant } from '../rounds.ts'
import { toRow, type Workload } from '../workload.ts'

export const CPU_PER_REQUEST = 'CPU µs/request'

/** Compiled code settles after so many; before, figures are up to three times as high. */
const WARM_UP = { connections: 50, requests: 20_000, duration: 6000 }

/** Milliseconds of one measurement: short, and many of them, since machines are fast in one second and slow in the next. */
const DURATION = 300

export function loadSettings({ port, page, pathOf }: Running, path: string) {
  return { port, request: requestBytes(page, pathOf(path)), tls: page.origin.startsWith('https:') }
}

export async function warmUp(load: BenchProcess, running: readonly Running[]): Promise<void> {
  for (const one of running) {
    showProgress(`warming up: ${one.contestant.name}`)
    await load.ask<LoadResult>('run', { ...WARM_UP, ...loadSettings(one, '/api/json') } satisfies LoadSettings)
  }
}

export const smallJson = smallJsonWorkload('small-json', 'Small JSON (200 B)', { tls: false })
export const smallJsonTls = smallJsonWorkload('small-json-tls', 'Small JSON from an HTTPS upstream', { tls: true })

function smallJsonWorkload(name: string, title: string, { tls }: { tls: boolean }): Workload {
  return {
    name,
    title,
    figures: [
      { name: 'requests/s' },
      { name: 'p50 ms', digits: 3 },
      { name: 'p99 ms', digits: 2 },
      { name: CPU_PER_REQUEST, digits: 1 },
    ],
    rounds: 15,
    async measure(bench, rounds) {
      const origin = await bench.origin({ tls })
      const load = bench.load()
      const { running, failed } = await bench.startAll(CONTESTANTS, origin)
      const rows = [...failed]
      await warmUp(load, running)
      for (const connections of [1, 50]) {
        const variants = running.map((one): Variant => {
          const { contestant, usage } = one
          const settings: LoadSettings = { connections, duration: DURATION, ...loadSettings(one, '/api/json') }
          return {
            name: contestant.name,
            pid: one.process?.pid,
            async measure() {
              const before = await usage()
              const result = await load.ask<LoadResult>('run', settings)
              const after = await usage()
              const { requests, seconds, p50, p99, failures, failure } = result
              if (failures > 0) throw new Error(`${failures} of ${requests} requests failed: ${failure}`)
              return {
                'requests/s': requests / seconds,
                'p50 ms': p50 / 1000,
                'p99 ms': p99 / 1000,
                ...(before && after && { [CPU_PER_REQUEST]: ((after.cpu - before.cpu) * 1e6) / requests }),
              }
            },
          }
        })
        const outcomes = await runRounds(variants, rounds, { warmUp: 0 })
        const inCase = connections === 1 ? '1 connection' : `${connections} connections`
        rows.push(...[...outcomes].map(([contestant, outcome]) => toRow(contestant, outcome, inCase)))
      }
      return rows
    },
  }
}
