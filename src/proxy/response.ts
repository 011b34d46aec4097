import type { HeaderLines } from '../exchange/exchange'
import { perCall } from '../exchange/per-call'
import { firstValue } from '../exchange/recorded-exchange'
import { RESERVED_PREFIX } from '../exchange/wire'
import { isEventSource } from '../explain/script-headers'
import { corsResponseHeaders, isAccessControlHeader, mergeVary } from '../cors/response-headers'
import { rewriteLocation } from '../routes/rewrite'
import type { RouteTable } from '../routes/table'
import { connectionOptions, isHopByHop } from '../standard/hop-by-hop'
import { isRedirectStatus } from '../standard/redirect'
import type { Call } from './call'
import { fitChallenges } from './challenges'
import type { CookieJars } from './cookie-jar'
import type { Hops } from './hop'
import type { PageCookies } from './page-cookies'
import type { HeaderRecord } from './request'
import type { TargetLog } from './target-log'

export interface ResponseRewrite {
  jars: CookieJars
  pageCookies: PageCookies
  hops: Hops
  table: RouteTable
  /** Absolute path of the reserved prefix, slash at its end. */
  prefix: string
  /** Whether an origin is one of the dev server's own. */
  isDevServer(origin: string): boolean
  log: TargetLog
}

/** Meant for the upstream's origin; on the dev server's they would act on the page, its storage and every other project. */
const ACTS_ON_THE_ORIGIN = new Set([
  'accept-ch',
  'alt-svc',
  'attribution-reporting-register-source',
  'attribution-reporting-register-trigger',
  'clear-site-data',
  'critical-ch',
  'expect-ct',
  'nel',
  'origin-agent-cluster',
  'observe-browsing-topics',
  'public-key-pins',
  'public-key-pins-report-only',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'sec-session-challenge',
  'sec-session-registration',
  'secure-session-challenge',
  'secure-session-registration',
  'service-worker-allowed',
  'set-login',
  'shared-storage-write',
  'sourcemap',
  'strict-transport-security',
  'use-as-dictionary',
  'x-sourcemap',
])

/** Upstream's header lines → the fields the page is given. */
export function buildSentHeaders(call: Call, upstream: HeaderLines, rewrite: ResponseRewrite): HeaderRecord {
  const sent = perCall<HeaderRecord>({})
  const setCookies: string[] = []
  const options = connectionOptions(valueOf(upstream, 'connection'))
  for (const [name, value] of upstream) {
    if (ACTS_ON_THE_ORIGIN.has(name) || isAccessControlHeader(name) || isHopByHop(name, options)) continue
    // Timing is allowed by the dev server for its own pages; whom the upstream allows is not who asks.
    if (name === 'timing-allow-origin') continue
    if (name === 'set-cookie') setCookies.push(value)
    else append(sent, name, value)
  }
  // RFC 9112 §6.2: with both, the coding decides, and a length that contradicts it splits responses.
  if (valueOf(upstream, 'transfer-encoding') !== undefined) delete sent['content-length']
  // RFC 9110 §8.6: a length without a body, for which HTTP/2 ends the stream.
  if (call.exchange.upstreamResponse?.status === 204) delete sent['content-length']

  keepCookies(call, setCookies, sent, rewrite)
  fitAuthentication(call, sent, rewrite.log)
  rewriteLocations(call, sent, rewrite)
  sent['cross-origin-resource-policy'] = 'same-origin'
  if (!call.route) {
    // Whatever comes through the relay is data: opened as a document it gets no origin and runs nothing.
    sent['content-security-policy'] = 'sandbox'
    sent['x-content-type-options'] = 'nosniff'
    delete sent['content-security-policy-report-only']
    if (!call.tellsDestination) disarm(sent)
  }
  if (call.otherOrigin !== undefined) {
    for (const [name, value] of corsResponseHeaders(call.otherOrigin, Object.keys(sent))) sent[name] = value
    sent['vary'] = mergeVary([sent['vary'] ?? []].flat().join(', ') || undefined, 'Origin')
  }
  return sent
}

/** All fields of a name, as one. */
function valueOf(lines: HeaderLines, asked: string): string | undefined {
  let found: string | undefined
  for (const [name, value] of lines) if (name === asked) found = found === undefined ? value : `${found}, ${value}`
  return found
}

/**
 * Types by which a browser runs what it is given, or styles the page with it. Anywhere in the field: of a list it takes
 * the last one.
 */
const COMES_TO_LIFE = /(?:java|ecma|live|j)script|text\/css|\bxslt?\b/i

/**
 * Where browsers don't say what they fetch for (plain http on the LAN), the guard can't refuse scripts, workers and
 * styles. As text they are data still, and with `nosniff` nothing else.
 */
function disarm(headers: HeaderRecord): void {
  const type = String(headers['content-type'] ?? '')
  if (!COMES_TO_LIFE.test(type)) return
  const charset = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(type)?.[1]
  headers['content-type'] = charset === undefined ? 'text/plain' : `text/plain; charset=${charset}`
}

