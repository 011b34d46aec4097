import { PLUGIN_IN_VITE } from '../contestants.ts'
import { startProcess } from '../processes/process.ts'
import type { TransformSettings } from '../processes/transform.ts'
import { runRounds } from '../rounds.ts'
import { toRow, type Workload } from '../workload.ts'
import { VITE_ALONE } from './startup.ts'

const MODULES = 500

export const transform: Workload = {
  name: 'transform',
  title: `${MODULES} modules transformed by Vite`,
  figures: [{ name: 'µs/module', digits: 1 }],
  rounds: 15,
  async measure(bench, rounds) {
    const variants = await Promise.all(
      [VITE_ALONE, PLUGIN_IN_VITE].map(async (name) => {
        const process = startProcess('transform.ts', { core: 'contestant' })
        const settings: TransformSettings = {
          root: bench.makeProject(),
          package: bench.package,
          withPlugin: name === PLUGIN_IN_VITE,
          modules: MODULES,
        }
        await process.ask('start', settings)
        return {
          name,
          pid: process.pid,
          measure: async () => ({ 'µs/module': ((await process.ask<number>('run')) * 1000) / MODULES }),
        }
      }),
    )
    const outcomes = await runRounds(variants, rounds, { warmUp: 4 })
    return [...outcomes].map(([name, outcome]) => toRow(name, outcome))
  },
}
