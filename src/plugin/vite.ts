import { isIP } from 'node:net'
import { basename, dirname, join, posix, relative, sep } from 'node:path'
import { styleText } from 'node:util'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Environment, Plugin, PreviewServer, ResolvedConfig, ViteDevServer } from 'vite'
import { MODULE_BASE } from '../exchange/client-script'
import type { CodePlace } from '../exchange/wire'
import type { Advice } from '../options/advice'
import type { Issue } from '../options/errors'
import { type Context, type ContextInput, createContext } from './context'
import { rewriteCss } from './cors-markup'
import { isOpenApiFile, isOpenApiFolder } from '../targets/openapi-files'
import { type Discovery, discover, findPackageJson, openApiReader, settingsInPackageJson } from './discover'
import { exceptReserved, type IsHosts, isInViteTable, pathsInViteTable } from './host-paths'
import { injectRuntime } from './inject'
import type { WrittenPlace } from './learner'
import { NAME } from './name'
import { type ListeningServer, ownOrigins } from './own-origins'
import { changedLines } from './startup-lines'
import { claimUpgrades, type UpgradeSource } from './upgrades'
import { placeInVite } from './vite-places'
import { type SourceListener, viteSourcePlugin } from './vite-source'

/**
 * Vite's client modules. The first two run before all modules of the project wherever Vite's client is, also in pages
 * that another server renders. `env.mjs` runs before those of workers too, in classic ones as a classic script.
 */
const CLIENT_MODULE = /\/vite[^/]*\/dist\/client\/(client|bundledDevClient|env)\.mjs(?:\?|$)/

/** What Vite takes for CSS, except what modules ask for as it is. */
const STYLE_SHEET = /\.(?:css|less|sass|scss|styl|stylus|pcss|postcss|sss)(?:$|\?(?!(?:raw|url)\b))/

const PREVIEW_RELAYS_NOTHING = 'preview relays nothing: a built page has no runtime. Give targets a path.'

/** How one of Vite's two servers serves: `server` or `preview` of its configuration. */
type Serving = ResolvedConfig['server'] | ResolvedConfig['preview']

type HttpServer = UpgradeSource & ListeningServer & NonNullable<ViteDevServer['httpServer']>

