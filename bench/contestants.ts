/** Who is measured. A new peer is a module in `contestants/` and one more entry here. */

/** What a contestant's process is told. */
export interface ContestantSettings {
  /** Origin of the API. */
  upstream: string
  /** Origins of more APIs, for contestants of ours: under `/api2`, `/api3` and so on. */
  moreUpstreams?: readonly string[]
  /** Folder of the package as this run has built it. */
  package: string
  /** Folder of the contestant's project: an empty page, and whatever a dev server keeps there. */
  root: string
  /** Whether the page side speaks TLS, and so HTTP/2 where the host does. */
  https: boolean
}

export type StartContestant = (settings: ContestantSettings) => Promise<{ port: number }>

export interface Contestant {
  name: string
  /** Module in `contestants/`; none for the API itself. */
  module?: string
  /** Which way the page calls. */
  way: 'path' | 'relay'
}

export const DIRECT = 'direct'
export const PIPE = 'undici pipe'
export const PIPE_IN_VITE = 'undici pipe in Vite'
export const VITE_PROXY = 'Vite server.proxy'
export const WEBPACK_PROXY = 'webpack-dev-server proxy'
export const HPM_IN_VITE = 'http-proxy-middleware in Vite'
export const PLUGIN_IN_VITE = 'this plugin in Vite'
export const RELAY_IN_VITE = 'this plugin in Vite, relay'
export const PLUGIN_IN_WEBPACK = 'this plugin in webpack'
export const MIDDLEWARE = 'this package as middleware'

export const CONTESTANTS: readonly Contestant[] = [
  { name: DIRECT, way: 'path' },
  { name: PIPE, module: 'undici-pipe.ts', way: 'path' },
  { name: PIPE_IN_VITE, module: 'vite-undici-pipe.ts', way: 'path' },
  { name: VITE_PROXY, module: 'vite-proxy.ts', way: 'path' },
  { name: WEBPACK_PROXY, module: 'webpack-proxy.ts', way: 'path' },
  { name: HPM_IN_VITE, module: 'vite-http-proxy-middleware.ts', way: 'path' },
  { name: PLUGIN_IN_VITE, module: 'vite-plugin.ts', way: 'path' },
  { name: RELAY_IN_VITE, module: 'vite-plugin.ts', way: 'relay' },
  { name: PLUGIN_IN_WEBPACK, module: 'webpack-plugin.ts', way: 'path' },
  { name: MIDDLEWARE, module: 'middleware.ts', way: 'path' },
]
