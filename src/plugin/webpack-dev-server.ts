import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isIP } from 'node:net'
import { dirname, join } from 'node:path'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Compiler, MultiCompiler } from './compiler'
import type { ProxyEntry } from './host-paths'
import type { ListeningServer } from './own-origins'
import type { UpgradeSource } from './upgrades'

/** What webpack-dev-server 5 and 6 and Rspack's dev server have in common, as far as we use it. */
export interface DevServer {
  compiler?: Compiler | MultiCompiler
  options: DevServerOptions
  server?: UpgradeSource & ListeningServer & { once(event: string, listener: () => void): unknown }
}

export interface DevServerOptions {
  setupMiddlewares?: SetupMiddlewares | undefined
  allowedHosts?: 'auto' | 'all' | string | readonly string[]
  host?: string
  client?: unknown
  webSocketServer?: unknown
  proxy?: readonly ProxyEntry[]
}

type SetupMiddlewares = (middlewares: unknown[], devServer: DevServer) => unknown[]

/** Runs as the dev server sets up its middleware, and returns them with what it adds. */
type Meet = (devServer: DevServer, middlewares: unknown[]) => unknown[]

const NAMES = ['webpack-dev-server', '@rspack/dev-server']
const SERVE_COMMANDS = ['serve', 'server', 's', 'dev']

const wrapped = new WeakSet<SetupMiddlewares>()

/** The same options, with `meet` called after the user's own `setupMiddlewares`. */
export function withMeeting<Options extends object>(options: Options, meet: Meet): Options {
  const { setupMiddlewares: own } = options as DevServerOptions
  if (own !== undefined && wrapped.has(own)) return options
  const setupMiddlewares: SetupMiddlewares = function (this: unknown, middlewares, devServer) {
    return meet(devServer, own?.call(this, middlewares, devServer) ?? middlewares)
  }
  wrapped.add(setupMiddlewares)
  return { ...options, setupMiddlewares }
}

/**
 * Sees to it that `meet` is called by the dev server that will serve `compiler`, however it comes about. No place is
 * reached by every combination of CLI and dev server, so each of these is tried, and `meet` may be called more than once.
 */
export function meetDevServer(compiler: Compiler, meet: Meet): void {
  const { options } = compiler
  // Read by webpack-cli with webpack-dev-server 5, by Rspack's CLI, and by `new WebpackDevServer({ ...devServer })`. An
  // absent one stays absent: of several configurations those with `devServer` are served.
  if (typeof options.devServer === 'object' && options.devServer !== null) {
    options.devServer = withMeeting(options.devServer, meet)
  }

  // webpack-cli 7 with webpack-dev-server 6 adds the server to the plugins, made from the configuration as it was written.
  const pluginServer = (options.plugins ?? []).find(isDevServer)
  if (pluginServer) pluginServer.options = withMeeting(pluginServer.options, meet)
  // With several configurations it is a plugin of them all, which none can see.
  else for (const Server of findServerClasses(compiler.context)) meetEveryServer(Server, meet)
}

function isDevServer(plugin: unknown): plugin is DevServer {
  return (
    typeof plugin === 'object' &&
    plugin !== null &&
    'apply' in plugin &&
    ('setupMiddlewares' in plugin || 'isValidHost' in plugin) &&
    'options' in plugin &&
    typeof plugin.options === 'object'
  )
}

interface ServerClass {
  prototype: Record<'start' | 'setup' | 'initialize', ((this: DevServer, ...args: unknown[]) => unknown) | undefined>
}

const metClasses = new WeakSet<object>()

/** All ways to start a dev server pass through one of these methods before its middleware is set up. */
function meetEveryServer({ prototype }: ServerClass, meet: Meet): void {
  if (metClasses.has(prototype)) return
  metClasses.add(prototype)
  for (const name of ['start', 'setup', 'initialize'] as const) {
    const method = prototype[name]
    if (typeof method !== 'function') continue
    prototype[name] = function (...args) {
      this.options = withMeeting(this.options, meet)
      return method.apply(this, args)
    }
  }
}

