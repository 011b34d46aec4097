import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import { createProxyMiddleware, proxyEventsPlugin, type RequestHandler } from 'http-proxy-middleware'
import type { buildConnector, Dispatcher } from 'undici'
import { preflightResponse } from '../cors/preflight-response'
import { corsResponseHeaders } from '../cors/response-headers'
import type { Failure } from '../exchange/exchange'
import { createExchangeLog } from '../exchange/log'
import { perCall } from '../exchange/per-call'
import type { ExchangeRecord } from '../exchange/recorded-exchange'
import {
  type ClientConfig,
  type CodePlace,
  DECISION_ENDPOINT,
  FAILURE_ENDPOINT,
  parseRelayPath,
  type RelayPath,
} from '../exchange/wire'
import type { Advice } from '../options/advice'
import type { ResolvedOptions } from '../options/types'
import { matchRelay } from '../routes/match'
import type { PathRoute, RouteTable } from '../routes/table'
import { isCorsPreflightRequest } from '../standard/preflight'
import { injectsHeaders, provenanceLabel, type Target } from '../targets/target'
import { type Call, rememberCall } from './call'
import { environmentProxy } from './connect'
import { createCookieJars } from './cookie-jar'
import { answerDecision, createDecisions } from './decision'
import { failureStatus } from './errors'
import { answerFailure } from './failure-response'
import { answerFailureReport } from './failure-report'
import { createExplanations } from './explanations'
import { type Admission, guardRequest, type GuardPolicy, hasOwnHost, type Refusal } from './guard'
import { createHops } from './hop'
import { createKeptPrefixHint } from './kept-prefix'
import { createNewcomers } from './newcomers'
import { createPageCookies } from './page-cookies'
import {
  addressOf,
  asksForDocument,
  asksForResource,
  comesFromElsewhere,
  headerGetter,
  isEncrypted,
  isStreamBody,
  isWebSocketHandshake,
} from './page-request'
import { createPreflights, dispatchPreflight } from './preflights'
import { refuse } from './refusal'
import { buildSentHeaders } from './response'
import type { TransportHooks } from './sending'
import { createSessions } from './session'
import { createTargetLog, type Logger } from './target-log'
import { createTransport } from './transport'
import { createUsedTargets } from './used-targets'
import { refuseUpgrade } from './upgrade'

/** Where a request is meant for, as far as its path tells. */
export type Destination = { kind: 'path'; route: PathRoute } | { kind: 'reserved'; rest: string }

export interface ProxyInput {
  options: ResolvedOptions
  table: RouteTable
  /** Absolute path of the project. */
  root: string
  /** Absolute path of the folder for cookies and the secret; made when missing. */
  cache: string
  /** Absolute path of the reserved prefix, slash at its end. */
  prefix: string
  logger: Logger
  allowedHosts: readonly string[]
  advice: Advice
  env: NodeJS.ProcessEnv
  /** The page calls an origin that the table does not know: whoever holds the table may let it grow. */
  learn?(origin: string, calledFrom: readonly CodePlace[]): Promise<void>
  /** Connects to targets; where absent, by sockets. */
  connect?: buildConnector.connector
}

export interface Proxy {
  handle(req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void, destination: Destination): void
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, destination: Destination): void
  /** The runtime, for whoever is called by one of our names: it tells which targets there are. */
  serveClientScript(
    req: IncomingMessage,
    res: ServerResponse,
    scriptWith: (decisions: ClientConfig['decisions']) => string,
  ): void
  /**
   * A page is being loaded: has connections ready to the targets that it used last time, and answers the `Set-Cookie`
   * line that gives this browser its session; `undefined` when it has one.
   */
  pageAsked(req: IncomingMessage): string | undefined
  /** Origins under which this dev server is reached: no target may be one of them. */
  setOwnOrigins(origins: readonly string[]): void
  close(): Promise<void>
}

/** What a request turns out to be. */
interface Reception {
  target: Target | undefined
  relay: RelayPath | undefined
  route: PathRoute | undefined
  /** Key of this browser's cookies in the jar; `undefined` before it was given one. */
  session: string | undefined
  admission: Admission | Refusal
}

