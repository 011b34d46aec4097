import { compare } from '../compare.ts'
import type { WaveResult, WaveSettings } from '../load/wave.ts'
import type { Workload } from '../workload.ts'
import { callOf } from './small-json.ts'

const COUNT = 1000
/** Milliseconds that the API takes. */
const LATENCY = 1000

export const wave: Workload = {
  name: 'wave',
  title: `${COUNT} requests at once, each answered after ${LATENCY} ms`,
  figures: [{ name: 'all answered s', digits: 2 }],
  rounds: 3,
  async measure(bench, rounds) {
    const origin = await bench.origin()
    const load = bench.load()
    const { running, failed } = await bench.startAll(bench.contestants, origin)
    const rows = await compare(running, {
      rounds,
      async measure(one) {
        const settings: WaveSettings = { count: COUNT, ...callOf(one, `/api/slow?ms=${LATENCY}`) }
        const { seconds, failures } = await load.ask<WaveResult>('runWave', settings)
        if (failures > 0) throw new Error(`${failures} of ${COUNT} requests failed`)
        return { 'all answered s': seconds }
      },
    })
    return [...failed, ...rows]
  },
}
