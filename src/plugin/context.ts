import type { IncomingMessage, ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import type { Duplex } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import { CLASSIC_SCRIPT_BASE, clientScript } from '../exchange/client-script'
import { printable, withoutQuery } from '../exchange/printable'
import {
  CLIENT_SCRIPT,
  type ClientConfig,
  type CodePlace,
  type RelayMode,
  RESERVED_PREFIX,
  toRelayPath,
} from '../exchange/wire'
import { type Advice, IN_PLUGIN } from '../options/advice'
import { CorsDevError, formatIssue, type Issue, LOG_PREFIX } from '../options/errors'
import type { ResolvedOptions } from '../options/types'
import type { Destination, Proxy, ProxyInput } from '../proxy/proxy'
import type { Logger } from '../proxy/target-log'
import { isMalformedRequestTarget, matchFallback, matchPathRoute, matchRelay } from '../routes/match'
import { buildRouteTable, growTable, type RouteTable, shrinkTable } from '../routes/table'
import { type Provenance, provenanceLabel, type Target } from '../targets/target'
import { cacheFolder } from './cache-folder'
import { readClientBundle } from './client-bundle'
import { findPackageJson } from './discover'
import { createLearner, type WrittenPlace } from './learner'
import { startupLines } from './startup-lines'

export type { Logger }

export interface ContextInput {
  options: ResolvedOptions
  targets: readonly Target[]
  /** Absolute path of the project. */
  root: string
  /** Public base path of the dev server, slashes at both ends. */
  base: string
  logger: Logger
  /** Host names that the dev server answers to beside loopback; `.example.com` has everything below it. */
  allowedHosts: readonly string[]
  /** Where options are written. @default the plugin's own */
  advice?: Advice | undefined
  /** Where the developer wrote what the browser runs at a place; `undefined` if the host does not know. */
  locate?(place: CodePlace): Promise<WrittenPlace | undefined>
}

export interface Found {
  targets: readonly Target[]
  issues: readonly Issue[]
}

export interface Context {
  /** Answers what is ours and passes on everything else. Never throws. */
  middleware(req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void
  /** Answers what no browser sends with 400, or `false`; for hosts that would not live to ask the middleware. */
  refuse(req: IncomingMessage, res: ServerResponse): boolean
  /** For a host that has a place behind its own files: answers what nobody else knew, as `"proxy"` in package.json asks. */
  fallback(req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void
  /** Whether the upgrade is ours: if so, it is being answered; if not, it belongs to others. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /**
   * The runtime with its configuration, as one statement.
   *
   * @param baseExpression JavaScript that yields an absolute URL of the dev server
   */
  clientScript(baseExpression?: string): string
  /** The same for the page's own service worker: always in the same bytes, since others would be an update of it. */
  serviceWorkerScript(): string
  /**
   * Where a page of the dev server loads from what its documents and style sheets load with CORS; `undefined` if that is
   * no target's.
   */
  resourcePath(url: URL, credentials: boolean): string | undefined
  /** Whose pages may call beside its own. */
  readonly origins: readonly string[]
  /** Where the runtime is served as a classic script. */
  readonly clientScriptPath: string
  /** For hosts that learn of targets when they compile, and of options when a file changes. */
  setTargets(targets: readonly Target[], options?: ResolvedOptions): void
  /**
   * Adds what was found by the way: behind all targets, once for each origin. What can't be one is said once, too.
   *
   * @returns whether there is a new one
   */
  addFound(found: Found): boolean
  /** What one source says now, in the place of all that it said before. */
  replaceFound(source: Provenance['source'], found: Found): boolean
  /** Whether there is anything to call, or may be. */
  readonly isWanted: boolean
  /** One line for each route: what the page calls, where that goes, where it was found. */
  startupLines(): string[]
  /** To be called when the host listens: under which origins it is reached. No target may be one of them. */
  noteListening(origins: readonly string[]): void
  close(): Promise<void>
}

const WARM_UP_DELAY = 100
/** Told in the life of a dev server: a foreign page could fill the terminal with them. */
const MOST_MALFORMED = 100

/** Resolved options in; middleware, upgrade handler and runtime out. Knows no bundler. */
export function createContext(input: ContextInput): Context {
  const { root, base, logger, advice = IN_PLUGIN } = input
  let { options } = input
  /** Whether the runtime asks about origins that it was not told of. */
  const discovers = (): boolean => options.discover && options.relay !== 'never'
  const prefix = base.replace(/\/$/, '') + RESERVED_PREFIX
  let targets = input.targets
  let table = tableOf(targets)
  let found: readonly Target[] = []
  const saidIssues = new Set<string>()
  let ownOrigins: readonly string[] = []
  let malformedCount = 0
  let isClosed = false
  let loading: Promise<Proxy> | undefined
  let proxy: Proxy | undefined

  const learner = createLearner({
    locate: input.locate ?? (() => Promise.resolve(undefined)),
    relay: () => options.relay,
    isOwn: (origin) => ownOrigins.includes(origin),
    add: (next) => void addFound(next),
    warn: (message) => logger.warn(`${LOG_PREFIX} ${message}`),
    now: Date.now,
  })

  function proxyInput(): ProxyInput {
    const { allowedHosts } = input
    const learn = discovers() ? learner.learn : undefined
    const cache = cacheFolder(projectFolder(root), process.env)
    return { options, table, root, cache, prefix, logger, allowedHosts, advice, env: process.env, learn }
  }

  /** Loaded when the host listens, or with the first request: its modules would be most of the plugin's start-up time. */
  function load(): Promise<Proxy> {
    return (loading ??= import('../proxy/proxy').then(({ createProxy }) => {
      proxy = createProxy(proxyInput())
      proxy.setOwnOrigins(ownOrigins)
      return proxy
    }))
  }

  function warmUp(): void {
    if (isClosed) return
    Promise.all([import('../proxy/rehearsal'), load()])
      .then(([{ rehearse }]) => rehearse(proxyInput()))
      // Whoever needs the proxy will say why it can't be had.
      .catch(() => {})
  }

  function reset(): Promise<void> {
    const closing = loading?.then((loaded) => loaded.close())
    loading = proxy = undefined
    return closing ?? Promise.resolve()
  }

  function whenLoaded(run: (loaded: Proxy) => void, fail: (error: Error) => void): void {
    if (proxy) return run(proxy)
    load().then(run).catch(fail)
  }

  /** Whose request this is. `undefined` is the host's. */
  function destinationOf(url: string): Destination | undefined {
    const rest = afterPrefix(url, prefix) ?? afterPrefix(url, RESERVED_PREFIX)
    if (rest !== undefined) return { kind: 'reserved', rest }
    const route = matchPathRoute(table, url)
    return route && { kind: 'path', route }
  }

  function refuse(req: IncomingMessage, res: ServerResponse, destination = destinationOf(req.url ?? '/')): boolean {
    const url = req.url ?? '/'
    const isHostile = destination ? isMalformedRequestTarget(url) !== undefined : NO_BROWSER_SENDS.test(url)
    if (!isHostile || (url === '*' && req.method === 'OPTIONS')) return false
    if (malformedCount++ < MOST_MALFORMED) {
      const shown = printable(withoutQuery(url)).slice(0, 120)
      logger.warn(`${LOG_PREFIX} ${req.method} ${shown} was refused: ${isMalformedRequestTarget(url) ?? 'malformed'}.`)
    }
    res.writeHead(400, { 'content-length': 0, 'cache-control': 'no-store' }).end()
    return true
  }

  function middleware(req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void {
    const destination = destinationOf(req.url ?? '/')
    if (refuse(req, res, destination)) return
    if (destination) return pass(destination, req, res, next)
    if (targets.length + found.length === 0 || !isNavigation(req)) return next()
    // The session comes with the page, so that the page's first calls have it.
    whenLoaded(
      (loaded) => {
        const cookie = loaded.pageAsked(req)
        if (cookie !== undefined && !res.headersSent) res.appendHeader('set-cookie', cookie)
        next()
      },
      () => next(),
    )
  }

  function pass(
    destination: Destination,
    req: IncomingMessage,
    res: ServerResponse,
    next: (error?: unknown) => void,
  ): void {
    whenLoaded(
      (loaded) => {
        if (destination.kind === 'reserved' && destination.rest.split('?', 1)[0] === CLIENT_SCRIPT) {
          loaded.serveClientScript(req, res, (decisions) => script(CLASSIC_SCRIPT_BASE, decisions))
        } else {
          loaded.handle(req, res, next, destination)
        }
      },
      (error) => {
        logger.error(`${LOG_PREFIX} ${error.stack ?? error.message}`)
        if (res.headersSent) res.destroy()
        else res.writeHead(500).end()
      },
    )
  }

  function script(baseExpression: string, decisions: ClientConfig['decisions'] = {}): string {
    const relays: Record<string, RelayMode> = {}
    for (const [origin, { relay, provenance }] of table.relays) {
      // What was learnt from a page, another page may find changed: it asks, or has been told what was decided.
      const isFixed = relay !== 'never' && provenance.source !== 'page'
      if (isFixed && !ownOrigins.includes(origin)) relays[origin] = relay
    }
    const config: ClientConfig = { prefix, relays, decisions, ...(discovers() && { others: 'unknown' }) }
    return clientScript(readClientBundle(), config, baseExpression)
  }

  /** Targets come first: also those that are to be called directly, which the table leaves out. */
  function withoutKnown(candidates: readonly Target[]): Target[] {
    return candidates.filter(
      ({ origin }) => !ownOrigins.includes(origin) && !targets.some((known) => known.origin === origin),
    )
  }

  function drop(gone: readonly Target[]): void {
    found = found.filter((target) => !gone.includes(target))
    shrinkTable(table, gone)
  }

  function addFound(next: Found): boolean {
    const candidates = withoutKnown(next.targets)
    // Who finds it in code knows more than who saw it called.
    drop(
      found.filter(
        (known) => known.provenance.source === 'page' && candidates.some(({ origin }) => origin === known.origin),
      ),
    )
    const added = candidates.filter(({ origin }) => !found.some((known) => known.origin === origin))
    found = [...found, ...added]
    growTable(table, added)
    for (const issue of next.issues) {
      const { code, value } = issue
      const isAddress = code === 'CORS_DEV_ADDRESS' && typeof value === 'string'
      const line = formatIssue(isAddress ? { ...issue, instead: `Write ${advice.target(value)} to name it` } : issue)
      if (!saidIssues.has(line)) logger.warn(line)
      saidIssues.add(line)
    }
    return added.length > 0
  }

  return {
    middleware,
    refuse: (req, res) => refuse(req, res),
    fallback(req, res, next) {
      const route = matchFallback(table, { method: req.method ?? 'GET', accept: req.headers.accept })
      if (route && isMalformedRequestTarget(req.url ?? '/') === undefined) pass({ kind: 'path', route }, req, res, next)
      else next()
    },
    upgrade(req, socket, head) {
      const url = req.url ?? '/'
      const destination = destinationOf(url)
      const isMalformed = isMalformedRequestTarget(url) !== undefined
      if (!destination && !(isMalformed && NO_BROWSER_SENDS.test(url))) return false
      socket.on('error', () => socket.destroy())
      if (isMalformed || !destination) {
        socket.resume().end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
        return true
      }
      whenLoaded(
        (loaded) => loaded.upgrade(req, socket, head, destination),
        () => socket.destroy(),
      )
      return true
    },
    clientScript: (baseExpression = CLASSIC_SCRIPT_BASE) => script(baseExpression),
    serviceWorkerScript() {
      const config: ClientConfig = { prefix, relays: {}, decisions: {}, others: 'unknown' }
      return clientScript(readClientBundle('service-worker'), config, CLASSIC_SCRIPT_BASE)
    },
    resourcePath(url, credentials) {
      const target = matchRelay(table, url.origin)
      if (!target || target.relay === 'never' || ownOrigins.includes(url.origin)) return undefined
      return prefix + toRelayPath(credentials ? 'to' : 'anon', url) + url.hash
    },
    clientScriptPath: prefix + CLIENT_SCRIPT,
    setTargets(next, nextOptions = options) {
      // A page's open streams would end with each compilation.
      if (isDeepStrictEqual(next, targets) && isDeepStrictEqual(nextOptions, options)) return
      options = nextOptions
      targets = next
      table = tableOf(next)
      growTable(table, withoutKnown(found))
      void reset().catch(() => {})
    },
    addFound,
    replaceFound(source, next) {
      const isSaidAgain = (target: Target): boolean => next.targets.some((other) => isDeepStrictEqual(other, target))
      const gone = found.filter((target) => target.provenance.source === source && !isSaidAgain(target))
      drop(gone)
      return addFound(next) || gone.length > 0
    },
    get origins() {
      return options.origins
    },
    get isWanted() {
      return discovers() || targets.length + found.length > 0
    },
    startupLines: () =>
      // Those in code are said when they are called.
      startupLines(
        [...targets, ...found.filter(({ provenance }) => provenance.source === 'openapi')],
        table,
        discovers(),
      ),
    noteListening(origins) {
      ownOrigins = origins
      proxy?.setOwnOrigins(origins)
      for (const target of targets) {
        if (origins.includes(target.origin)) {
          logger.error(
            `${LOG_PREFIX} ${provenanceLabel(target.provenance)} "${target.origin}" is this dev server itself: its requests would come round for ever. Write the address of the API.`,
          )
        }
      }
      // Not while the host still prints what it takes for its start-up time; a request that comes sooner loads it.
      if (targets.length > 0) setTimeout(warmUp, WARM_UP_DELAY).unref()
    },
    close() {
      isClosed = true
      return reset()
    },
  }
}

function tableOf(targets: readonly Target[]): RouteTable {
  const { table, issues } = buildRouteTable(targets)
  if (issues.length > 0) throw new CorsDevError(issues)
  return table
}

function afterPrefix(url: string, prefix: string): string | undefined {
  return url.startsWith(prefix) ? url.slice(prefix.length) : undefined
}

/** Packages of one project share their logins; where there is none, the root is the project. */
function projectFolder(root: string): string {
  const packageJson = findPackageJson(root)
  return packageJson === undefined ? root : dirname(packageJson)
}

/** Absolute form, a raw `#`, control bytes; a backslash in the path. What is the host's own may look as it likes otherwise. */
const NO_BROWSER_SENDS = /^[^/]|[\x00-\x20\x7f#]|^[^?]*\\/

function isNavigation(req: IncomingMessage): boolean {
  if (req.method !== 'GET') return false
  const destination = req.headers['sec-fetch-dest']
  if (destination !== undefined) return destination === 'document' || destination === 'iframe'
  return String(req.headers.accept ?? '').includes('text/html')
}