/** Everything that happens between the page and the upstreams. Knows no bundler. */
export function createProxy(input: ProxyInput): Proxy {
  const { options, table, root, cache, prefix, advice, env } = input
  const now = Date.now
  const policy: GuardPolicy = { origins: options.origins, allowedHosts: input.allowedHosts, advice }
  const sessions = createSessions({ root, secretFile: path.join(cache, 'secret') })
  const hops = createHops()
  const exchanges = createExchangeLog()
  const log = createTargetLog(input.logger, now)
  const hintAtPrefix = createKeptPrefixHint(log)
  const jars = createCookieJars({
    file: path.join(cache, 'cookies.json'),
    onWriteFailure: ({ message }) => log.once(`logins won't outlive this dev server: ${message}.`),
  })
  const pageCookies = createPageCookies({ jars, sessions, log })
  const usedTargets = createUsedTargets({ file: path.join(cache, 'targets.json'), table })
  const newcomers = createNewcomers(() => sessions.create(), now)
  if (process.versions['webcontainer'] !== undefined) {
    log.once('this is a WebContainer: its network is that of a browser tab, so no proxy in it gets past CORS.')
  }
  /** This dev server's own name in `Via`: a request that comes round again bears it. */
  const via = `cors-dev-${randomBytes(6).toString('hex')}`
  let ownOrigins = new Set<string>()
  const isDevServer = (origin: string): boolean => ownOrigins.has(origin)
  let exchangeCount = 0

  const hooks: TransportHooks = {
    env,
    connect: input.connect,
    vpnAnswered: () => log.once(VPN_ANSWERS),
    rewrite: { jars, pageCookies, productionOrigin: options.productionOrigin, via },
    buildSentHeaders: (call, upstream) =>
      buildSentHeaders(call, upstream, { jars, pageCookies, hops, table, prefix, isDevServer, log }),
    answerFailure,
    strictTargets: new WeakSet(),
    finished(call) {
      const { exchange, target, hop } = call
      if (hop) hops.followed(hop)
      exchange.duration = now() - exchange.startedAt
      const recorded = exchanges.add(exchange)
      log.failed(recorded)
      hintAtPrefix(call)
      if (exchange.way === 'to' && exchange.upstreamResponse?.status === 401) log.unauthorized(recorded)
      if (target.explain ?? options.explain) explanations.add(recorded, exchange, target)
    },
  }

  const transport = createTransport(hooks)
  const handlers = new Map<Target | 'plain', RequestHandler>()

  /** Targets without options of their own share one handler, since each listens to the host's server. */
  function handlerOf(target: Target): RequestHandler {
    const key = isPlain(target) ? 'plain' : target
    const known = handlers.get(key)
    if (known) return known
    const { plugins = [], ...rest } = target.proxy
    const handler = createProxyMiddleware({
      ...rest,
      // As text it would be parsed for every request.
      target: new URL(target.origin),
      // Its own error handling writes into bodies that have begun.
      ejectPlugins: true,
      plugins: [transport.plugin, proxyEventsPlugin, ...plugins],
    })
    handlers.set(key, handler)
    return handler
  }

  function dispatcherOf(target: Target): Dispatcher {
    const proxyHost = environmentProxy(target, env)
    if (proxyHost !== undefined) log.once(`targets are reached by the proxy ${proxyHost}, which resolves their names.`)
    return transport.dispatcherOf(target)
  }

  const preflights = createPreflights({
    dispatch: (request) => dispatchPreflight(dispatcherOf(request.target), request),
    now,
  })
  const decisions = createDecisions({
    table,
    log,
    preflights,
    advice,
    now,
    // Nothing of it passes here any more.
    calledDirectly: (target) => usedTargets.forget(target),
    learn: input.learn ?? (() => Promise.resolve()),
  })
  const explanations = createExplanations({ preflights, productionOrigin: options.productionOrigin, advice, log, now })

  /** Where a request leads, and whether it may go there: one check for requests and upgrades alike. */
  function receive(req: IncomingMessage, destination: Destination, isUpgrade: boolean): Reception {
    const reserved = destination.kind === 'reserved' ? resolveReserved(destination.rest) : undefined
    const route = destination.kind === 'path' ? destination.route : undefined
    const target = route?.target ?? reserved?.target
    const session = sessions.find(req.headers.cookie)
    const admission = guardRequest(
      {
        ...addressOf(req),
        headers: req.headers,
        isUpgrade,
        way: route ? 'path' : reserved ? 'relay' : 'reserved',
        injectsHeaders: target !== undefined && injectsHeaders(target),
        hasSession: session !== undefined,
      },
      policy,
    )
    return { target, relay: reserved?.relay, route, session, admission }
  }

  function buildCall({
    req,
    admission,
    target,
    relay,
    route,
    session,
    upgrade,
  }: Pick<Reception, 'relay' | 'route' | 'session'> & {
    req: IncomingMessage
    admission: Admission
    target: Target
    upgrade: Call['upgrade']
  }): Call {
    if (session !== undefined) newcomers.settled(session)
    const hop = relay?.nonce === undefined ? undefined : hops.find(relay.nonce, relay.origin)
    if (hop && (target.proxy.headers !== undefined || target.proxy.auth !== undefined)) {
      log.once(
        `another target redirected a call to ${target.origin}, so it goes without the headers that ${provenanceLabel(target.provenance)} adds: these are for what the page itself asks. Call it by its own URL.`,
      )
    }
    const pageUrl = req.url ?? '/'
    const exchange = perCall<ExchangeRecord>({
      id: ++exchangeCount,
      startedAt: now(),
      way: relay?.kind ?? 'path',
      pageOrigin: admission.pageOrigin,
      credentials: relay ? (relay.kind === 'to' ? 'include' : 'omit') : 'unknown',
      method: req.method ?? 'GET',
      pageUrl,
      upstreamUrl: relay ? relay.origin + relay.pathAndQuery : target.origin,
      pageHeaders: req.headers,
      forcesPreflight: relay?.forcesPreflight ?? (isStreamBody(req) ? 'stream-body' : undefined),
      redirect: relay?.redirect,
      requestHeaders: [],
    })
    return perCall({
      exchange,
      target,
      route,
      pageOrigin: admission.pageOrigin,
      ownOrigin: admission.ownOrigin,
      otherOrigin: admission.otherOrigin,
      session,
      hop,
      upgrade,
      tellsDestination: req.headers['sec-fetch-dest'] !== undefined,
      isNavigation: req.headers['sec-fetch-mode'] === 'navigate' || (route !== undefined && asksForDocument(req)),
      insistsOnOwnOrigin: hooks.strictTargets.has(target),
    })
  }

  /** Why a request that passed the guard can still not go on. */
  function obstacle(req: IncomingMessage, { target }: Call): Failure | undefined {
    if (!String(req.headers.via ?? '').includes(via) && !ownOrigins.has(target.origin)) return undefined
    return {
      code: 'loop',
      cause: `${target.origin} is this dev server itself`,
      remedy: `Write the address of the API in ${provenanceLabel(target.provenance)}.`,
    }
  }

  /** Hands a call to http-proxy-middleware, which hands it to the transport. */
  function passOn(
    req: IncomingMessage,
    res: ServerResponse | undefined,
    call: Call,
    { decline, fail }: { decline(): void; fail(failure: Failure): void },
  ): void {
    const failWith = (failure: Failure): void => {
      call.exchange.failure = failure
      fail(failure)
      hooks.finished(call)
    }
    const problem = obstacle(req, call)
    if (problem) return failWith(problem)
    rememberCall(req, call)
    const pageUrl = req.url
    if (!call.route) req.url = call.exchange.upstreamUrl.slice(call.target.origin.length)
    // Its types want a response, which an upgrade has none of; `pathRewrite` is documented to get `undefined` then.
    void handlerOf(call.target)(req, res as ServerResponse, (error) => {
      req.url = pageUrl
      if (!error) return decline()
      failWith({
        code: 'invalid-request',
        cause: `an option of http-proxy-middleware failed (${(error as Error).message})`,
        remedy: `Correct \`proxy\` of ${provenanceLabel(call.target.provenance)}.`,
      })
    })
  }

  function resolveReserved(rest: string): { relay: RelayPath; target: Target } | undefined {
    const relay = parseRelayPath(rest)
    const target = relay && matchRelay(table, relay.origin)
    if (!relay || !target) return undefined
    // What the page alone says to be an API gets no logins.
    if (relay.kind === 'to' && target.provenance.source === 'page') return undefined
    if (relay.nonce !== undefined && !hops.find(relay.nonce, relay.origin)) return undefined
    return { relay, target }
  }

  return {
    setOwnOrigins(origins) {
      ownOrigins = new Set(origins)
    },
    pageAsked(req) {
      // A page whose own name was made to lead here would take the session back to its server.
      if (!hasOwnHost(addressOf(req), policy)) return undefined
      for (const target of usedTargets.turnPage()) transport.connectAhead(target)
      if (sessions.find(req.headers.cookie) !== undefined || comesFromElsewhere(req)) return undefined
      return sessions.setCookieLine(sessions.create(), { secure: isEncrypted(req) })
    },

    handle(req, res, next, destination) {
      const { target, relay, route, session, admission } = receive(req, destination, false)
      if (!admission.allowed) {
        log.refused(admission.message)
        return refuse(res, admission.status, admission.code)
      }
      const isPreflight = isCorsPreflightRequest({ method: req.method ?? 'GET', headers: headerGetter(req) })
      if (admission.otherOrigin !== undefined && isPreflight) {
        return answerPreflight(req, res, admission.otherOrigin)
      }
      if (!target) {
        const rest = destination.kind === 'reserved' ? destination.rest : ''
        const [endpoint] = rest.split('?', 1)
        if (endpoint === DECISION_ENDPOINT) return answerDecision(req, res, admission, decisions)
        if (endpoint === FAILURE_ENDPOINT) return answerFailureReport(req, res, admission, exchanges)
        const asked = parseRelayPath(rest)
        if (asked && asked.nonce === undefined && asksForResource(req)) return sendOn(res, asked, admission)
        if (asked) log.refused(matchRelay(table, asked.origin) ? UNKNOWN_HOP : unknownTarget(asked, advice))
        return refuse(res, 404, asked ? 'unknown-target' : 'not-found', admission)
      }
      const pass = (): void => {
        const call = buildCall({ req, admission, target, relay, route, session, upgrade: undefined })
        usedTargets.note(target)
        if (call.exchange.way === 'to' && call.session === undefined) {
          // The page came from another server, or before this browser had a session: its first relayed call gets one.
          call.session = newcomers.sessionOf(req, admission.pageOrigin)
          res.setHeader('set-cookie', sessions.setCookieLine(call.session, { secure: isEncrypted(req) }))
        }
        passOn(req, res, call, {
          decline: next,
          fail(failure) {
            if (res.headersSent) res.destroy()
            else answerFailure(call, res, failure)
          },
        })
      }
      // What elements and style sheets load has no script that could ask before.
      if (!relay || relay.nonce !== undefined || target.relay === 'always' || !asksForResource(req)) return pass()
      // Sent on from an origin that is not the page's, it would arrive with the origin `null`.
      if (admission.otherOrigin !== undefined) return pass()
      const url = relay.origin + relay.pathAndQuery
      const shape = { method: 'GET', headers: [], credentials: relay.kind === 'to', forcesPreflight: false }
      void decisions
        .decide({ url, ...shape }, admission)
        .then((decided) => (decided.route === 'direct' ? sendOn(res, relay, admission) : pass()), pass)
    },

    upgrade(req, socket, head, destination) {
      const { target, relay, route, session, admission } = receive(req, destination, true)
      if (!admission.allowed) {
        log.refused(admission.message)
        return refuseUpgrade(socket, admission.status)
      }
      if (!target) return refuseUpgrade(socket, 404)
      if (!isWebSocketHandshake(req)) {
        log.refused(
          `an upgrade to ${target.origin} was refused: only WebSockets go through, since whatever follows another one (h2c) could ask for anything.`,
        )
        return refuseUpgrade(socket, 400)
      }
      const call = buildCall({ req, admission, target, relay, route, session, upgrade: { socket, head } })
      usedTargets.note(target)
      passOn(req, undefined, call, {
        decline: () => refuseUpgrade(socket, 404),
        fail: ({ code }) => refuseUpgrade(socket, failureStatus(code)),
      })
    },

    serveClientScript(req, res, scriptWith) {
      const { admission } = receive(req, { kind: 'reserved', rest: '' }, false)
      if (!admission.allowed) {
        log.refused(admission.message)
        return refuse(res, admission.status, admission.code)
      }
      res.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-cache' })
      // Only a page of our own is sure to have the origin that these were decided for.
      const isOwnPage = req.headers['sec-fetch-site'] === 'same-origin'
      const script = scriptWith(isOwnPage ? decisions.known(admission.ownOrigin) : {})
      res.end(req.method === 'HEAD' ? undefined : script)
    },

    async close() {
      explanations.close()
      jars.close()
      await transport.close()
    },
  }
}

