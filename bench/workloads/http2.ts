import { compare, withCpu } from '../compare.ts'
import { DIRECT, MIDDLEWARE, PIPE, PLUGIN_IN_WEBPACK, WEBPACK_PROXY } from '../contestants.ts'
import type { Http2Settings } from '../load/http2.ts'
import type { LoadResult } from '../load/requests.ts'
import { callHeaders } from '../page.ts'
import type { Workload } from '../workload.ts'
import { measurementOf, REQUEST_FIGURES } from './small-json.ts'

/** They have no HTTP/2 for the page. */
const WITHOUT = [DIRECT, PIPE, MIDDLEWARE, WEBPACK_PROXY, PLUGIN_IN_WEBPACK]

export const http2: Workload = {
  name: 'http2',
  title: 'Small JSON to an HTTP/2 page, 50 streams',
  figures: REQUEST_FIGURES,
  rounds: 11,
  async measure(bench, rounds) {
    const origin = await bench.origin()
    const load = bench.load()
    const contestants = bench.contestants.filter(({ name }) => !WITHOUT.includes(name))
    const { running, failed } = await bench.startAll(contestants, origin, { https: true })
    const measure = (given: Pick<Http2Settings, 'duration' | 'requests'>) => async (one: (typeof running)[number]) => {
      const settings: Http2Settings = {
        port: one.port,
        path: one.pathOf('/api/json'),
        headers: { host: new URL(one.page.origin).host, ...callHeaders(one.page) },
        streams: 50,
        ...given,
      }
      // What it makes a proxy open is not measured.
      await load.ask('runHttp2', { ...settings, requests: settings.streams })
      return measurementOf(await withCpu(one, () => load.ask<LoadResult>('runHttp2', settings)))
    }
    await compare(running, { rounds: 1, warmUp: 0, measure: measure({ duration: 5000, requests: 15_000 }) })
    const rows = await compare(running, { rounds, warmUp: 0, measure: measure({ duration: 400 }) })
    return [...failed, ...rows]
  },
}
