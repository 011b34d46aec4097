import type { IncomingMessage } from 'node:http'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { CLASSIC_SCRIPT_BASE, MODULE_BASE } from '../exchange/client-script'
import { CorsDevError, LOG_PREFIX } from '../options/errors'
import type { CorsDevOptions } from '../options/types'
import { targetsFromSource } from '../targets/from-source'
import { OPENAPI_PATHS } from '../targets/openapi-files'
import type { Target } from '../targets/target'
import { type Compilation, type Compiler, compilersOf, type Logger } from './compiler'
import { type Context, createContext } from './context'
import { definedVariables } from './defined-variables'
import { type Discovery, findPackageJson, openApiReader, settingsInPackageJson, targetsOfEnvironment } from './discover'
import { exceptReserved, isInProxyList } from './host-paths'
import { injectRuntime } from './inject'
import { NAME } from './name'
import { ownOrigins } from './own-origins'
import { changedLines } from './startup-lines'
import { claimUpgrades } from './upgrades'
import { type Configured, discoverForAll } from './webpack-configurations'
import {
  allowedHostsOf,
  type DevServer,
  isHotEndpoint,
  meetDevServer,
  type Middleware,
  proxyListOf,
  withMeeting,
} from './webpack-dev-server'
import { placesInCompiler } from './webpack-places'
import { readModules } from './webpack-source'

/** The plugin in one compiler. Several compilers may be served by one dev server, with one context. */
interface Guest extends Configured {
  /** What the compiler's own definitions let page code see. Known with the first compilation. */
  variables: Record<string, string>
  served: Served | undefined
}

/** All of one dev server. */
type Guests = readonly [Guest, ...Guest[]]

/** A dev server that we are in. */
interface Served {
  context: Context
  guests: Guests
  /** What options and package.json name; the environment's targets come on top. */
  discovery: Discovery
  /** By the expression that finds the dev server. Made anew only with new targets, as a change of it rebuilds chunks. */
  scripts: Map<string, string>
  /** Discovers anew what a file may have changed. */
  rediscover(): Discovery
  /** What concerns us in package.json, as it was read last. */
  packageSettings: readonly unknown[]
  readOpenApi: readonly ReturnType<typeof openApiReader>[]
  isListening: boolean
  isCompiled: boolean
  said: readonly string[] | undefined
}

const guests = new WeakMap<Compiler, Guest>()
const served = new WeakSet<DevServer>()

/** What the webpack and Rspack plugins do with a compiler. Nothing, unless a dev server serves it. */
export function applyToCompiler(compiler: Compiler, rawOptions: unknown): void {
  const known = guests.get(compiler)
  if (known) {
    // Said when a dev server starts: it is no reason to break a build.
    known.isRepeated = true
    return
  }
  addGuest(compiler, rawOptions)
  if (compiler.options.devServer === false) return
  meetDevServer(compiler, serve)
  hintIfNotServed(compiler)
}

/**
 * Options for a dev server that is built by hand: `new WebpackDevServer(withCorsDev({ … }), compiler)`.
 *
 * @param options - The plugin's options, where it is not among the compiler's plugins.
 */
export function withCorsDev<DevServerOptions extends object>(
  devServerOptions: DevServerOptions,
  options: CorsDevOptions = {},
): DevServerOptions {
  return withMeeting(devServerOptions, (devServer, middlewares) => {
    for (const compiler of compilersOf(devServer.compiler)) {
      if (!guests.has(compiler)) addGuest(compiler, options)
    }
    return serve(devServer, middlewares)
  })
}

function addGuest(compiler: Compiler, rawOptions: unknown): void {
  const guest: Guest = { compiler, rawOptions, isRepeated: false, variables: {}, served: undefined }
  guests.set(compiler, guest)

  compiler.hooks.thisCompilation.tap(NAME, (compilation) => addRuntime(guest, compilation))
  // Every plugin has made its definitions by then, and no chunk has been built.
  compiler.hooks.make.tapPromise(NAME, async (compilation) => {
    learnVariables(guest, definedVariables(compilation))
    if (!guest.served) return
    watchFiles(compilation)
    learnSettings(guest.served)
    await learnDescriptions(guest.served)
  })
  readModules(
    compiler,
    () => guest.served?.discovery.options.discover === true,
    (urls) => {
      const { served } = guest
      if (served) learn(served, targetsFromSource(urls, served.discovery.options.relay))
    },
  )
  compiler.hooks.done.tap(NAME, () => {
    if (!guest.served) return
    guest.served.isCompiled = true
    say(guest.served)
  })
}