/** Whether a target has no options of its own. */
function isPlain({ proxy }: Target): boolean {
  return Object.keys(proxy).length === 0
}

/** To where a direct request works, or nobody names a target. */
function sendOn(res: ServerResponse, { origin, pathAndQuery }: RelayPath, { otherOrigin }: Admission): void {
  if (otherOrigin !== undefined) {
    for (const [name, value] of corsResponseHeaders(otherOrigin, [])) res.setHeader(name, value)
  }
  res.writeHead(302, { location: origin + pathAndQuery, 'cache-control': 'no-store', 'content-length': 0 }).end()
}

function unknownTarget({ origin }: RelayPath, advice: Advice): string {
  return `a page asked the relay for ${origin}, which no target names. Write ${advice.target(origin)} to name it.`
}

const VPN_ANSWERS =
  'names lead to 198.18.0.0/15: a VPN tool answers for them (Clash, Surge and the like do), so that where they really lead is up to it.'

const UNKNOWN_HOP = 'a redirect was followed that this dev server, since its start, has not given. Make the call again.'

function answerPreflight(req: IncomingMessage, res: ServerResponse, origin: string): void {
  const { get } = headerGetter(req)
  const { status, headers } = preflightResponse({
    origin,
    requestMethod: get('access-control-request-method') ?? 'GET',
    requestHeaders: get('access-control-request-headers'),
    requestPrivateNetwork: get('access-control-request-private-network') === 'true',
    requestLocalNetwork: get('access-control-request-local-network') === 'true',
  })
  for (const [name, value] of headers) res.setHeader(name, value)
  res.writeHead(status).end()
}
