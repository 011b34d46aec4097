import { compare } from '../compare.ts'
import { DIRECT } from '../contestants.ts'
import type { StaleResult, StaleSettings } from '../load/stale.ts'
import type { Drops } from '../processes/origin.ts'
import type { Row, Workload } from '../workload.ts'
import { callOf } from './small-json.ts'

const CONNECTIONS = 20
const TIMES = 20

/** How the API drops connections that rest, and for how long calls pause. */
const CASES: Record<string, { drops: Drops; pauses: [number, number] }> = {
  'closed as the next request comes': { drops: { how: 'in time', after: 50 }, pauses: [46, 54] },
  'gone without a word': { drops: { how: 'unsaid', after: 20 }, pauses: [30, 40] },
}

export const stale: Workload = {
  name: 'stale',
  title: `${CONNECTIONS * TIMES} GETs on connections that the API drops just as they are used`,
  figures: [{ name: 'failures' }],
  rounds: 2,
  async measure(bench, rounds) {
    const load = bench.load()
    const rows: Row[] = []
    for (const [inCase, { drops, pauses }] of Object.entries(CASES)) {
      const origin = await bench.origin({ drops })
      const contestants = bench.contestants.filter(({ name }) => name !== DIRECT)
      const { running, failed } = await bench.startAll(contestants, origin)
      const of = await compare(running, {
        rounds,
        case: inCase,
        warmUp: 0,
        async measure(one) {
          const settings: StaleSettings = {
            connections: CONNECTIONS,
            times: TIMES,
            pauses,
            ...callOf(one, '/api/json'),
          }
          const { failures } = await load.ask<StaleResult>('getAfterPauses', settings)
          return { failures }
        },
      })
      rows.push(...failed, ...of)
      await Promise.all([...running.map(({ process }) => process?.stop()), origin.process.stop()])
    }
    return rows
  },
}