function serve(devServer: DevServer, middlewares: unknown[]): unknown[] {
  if (served.has(devServer)) return middlewares
  const itsGuests = compilersOf(devServer.compiler).flatMap((compiler) => guests.get(compiler) ?? [])
  if (!isSome(itsGuests)) return middlewares
  served.add(devServer)

  const { compiler } = itsGuests[0]
  const { options, server } = devServer
  const discovery = discoverForAll(itsGuests, devServer)
  const allowedHosts = allowedHostsOf(options)
  const logger = loggerOf(compiler)
  const places = itsGuests.map((guest) => placesInCompiler(guest.compiler))
  const context = createContext({
    ...discovery,
    root: compiler.context,
    base: '/',
    allowedHosts,
    logger,
    async locate(place) {
      for (const locate of places) {
        const written = await locate(place)
        if (written) return written
      }
      return undefined
    },
  })
  const serving: Served = {
    context,
    guests: itsGuests,
    discovery,
    scripts: new Map(),
    rediscover: () => discoverForAll(itsGuests, devServer),
    packageSettings: packageSettings(itsGuests),
    readOpenApi: rootsOf(itsGuests).map((root) => openApiReader(root, discovery.options)),
    isListening: false,
    isCompiled: false,
    said: undefined,
  }
  for (const guest of itsGuests) guest.served = serving

  const isHot = isHotEndpoint(devServer)
  const isInTable = isInProxyList(proxyListOf(options))
  const isHosts = exceptReserved('/', (request) => isHot(request) || isInTable(request))
  if (server) {
    claimUpgrades(
      server,
      (request, socket, head) => !isHosts(request) && context.upgrade(request, socket, head),
      context.refuse,
    )
    server.once('listening', () => {
      context.noteListening(ownOrigins(server, allowedHosts))
      serving.isListening = true
      say(serving)
    })
    server.once('close', () => void context.close())
  }

  const corsDevMiddleware: Middleware = (request, response, next) => {
    const serveByHost = (error?: unknown): void => {
      if (error === undefined && context.isWanted) injectRuntime(request, response, context)
      if (context.isWanted && isForeignScript(request, context.origins))
        response.setHeader('cross-origin-resource-policy', 'same-site')
      next(error)
    }
    if (isHosts(request)) serveByHost()
    else context.middleware(request, response, serveByHost)
  }
  const corsDevFallbackMiddleware: Middleware = (request, response, next) => {
    if (isHosts(request)) next()
    else context.fallback(request, response, next)
  }
  // First of all: the last of the built-in ones answers every OPTIONS, and compression would hold event streams back.
  // The fallback comes behind all files, before the page that a single-page application gets for every path.
  const end = middlewares.findIndex((entry) => BEHIND_FILES.includes((entry as { name?: string }).name ?? ''))
  const position = end === -1 ? middlewares.length : end
  return [
    { name: NAME, middleware: corsDevMiddleware },
    ...middlewares.slice(0, position),
    { name: `${NAME}-fallback`, middleware: corsDevFallbackMiddleware },
    ...middlewares.slice(position),
  ]
}

const BEHIND_FILES = ['connect-history-api-fallback', 'serve-index', 'options-middleware']

function isSome(list: readonly Guest[]): list is Guests {
  return list.length > 0
}

function learnVariables(guest: Guest, variables: Record<string, string>): void {
  if (isDeepStrictEqual(variables, guest.variables)) return
  guest.variables = variables
  if (guest.served) addEnvironment(guest.served)
}

/** Files that are no modules, and that a change of has the compiler look at again. */
function watchFiles({ compiler: { context }, fileDependencies, missingDependencies }: Compilation): void {
  const packageJson = findPackageJson(context)
  if (packageJson !== undefined) fileDependencies.add(packageJson)
  for (const path of OPENAPI_PATHS.map((name) => join(context, name))) {
    if (existsSync(path)) fileDependencies.add(path)
    else missingDependencies.add(path)
  }
}

function rootsOf(list: readonly Guest[]): string[] {
  return [...new Set(list.map(({ compiler }) => compiler.context))]
}

function packageSettings(list: readonly Guest[]): unknown[] {
  return rootsOf(list).map((root) => settingsInPackageJson(findPackageJson(root)))
}

function learnSettings(serving: Served): void {
  const settings = packageSettings(serving.guests)
  if (isDeepStrictEqual(settings, serving.packageSettings)) return
  serving.packageSettings = settings
  const logger = loggerOf(serving.guests[0].compiler)
  try {
    serving.discovery = serving.rediscover()
    logger.info('package.json changed.')
    addEnvironment(serving)
  } catch (error) {
    // What was there before holds until the mistake is corrected.
    logger.error((error as Error).message)
  }
}