/** The plugins for Vite, by when they run. Every server that Vite creates with them gets a context of its own. */
export function vitePlugins(rawOptions: unknown, advice?: Advice): [Plugin, Plugin, Plugin] {
  const contexts = new Map<Environment, Context>()
  const listeners = new WeakMap<Context, SourceListener>()
  const contextOf = (environment: unknown): Context | undefined => contexts.get(environment as Environment)
  const discoveries = new WeakMap<ResolvedConfig, Discovery>()
  let isPreview = false

  const main: Plugin = {
    name: NAME,
    enforce: 'pre',
    apply: 'serve',

    config(_config, env) {
      isPreview = env.isPreview === true
    },

    // A mistake must end a restart before the new server has a watcher: nobody would close it, and it would restart too.
    configResolved(config) {
      discoveries.set(config, discoverInVite(rawOptions, config, isPreview ? 'preview' : 'server'))
    },

    configureServer: {
      order: 'pre',
      async handler(server) {
        const { config } = server
        // Frameworks may serve with a copy of what was resolved.
        const project = discoveries.get(config) ?? discoverInVite(rawOptions, config, 'server')
        restartWhenPackageJsonChanges(server)
        const { discover: discovers, relay } = project.options
        const locate = (place: CodePlace): Promise<WrittenPlace | undefined> => placeInVite(server, place)
        const context = openContext({ ...project, advice, locate }, config, config.server)
        if (discovers) {
          await followOpenApi(server, context, project)
          listeners.set(context, { context, relay })
        }
        sayWhenPrinted(server, context.startupLines())
        if (!context.isWanted) return
        for (const environment of Object.values(server.environments)) contexts.set(environment, context)
        const takePlaces = handleFirst(server, context, config.server, project.options)
        server.httpServer?.once('listening', () => {
          takePlaces()
          saySince(config, context.startupLines())
        })
        // Frameworks put guards of their own first in hooks that run after this one.
        return takePlaces
      },
    },

    configurePreviewServer: {
      order: 'pre',
      handler(server) {
        const { config } = server
        const project = discoveries.get(config) ?? discoverInVite(rawOptions, config, 'preview')
        // A built page has no runtime that would use a relay.
        const targets = project.targets.filter(({ path, fallback }) => path !== undefined || fallback)
        if (targets.length === 0) {
          if (project.targets.length > 0) sayWhenPrinted(server, [PREVIEW_RELAYS_NOTHING])
          return
        }
        const context = openContext({ ...project, targets }, config, config.preview)
        const takePlaces = handleFirst(server, context, config.preview, project.options)
        server.httpServer.once('close', () => void context.close())
        sayWhenPrinted(server, context.startupLines())
        return takePlaces
      },
    },

    transformIndexHtml: {
      order: 'post',
      handler(_html, { server }) {
        const context = contextOf(server?.environments.client)
        if (!context) return
        return [{ tag: 'script', attrs: { src: context.clientScriptPath }, injectTo: 'head-prepend' }]
      },
    },

    transform: {
      filter: { id: CLIENT_MODULE },
      handler(code, id) {
        const context = contextOf(this.environment)
        const name = CLIENT_MODULE.exec(id)?.[1]
        if (!context || name === undefined || this.environment.config.consumer !== 'client') return
        const script =
          name === 'env'
            ? `if(typeof document==="undefined"){${context.clientScript()}}\n`
            : context.clientScript(MODULE_BASE)
        return { code: script + code, map: null }
      },
    },

    // Vite tells plugins of a server's end through its environments, though not through those that nobody used. With a
    // restart the next server is there by then.
    async buildEnd() {
      const context = contextOf(this.environment)
      if (!context) return
      for (const [environment, own] of contexts) if (own === context) contexts.delete(environment)
      await context.close()
    },
  }
  // Behind Vite's own step, which makes plain CSS of Sass and the like; before the one that makes JavaScript of it.
  const styles: Plugin = {
    name: `${NAME}:css`,
    apply: 'serve',
    transform: {
      filter: { id: STYLE_SHEET },
      handler(css) {
        const context = contextOf(this.environment)
        if (!context) return
        const { origin = '' } = this.environment.config.server
        const code = rewriteCss(css, (url, credentials) => {
          // A scheme that is left out is the page's.
          const absolute = new URL(url, 'http://localhost')
          const path = context.resourcePath(absolute, credentials)
          return path === undefined ? url : origin + path
        })
        return code === css ? undefined : { code, map: null }
      },
    },
  }
  const source = viteSourcePlugin((environment) => {
    const context = contextOf(environment)
    return context && listeners.get(context)
  })
  return [main, styles, source]
}

function discoverInVite(rawOptions: unknown, config: ResolvedConfig, kind: 'server' | 'preview'): Discovery {
  const { root, mode, env } = config
  // `false` turns `.env` files off; older versions have no type for it.
  const envDir = config.envDir
  const names = ['.env', '.env.local', `.env.${mode}`, `.env.${mode}.local`]
  const variables = Object.fromEntries(Object.entries(env).filter(([, value]) => typeof value === 'string'))
  return discover(rawOptions, {
    root,
    variables,
    envFiles: envDir === false ? [] : names.map((name) => join(envDir, name)),
    isVisible: (name) => name in variables,
    proxyTable: { option: `${kind}.proxy`, paths: pathsInViteTable(Object.keys(config[kind].proxy ?? {})) },
    issues: twiceIn(config),
  })
}

/** Both would want to be the first to answer, and each would know but half of the targets. */
function twiceIn({ plugins }: ResolvedConfig): Issue[] {
  if (plugins.filter(({ name }) => name === NAME).length < 2) return []
  return [
    {
      code: 'CORS_DEV_OPTION',
      path: 'corsDev',
      why: 'stands in plugins twice: only one of them can answer first',
      instead: 'Merge their targets into one',
    },
  ]
}

function openContext(
  project: Discovery & Pick<ContextInput, 'advice' | 'locate'>,
  config: ResolvedConfig,
  serving: Serving,
): Context {
  const { logger } = config
  return createContext({
    ...project,
    root: config.root,
    base: config.base,
    allowedHosts: allowedHostsOf(serving),
    logger: {
      info: (message) => logger.info(message, { timestamp: true }),
      warn: (message) => logger.warn(message, { timestamp: true }),
      error: (message) => logger.error(message, { timestamp: true }),
      // The first one of a process takes 17 ms, with Vite's first line that tells the time.
      prepare: () => void new Intl.DateTimeFormat(undefined, { second: 'numeric' }),
    },
  })
}