/**
 * The dev server's class, in every copy that the process may use: version 6 has one for `import` and one for `require`.
 * Only a serve command or a copy already there says that there will be a dev server, so that a build loads none.
 */
function findServerClasses(context: string): ServerClass[] {
  const cached = Object.keys(createRequire(import.meta.url).cache).filter((file) => SERVER_FILE.test(file))
  const files = cached.length > 0 ? cached : isServeCommand() ? NAMES.flatMap((name) => serverFiles(name, context)) : []
  return [...new Set(files)].flatMap((file) => {
    try {
      const loaded = createRequire(import.meta.url)(file) as Record<string, unknown>
      return [loaded.default, loaded.RspackDevServer, loaded['module.exports'], loaded]
        .filter(isServerClass)
        .slice(0, 1)
    } catch {
      return []
    }
  })
}

const SERVER_FILE =
  /[\\/](?:webpack-dev-server[^\\/]*[\\/](?:lib|dist)[\\/]Server|@rspack[\\/]dev-server[\\/]dist[\\/]index)\.js$/

function isServeCommand(): boolean {
  return process.env.WEBPACK_SERVE !== undefined || SERVE_COMMANDS.includes(process.argv[2] ?? '')
}

function serverFiles(name: string, context: string): string[] {
  const starts = [join(context, 'index.js'), process.argv[1]].filter((start) => start !== undefined)
  return starts.flatMap((start) => {
    try {
      const folder = packageFolder(createRequire(realpathSync.native(dirname(start)) + '/index.js').resolve(name))
      const files = name === 'webpack-dev-server' ? ['lib/Server.js', 'dist/Server.js'] : ['dist/index.js']
      return files.map((file) => join(folder, file)).filter((file) => existsSync(file))
    } catch {
      return []
    }
  })
}

/** `dist` may have a package.json of its own, that says how to read it. */
function packageFolder(file: string): string {
  const folder = dirname(file)
  const isRoot = existsSync(join(folder, 'package.json')) && !/[\\/](?:lib|dist)$/.test(folder)
  return isRoot || folder === dirname(folder) ? folder : packageFolder(folder)
}

function isServerClass(value: unknown): value is ServerClass {
  return typeof value === 'function' && typeof (value as unknown as ServerClass).prototype?.start === 'function'
}

/** The socket or event stream of the dev server's own client. */
export function isHotEndpoint({ options }: DevServer): (request: IncomingMessage) => boolean {
  const { webSocketServer } = options
  const path =
    typeof webSocketServer === 'object' && webSocketServer !== null && 'options' in webSocketServer
      ? (webSocketServer.options as { path?: unknown } | undefined)?.path
      : undefined
  // Compared as the server behind it compares: raw, without the query.
  return ({ url = '' }) => typeof path === 'string' && url.replace(/\?.*$/s, '') === path
}

export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void

/** As the dev server normalizes them; `all` turns its own check off, and our guard stays. */
export function allowedHostsOf({ allowedHosts, host, client }: DevServerOptions): string[] {
  const names = [allowedHosts ?? []].flat().filter((name) => name !== 'all' && name !== 'auto')
  const { webSocketURL } = (typeof client === 'object' && client !== null ? client : {}) as { webSocketURL?: unknown }
  const { hostname } = (typeof webSocketURL === 'object' && webSocketURL !== null ? webSocketURL : {}) as {
    hostname?: unknown
  }
  return [...names, host, hostname].filter(
    (name): name is string => typeof name === 'string' && name !== '' && isIP(name) === 0,
  )
}

export function proxyListOf({ proxy }: DevServerOptions): readonly ProxyEntry[] {
  if (Array.isArray(proxy)) return proxy as ProxyEntry[]
  // Older dev servers take a map.
  return Object.keys(proxy ?? {}).map((context) => ({ context }))
}