async function learnDescriptions({ context, discovery, readOpenApi, scripts }: Served): Promise<void> {
  if (!discovery.options.discover) return
  const all = await Promise.all(readOpenApi.map((read) => read()))
  const targets = all.flatMap((found) => found.targets)
  const issues = all.flatMap((found) => found.issues)
  if (context.replaceFound('openapi', { targets, issues })) scripts.clear()
}

function learn({ context, scripts }: Served, found: Parameters<Context['addFound']>[0]): void {
  if (context.addFound(found)) scripts.clear()
}

function addEnvironment(serving: Served): void {
  const targets: Target[] = [...serving.discovery.targets]
  for (const { compiler, variables } of serving.guests) {
    const { context: root } = compiler
    const mode = compiler.options.mode ?? 'production'
    const names = ['.env', '.env.local', `.env.${mode}`, `.env.${mode}.local`]
    const envFiles = names.map((name) => join(root, name))
    const found = targetsOfEnvironment({ root, variables, envFiles, isVisible: () => true }, serving.discovery.options)
    if (found.issues.length > 0) loggerOf(compiler).warn(new CorsDevError([...found.issues]).message)
    targets.push(...found.targets)
  }
  serving.context.setTargets(targets, serving.discovery.options)
  serving.scripts.clear()
}

/**
 * Puts the runtime before all modules, in the page and in workers. The HTML has it too, earlier still; this one is for
 * pages that another server renders.
 */
function addRuntime(guest: Guest, compilation: Compilation): void {
  const { compiler } = guest
  if (!guest.served || compiler.platform?.web === false) return
  compilation.hooks.additionalTreeRuntimeRequirements.tap(NAME, (chunk) => {
    const { served } = guest
    if (!served?.context.isWanted) return
    const base = compiler.options.output?.module ? MODULE_BASE : CLASSIC_SCRIPT_BASE
    const script = served.scripts.get(base) ?? served.context.clientScript(base)
    served.scripts.set(base, script)
    class CorsDevRuntimeModule extends compiler.webpack.RuntimeModule {
      generate(): string {
        // A universal bundle may also run on a server.
        return `if(typeof location!=="undefined"){${script}}`
      }
    }
    compilation.addRuntimeModule(chunk, new CorsDevRuntimeModule(NAME))
  })
}

function say(serving: Served): void {
  const { context, isListening, isCompiled, guests: itsGuests, said } = serving
  if (!isListening || !isCompiled) return
  const lines = context.startupLines()
  serving.said = lines
  const logger = loggerOf(itsGuests[0].compiler)
  for (const line of said ? changedLines(said, lines) : lines) logger.info(line)
}

/** webpack puts a name before each line, so ours goes. */
function loggerOf(compiler: Compiler): Logger {
  const logger = compiler.getInfrastructureLogger(NAME)
  const bare = (message: string): string => message.replaceAll(`${LOG_PREFIX} `, '')
  return {
    info: (message) => logger.info(bare(message)),
    warn: (message) => logger.warn(bare(message)),
    error: (message) => logger.error(bare(message)),
  }
}

/** A dev server that took no notice of the plugin fails silently otherwise: calls go out as if it were not there. */
function hintIfNotServed(compiler: Compiler): void {
  const { outputFileSystem } = compiler
  let isSaid = false
  compiler.hooks.done.tap(NAME, () => {
    // A dev server is at work: its middleware has put a file system in memory in the place of the disk.
    const isServed = compiler.watchMode && compiler.outputFileSystem !== outputFileSystem
    if (!isServed || isSaid || guests.get(compiler)?.served) return
    isSaid = true
    loggerOf(compiler).warn(
      `${LOG_PREFIX} the dev server did not pick the plugin up: it was built from options of its own. ` +
        'Write new WebpackDevServer(withCorsDev({ … }), compiler), with withCorsDev from "unplugin-cors-dev/webpack".',
    )
  })
}

/**
 * A bundle carries the runtime, which names the targets. The dev server itself keeps it from other sites, though not by a
 * name that `allowedHosts` lists; and on plain http in a LAN browsers don't say who asks, but heed the header.
 */
function isForeignScript({ url = '', headers }: IncomingMessage, origins: readonly string[]): boolean {
  const { 'sec-fetch-site': site, referer = '' } = headers
  if ((site !== undefined && site !== 'cross-site') || !/\.[cm]?js(?:\?|$)/.test(url)) return false
  return !origins.some((origin) => referer.startsWith(`${origin}/`))
}