/**
 * Puts our middleware before all others and offers us every upgrade first: Vite's own CORS would answer each OPTIONS,
 * and its host check is off with https. Our guard is our own.
 *
 * @returns puts our middleware in their places, as often as it is called
 */
function handleFirst(
  server: ViteDevServer | PreviewServer,
  context: Context,
  serving: Serving,
  { origins }: Pick<Discovery['options'], 'origins'>,
): () => void {
  const { middlewares, config } = server
  const isHosts = isVites(config, serving.proxy)
  const isPreview = !('environments' in server)
  let hasHttpServer = false
  const meetHttpServer = (httpServer: HttpServer): void => {
    if (hasHttpServer) return
    hasHttpServer = true
    const unclaim = claimUpgrades(
      httpServer,
      (request, socket, head) => !isHmr(request) && !isHosts(request) && context.upgrade(request, socket, head),
      context.refuse,
    )
    const noteListening = (): void => {
      context.noteListening(ownOrigins(httpServer, allowedHostsOf(serving)))
      // Nobody prints URLs there.
      if (!server.httpServer) say(config, context.startupLines())
    }
    if (httpServer.listening) noteListening()
    else httpServer.once('listening', noteListening)
    httpServer.once('close', unclaim)
  }

  function corsDevMiddleware(
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): void {
    // In middleware mode, a server that nobody told Vite of shows itself only here.
    if (!hasHttpServer) meetHttpServer((request.socket as unknown as { server: HttpServer }).server)
    const serveByHost = (error?: unknown): void => {
      if (isForeignScript(request, origins)) {
        response.writeHead(403, { 'cache-control': 'no-store' }).end()
        return
      }
      // Frameworks that render pages themselves don't ask plugins to transform their HTML.
      if (error === undefined && !isPreview) injectRuntime(request, response, context)
      // Browsers that don't say who asks (plain http on the LAN) still keep it from who is not to have it.
      if (carriesRuntime(request.url)) response.setHeader('cross-origin-resource-policy', 'same-origin')
      next(error)
    }
    if (isHosts(request)) serveByHost()
    else context.middleware(request, response, serveByHost)
  }

  const known = knownHttpServer(server)
  if (known) meetHttpServer(known as HttpServer)
  const first = { route: '', handle: corsDevMiddleware }
  const last = {
    route: '',
    handle: function corsDevFallbackMiddleware(
      request: IncomingMessage,
      response: ServerResponse,
      next: () => void,
    ): void {
      // What Vite does next decodes the path where nobody catches what that throws: `GET /%zz.html` would end it.
      if (!isDecodable(request.url)) response.writeHead(400, { 'content-length': 0 }).end()
      else if (isHosts(request)) next()
      else context.fallback(request, response, next)
    },
  }
  return () => {
    const stack = middlewares.stack.filter((layer) => layer.handle !== first.handle && layer.handle !== last.handle)
    // Behind all files, before the page that a single-page application gets for every path.
    const end = stack.findIndex(({ handle }) => (handle as { name?: string }).name === 'viteHtmlFallbackMiddleware')
    stack.splice(end === -1 ? stack.length : end, 0, last)
    middlewares.stack.splice(0, middlewares.stack.length, first, ...stack)
  }
}

/** Pages of other origins that load Vite's client do so by modules, which ask with CORS and are none of this header's. */
function carriesRuntime(url = ''): boolean {
  const path = isDecodable(url) ? decodeURIComponent(url.split('?', 1)[0] ?? '') : url
  return /\/@vite\/(?:client|env)$/.test(path) || CLIENT_MODULE.test(path)
}

/**
 * Vite's own modules carry the runtime, which names the targets, and Vite serves them to whoever asks: a foreign page's
 * worker that imports one as a classic script would learn the hosts of an intranet. Those with CORS are Vite's to judge.
 */
function isForeignScript({ headers }: IncomingMessage, origins: readonly string[]): boolean {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': destination, referer = '' } = headers
  if (site !== 'cross-site' || mode !== 'no-cors' || destination !== 'script') return false
  return !origins.some((origin) => referer.startsWith(`${origin}/`))
}

function knownHttpServer({ httpServer, config }: ViteDevServer | PreviewServer): unknown {
  const { middlewareMode, hmr, ws } = config.server as { middlewareMode: unknown; hmr?: unknown; ws?: unknown }
  return httpServer ?? serverIn(middlewareMode) ?? serverIn(ws) ?? serverIn(hmr)
}

function serverIn(option: unknown): unknown {
  return typeof option === 'object' && option !== null && 'server' in option ? option.server : undefined
}

