import { setTimeout as pause } from 'node:timers/promises'
import type { Bench, Origin } from '../bench.ts'
import { type Contestant, DIRECT, MIDDLEWARE, PIPE, PLUGIN_IN_WEBPACK, WEBPACK_PROXY } from '../contestants.ts'
import type { CallerSettings, CallSettings } from '../load/first-byte.ts'
import { callHeaders } from '../page.ts'
import type { BenchProcess } from '../processes/process.ts'
import { type Measurement, runRounds, summarize } from '../rounds.ts'
import { type Row, toRow, type Workload } from '../workload.ts'

/** Milliseconds. */
const ROUND_TRIP = 50
/** Milliseconds from the page's coming until its script calls. */
const PAGE_LOAD = 400
const WARM_CALLS = 7

/** Without HTTP/2 for the page. */
const HTTP1_ONLY = [DIRECT, PIPE, MIDDLEWARE, WEBPACK_PROXY, PLUGIN_IN_WEBPACK]

/**
 * Every round starts the dev server anew in the same project and opens the page, which calls a little later; the
 * warm-up round was the page's first use of the API.
 */
export const distance: Workload = {
  name: 'distance',
  title: `An HTTPS API ${ROUND_TRIP} ms away: time to the first byte`,
  figures: [
    { name: 'warm ms', digits: 1 },
    { name: 'first call ms', digits: 1 },
  ],
  rounds: 2,
  async measure(bench, rounds) {
    const near = await bench.origin({ tls: true })
    const load = bench.load()
    const origin = await bench.distance(near, ROUND_TRIP)
    const rows: Row[] = []
    for (const http2 of [false, true]) {
      const contestants = bench.contestants.filter(({ name }) => !http2 || !HTTP1_ONLY.includes(name))
      const variants = contestants.map((contestant) => {
        const root = bench.makeProject()
        return {
          name: contestant.name,
          measure: () => measureOnce({ bench, load, origin, contestant, root, http2 }),
        }
      })
      const outcomes = await runRounds(variants, rounds)
      rows.push(
        ...[...outcomes].map(([name, outcome]) => toRow(name, outcome, http2 ? 'HTTP/2 page' : 'HTTP/1.1 page')),
      )
    }
    return rows
  },
}

interface Once {
  bench: Bench
  load: BenchProcess
  origin: Origin
  contestant: Contestant
  root: string
  http2: boolean
}

async function measureOnce({ bench, load, origin, contestant, root, http2 }: Once): Promise<Measurement> {
  const one = await bench.start(contestant, origin, { https: http2, root, core: 'any' })
  try {
    const caller: CallerSettings = { port: one.port, tls: one.page.origin.startsWith('https:'), http2 }
    await load.ask('openCaller', caller)
    await pause(PAGE_LOAD)
    const call: CallSettings = {
      path: one.pathOf('/api/json'),
      headers: { host: new URL(one.page.origin).host, ...callHeaders(one.page) },
    }
    const first = await load.ask<number>('timeCall', call)
    const warm: number[] = []
    while (warm.length < WARM_CALLS) warm.push(await load.ask<number>('timeCall', call))
    await load.ask('closeCaller')
    return { 'first call ms': first, 'warm ms': summarize(warm).median }
  } finally {
    // As Ctrl+C ends it: what it wants to remember, it may.
    await one.process?.stop('SIGTERM')
  }
}