/** Fields a browser reads only once; a second line would make it distrust both. */
function append(headers: HeaderRecord, name: string, value: string): void {
  // No server needs it, and an object has one of its own.
  if (name === '__proto__') return
  const existing = Object.hasOwn(headers, name) ? headers[name] : undefined
  if (existing === undefined) headers[name] = value
  else if (name === 'content-length' || name === 'location' || name === 'content-type') return
  else headers[name] = [existing, value].flat()
}

function keepCookies(call: Call, lines: string[], sent: HeaderRecord, rewrite: ResponseRewrite): void {
  if (lines.length === 0) return
  const { exchange, route, target, session } = call
  if (route) {
    sent['set-cookie'] = rewrite.pageCookies.toSet(call, lines)
  } else if (exchange.way === 'to' && session !== undefined && isDecodable(call)) {
    const { refused } = rewrite.jars.store(session, new URL(exchange.upstreamUrl), lines)
    for (const { name, reason } of refused) rewrite.log.cookieRefused(target, name, reason)
  }
}

/** Chromium refuses an encoding that it did not ask for as soon as it sees the header, and takes no cookies then. */
function isDecodable({ exchange }: Call): boolean {
  const { headers = [], status = 0 } = exchange.upstreamResponse ?? {}
  const accepted = firstValue(exchange.pageHeaders, 'accept-encoding')
  const encodings =
    valueOf(headers, 'content-encoding')
      ?.toLowerCase()
      .match(/\b(?:gzip|deflate|br|zstd)\b/g) ?? []
  return accepted === undefined || isRedirectStatus(status) || encodings.every((name) => accepted.includes(name))
}

function fitAuthentication({ exchange, target }: Call, sent: HeaderRecord, log: TargetLog): void {
  const lines = sent['www-authenticate']
  if (lines === undefined) return
  const { fitted, refused } = fitChallenges([lines].flat(), exchange.way === 'path' ? target.origin : undefined)
  delete sent['www-authenticate']
  if (fitted.length > 0) sent['www-authenticate'] = fitted
  if (refused === undefined) return
  log.once(
    `${target.origin} asks for a login by ${refused}, which is not passed on: the browser would give this machine's name the account that you are logged in with.`,
  )
}

/**
 * Redirects are followed by the browser, on the dev server's origin as long as a known target is meant. Where that
 * crosses origins, a nonce says so to the next request: https://fetch.spec.whatwg.org/#http-redirect-fetch
 */
function rewriteLocations(call: Call, sent: HeaderRecord, rewrite: ResponseRewrite): void {
  const { hops, table, prefix, log } = rewrite
  // Of the relay's answers browsers follow the redirects. All else is the page's to read, which knows the upstream alone:
  // where a 201 says that an upload is, it is.
  const isRedirect = isRedirectStatus(call.exchange.upstreamResponse?.status ?? 0)
  for (const name of call.route ? ['location', 'content-location'] : isRedirect ? ['location'] : []) {
    const location = sent[name]
    if (typeof location !== 'string') continue
    const mapped = rewriteLocation(location, {
      table,
      upstreamUrl: call.exchange.upstreamUrl,
      way: call.exchange.way,
      route: call.route,
      isNavigation: call.isNavigation,
      isDevServer: (origin) => rewrite.isDevServer(origin) || new URL(origin).host === new URL(call.ownOrigin).host,
      prefixes: [prefix, RESERVED_PREFIX],
    })
    if (mapped.kind === 'unchanged') continue
    if (mapped.kind === 'url') {
      sent[name] = mapped.url
      continue
    }
    if (mapped.kind === 'nowhere') {
      delete sent[name]
      if (name !== 'location') continue
      log.once(
        `${call.target.origin} redirects relayed calls to this dev server. Called directly, browsers refuse that: the page's origin is "null" by then. Use redirect: 'manual', or a path route.`,
      )
      // A network error in every browser. From one of these an event stream comes back, where a refusal ends it: that of a
      // name in an address, too, and nobody is asked.
      const isStream = isEventSource((header) => firstValue(call.exchange.pageHeaders, header))
      sent[name] = isStream ? call.target.origin.replace('://', '://refused@') : 'data:,'
      sent['cache-control'] = 'no-store'
      continue
    }
    if (mapped.kind === 'path') {
      sent[name] = mapped.path
      continue
    }
    const isCross = mapped.origin !== call.target.origin || call.hop !== undefined
    if (name === 'location' && isCross) {
      // https://fetch.spec.whatwg.org/#concept-request-tainted-origin: a page's own path route is no foreign URL.
      const taintsOrigin = call.hop?.taintsOrigin === true || (!call.route && mapped.origin !== call.target.origin)
      const nonce = hops.issue({ origin: mapped.origin, taintsOrigin })
      sent[name] = `${prefix}hop/${nonce}/${mapped.relayPath}`
      // A 301 that the browser keeps would outlive its nonce.
      sent['cache-control'] = 'no-store'
    } else {
      sent[name] = prefix + mapped.relayPath
    }
  }
}
