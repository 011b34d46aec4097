import { compare } from '../compare.ts'
import {
  MIDDLEWARE,
  PLUGIN_IN_VITE,
  PLUGIN_IN_WEBPACK,
  RELAY_IN_VITE,
  VITE_PROXY,
  WEBPACK_PROXY,
} from '../contestants.ts'
import type { LoadSettings } from '../load/requests.ts'
import type { Workload } from '../workload.ts'
import { callOf, DURATION, measureRequests, REQUEST_FIGURES } from './small-json.ts'

/** Vite answers by itself (`server.cors`), webpack-dev-server asks the API. */
const MEASURED = [VITE_PROXY, WEBPACK_PROXY, PLUGIN_IN_VITE, RELAY_IN_VITE, PLUGIN_IN_WEBPACK, MIDDLEWARE]

/** Of a page on another local port. */
const HEADERS = {
  origin: 'http://localhost:4999',
  referer: 'http://localhost:4999/',
  'sec-fetch-site': 'same-site',
  'access-control-request-method': 'PUT',
  'access-control-request-headers': 'authorization,content-type',
}

export const preflights: Workload = {
  name: 'preflights',
  title: 'Preflights, 50 connections',
  figures: REQUEST_FIGURES,
  rounds: 11,
  async measure(bench, rounds) {
    const origin = await bench.origin()
    const load = bench.load()
    const contestants = bench.contestants.filter(({ name }) => MEASURED.includes(name))
    const { running, failed } = await bench.startAll(contestants, origin)
    const measure = (settings: Pick<LoadSettings, 'duration' | 'requests'>) => (one: (typeof running)[number]) =>
      measureRequests(one, load, {
        connections: 50,
        ...settings,
        ...callOf(one, '/api/json', { method: 'OPTIONS', headers: HEADERS }),
      })
    await compare(running, { rounds: 1, warmUp: 0, measure: measure({ duration: 4000, requests: 20_000 }) })
    const rows = await compare(running, { rounds, warmUp: 0, measure: measure({ duration: DURATION }) })
    return [...failed, ...rows]
  },
}
