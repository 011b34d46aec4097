import type { IncomingMessage } from 'node:http'
import { perCall } from '../exchange/per-call'
import { connectionOptions, isHopByHop } from '../standard/hop-by-hop'
import type { Target } from '../targets/target'
import type { Call } from './call'
import type { CookieJars } from './cookie-jar'
import { urlOfOrigin } from './origin-url'
import type { PageCookies } from './page-cookies'
import { isEncrypted } from './page-request'

export type HeaderRecord = Record<string, string | string[]>

export interface RequestRewrite {
  jars: CookieJars
  pageCookies: PageCookies
  productionOrigin: string | undefined
  /** This dev server's name in `Via`, by which it knows its own requests again. */
  via: string
}

/**
 * Fields that are made anew below, or that speak of the way between page and dev server alone. `Expect` has been
 * answered by Node.
 */
const NEVER_PASSED_ON = new Set([
  'host',
  'expect',
  'cookie',
  'origin',
  'referer',
  'via',
  'http2-settings',
  'access-control-request-private-network',
  'access-control-request-local-network',
])

/** The header that goes up. */
export function buildUpstreamHeaders(req: IncomingMessage, call: Call, rewrite: RequestRewrite): HeaderRecord {
  const { target } = call
  const headers = perCall<HeaderRecord>({ host: urlOfOrigin(target.origin).host })
  const received = req.headers
  const options = connectionOptions(received.connection)
  for (const name in received) {
    const value = received[name]
    // HTTP/2's pseudo-header fields start with a colon.
    if (value === undefined || name.startsWith(':') || NEVER_PASSED_ON.has(name) || isHopByHop(name, options)) continue
    headers[name] = value
  }

  // https://fetch.spec.whatwg.org/#http-redirect-fetch: a step to another origin loses it.
  if (call.hop) delete headers['authorization']

  const cookie = cookieToSend(req, call, rewrite)
  if (cookie) headers['cookie'] = cookie

  setOrigin(headers, req, call, rewrite.productionOrigin)
  headers['via'] = (received['via'] ? `${received['via']}, ` : '') + `1.1 ${rewrite.via}`
  if (target.proxy.xfwd) addForwardedFor(headers, req)
  // On a hop another server chose what is asked: the developer's secrets are for what the page asks.
  if (!call.hop) injectHeaders(headers, target)
  return headers
}

function injectHeaders(headers: HeaderRecord, { proxy }: Target): void {
  if (proxy.auth) headers['authorization'] = `Basic ${Buffer.from(proxy.auth).toString('base64')}`
  if (!proxy.headers) return
  for (const [name, value] of Object.entries(proxy.headers)) {
    if (value !== undefined) headers[name.toLowerCase()] = typeof value === 'number' ? String(value) : [value].flat()
  }
}

/** `Origin` and what goes with it: what the upstream learns of who asks. */
export function setOrigin(
  headers: HeaderRecord,
  req: IncomingMessage,
  call: Call,
  productionOrigin: string | undefined,
): void {
  const origin = originToSend(call, productionOrigin)
  const sendsOrigin = !call.route || req.headers.origin !== undefined
  if (origin !== undefined && sendsOrigin) headers['origin'] = origin
  const { referer, 'sec-fetch-site': site } = req.headers
  // Whoever led a person here from another site stays who it is: the target's own name would vouch for it.
  const isLedHere = call.isNavigation && (site === 'cross-site' || site === 'same-site')
  // A redirect taints the origin alone: the referrer is still the page.
  const referrer = origin === 'null' && call.hop?.taintsOrigin ? (productionOrigin ?? call.pageOrigin) : origin
  if (referer !== undefined && isLedHere) headers['referer'] = referer
  else if (referer !== undefined && referrer !== undefined && referrer !== 'null') headers['referer'] = `${referrer}/`
  if (site !== undefined && !call.isNavigation) headers['sec-fetch-site'] = fetchSite(origin, call.target.origin)
}

/**
 * Whose origin the upstream is told. Servers refuse strangers by it, and an unsafe request that was refused can't be
 * repeated, so those name the target itself; a relayed read names the page, to see the answer that production will see.
 */
export function originToSend(call: Call, productionOrigin: string | undefined): string | undefined {
  const { target, exchange } = call
  const fromPage = call.hop?.taintsOrigin ? 'null' : (productionOrigin ?? call.pageOrigin)
  switch (target.originPolicy) {
    case 'remove':
      return undefined
    case 'target':
      return target.origin
    case 'page':
      return fromPage
    default: {
      const isRead = !call.upgrade && (exchange.method === 'GET' || exchange.method === 'HEAD')
      return isRead && readsAsPage(call) && !call.insistsOnOwnOrigin ? fromPage : target.origin
    }
  }
}

/** Whether reads name the page, to be repeated with the target's own origin where the target refuses strangers. */
export function readsAsPage({ target, route }: Pick<Call, 'target' | 'route'>): boolean {
  return target.originPolicy === 'as-relayed' || (target.originPolicy === 'default' && !route)
}

/** https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header, as far as two hosts tell it. */
function fetchSite(origin: string | undefined, target: string): string {
  if (origin === undefined || origin === target) return 'same-origin'
  if (!URL.canParse(origin)) return 'cross-site'
  const [a, b] = [urlOfOrigin(origin), urlOfOrigin(target)]
  return a.protocol === b.protocol && a.hostname === b.hostname ? 'same-site' : 'cross-site'
}

/**
 * The relay's cookies live in the jar; the browser's, which belong to the dev server's host and to every other project
 * there, stay here, but for what the target of a path route may see.
 */
function cookieToSend(req: IncomingMessage, call: Call, { jars, pageCookies }: RequestRewrite): string | undefined {
  const { exchange, route, session } = call
  if (route) return pageCookies.toSend(req, call)
  if (exchange.way === 'anon' || session === undefined) return undefined
  return jars.cookieHeader(session, new URL(exchange.upstreamUrl))
}

function addForwardedFor(headers: HeaderRecord, req: IncomingMessage): void {
  const append = (name: string, value: string | undefined): void => {
    if (value !== undefined) headers[name] = [headers[name], value].flat().filter(Boolean).join(',')
  }
  append('x-forwarded-for', req.socket.remoteAddress)
  append('x-forwarded-proto', isEncrypted(req) ? 'https' : 'http')
  append('x-forwarded-host', req.headers.host)
}