/** The socket of Vite's own client, recognized as Vite does. */
function isHmr({ headers }: IncomingMessage): boolean {
  return ['vite-hmr', 'vite-ping'].includes(headers['sec-websocket-protocol'] ?? '')
}

/** What stays Vite's even where a target is mounted at `/`: the proxy table of the config, and Vite's own modules. */
function isVites({ base }: ResolvedConfig, proxy: ResolvedConfig['server']['proxy']): IsHosts {
  const isInTable = isInViteTable(Object.keys(proxy ?? {}))
  const own = ['@vite/', '@id/', '@fs/', '@react-refresh', '__open-in-editor'].map((name) => posix.join(base, name))
  return exceptReserved(base, (request) => {
    const { url = '', headers } = request
    return own.some((path) => url.startsWith(path)) || headers.accept === 'text/x-vite-ping' || isInTable(request)
  })
}

/** `true` turns Vite's own host check off; our guard stays. A host name that the server is told to listen on leads to it. */
function allowedHostsOf({ allowedHosts, host }: Serving): string[] {
  const names = allowedHosts === true || allowedHosts === undefined ? [] : allowedHosts
  return typeof host === 'string' && isIP(host) === 0 && host !== '' ? [...names, host] : [...names]
}

/** A change of dependencies is no change of targets: only our own keys count. */
function restartWhenPackageJsonChanges(server: ViteDevServer): void {
  const { root, logger } = server.config
  const file = findPackageJson(root) ?? join(root, 'package.json')
  let known = settingsInPackageJson(file)
  const restartIfChanged = (): void => {
    const settings = settingsInPackageJson(file)
    const isBeingWritten = settings === ''
    if (settings === known || isBeingWritten) return
    known = settings
    // As Vite says it of its own files.
    logger.info(styleText('green', 'package.json changed, restarting server...'), { clear: true, timestamp: true })
    server.restart().catch((error: Error) => logger.error(error.message, { error }))
  }
  // Vite watches all that lies in the root.
  if (dirname(file) !== root) server.watcher.add(file)
  // What is written before, a watcher takes for what was there at first. It is ready anew with whatever it is given.
  server.watcher.on('ready', () => whenWritten(restartIfChanged))
  server.watcher.on('all', (_event, changed) => {
    if (posix.normalize(changed) === posix.normalize(file)) whenWritten(restartIfChanged)
  })
}

/**
 * A file is empty for a moment while it is written. And the watcher drops what is written within 50 ms of the change
 * before, as formatters and quick undos do, and says that it is ready some milliseconds before it is.
 */
function whenWritten(read: () => void): void {
  setTimeout(read, 100).unref()
}

/** Reads the project's OpenAPI documents, and again when one of them changes. */
async function followOpenApi(server: ViteDevServer, context: Context, { options }: Discovery): Promise<void> {
  const { config, watcher } = server
  const read = openApiReader(config.root, options)
  const learn = async (): Promise<void> => {
    if (context.replaceFound('openapi', await read())) saySince(config, context.startupLines())
  }
  await learn()
  watcher.on('ready', () => whenWritten(() => void learn()))
  watcher.on('all', (event, path) => {
    // A file may be in a new folder before the watcher has looked into that.
    const isFolder = event === 'addDir' && isOpenApiFolder(relative(config.root, path).split(sep).join('/'))
    if (isFolder || isOpenApiFile(basename(path))) whenWritten(() => void learn())
  })
}

const printed = new Map<string, readonly string[]>()

function sayWhenPrinted(server: ViteDevServer | PreviewServer, lines: readonly string[]): void {
  const { printUrls, config } = server
  server.printUrls = () => {
    printUrls.call(server)
    say(config, lines)
  }
}

/** A restart prints no URLs unless they changed; targets that changed are said all the same. */
function saySince(config: ResolvedConfig, lines: readonly string[]): void {
  const before = printed.get(config.root)
  if (before) say(config, lines, changedLines(before, lines))
}

function say(config: ResolvedConfig, lines: readonly string[], shown: readonly string[] = lines): void {
  printed.set(config.root, lines)
  for (const line of shown)
    config.logger.info(`  ${styleText('green', '➜')}  ${styleText('bold', 'cors-dev')}: ${line}`)
}

function isDecodable(url = ''): boolean {
  try {
    decodeURIComponent(url.split(/[?#]/, 1)[0] ?? '')
    return true
  } catch {
    return false
  }
}
