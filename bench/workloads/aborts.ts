import { setTimeout as pause } from 'node:timers/promises'
import type { Running } from '../bench.ts'
import { compare } from '../compare.ts'
import { DIRECT, MIDDLEWARE, PIPE } from '../contestants.ts'
import type { WaveSettings } from '../load/wave.ts'
import type { BenchProcess } from '../processes/process.ts'
import type { Row, Workload } from '../workload.ts'
import { callOf, warmUp } from './small-json.ts'

const COUNT = 1000
/** They would tell nothing new. */
const WITHOUT = [DIRECT, PIPE, MIDDLEWARE]

export const aborts: Workload = {
  name: 'aborts',
  title: `${COUNT} downloads that the page has left, one second later`,
  figures: [
    { name: 'sockets left' },
    { name: 'RSS before MB' },
    { name: 'RSS after MB' },
    { name: 'RSS kept MB' },
    { name: 'in use kept MB', digits: 1 },
  ],
  rounds: 1,
  async measure(bench, rounds) {
    const load = bench.load()
    const rows: Row[] = []
    for (const contestant of bench.contestants.filter(({ name }) => !WITHOUT.includes(name))) {
      // One by one, each with an API of its own: the API's sockets are counted.
      const origin = await bench.origin()
      const { running, failed } = await bench.startAll([contestant], origin)
      const warm = await warmUp(load, running, { connections: 50, requests: 2000, duration: 3000 })
      for (const one of warm.ready) await abortDownloads(load, one, COUNT / 10)
      const of = await compare(warm.ready, {
        rounds,
        warmUp: 0,
        async measure(one) {
          const before = await one.usage({ collect: true })
          await abortDownloads(load, one, COUNT)
          await pause(1000)
          const { open } = await origin.process.ask<{ open: number }>('counts')
          const after = await one.usage({ collect: true })
          return {
            'sockets left': open,
            'RSS before MB': before?.rss ?? Number.NaN,
            'RSS after MB': after?.rss ?? Number.NaN,
            'RSS kept MB': (after?.rss ?? Number.NaN) - (before?.rss ?? Number.NaN),
            'in use kept MB': (after?.used ?? Number.NaN) - (before?.used ?? Number.NaN),
          }
        },
      })
      rows.push(...failed, ...warm.failed, ...of)
      await Promise.all([...running.map(({ process }) => process?.stop()), origin.process.stop()])
    }
    return rows
  },
}

function abortDownloads(load: BenchProcess, one: Running, count: number): Promise<void> {
  const settings: WaveSettings = { count, ...callOf(one, '/api/endless') }
  return load.ask('abortDownloads', settings, 60_000)
}
