/**
 * What a browser would have made of a call, had there been no proxy. It reads as the standard reads: main fetch →
 * CORS-preflight fetch → CORS check → HTTP-redirect fetch → filtered response, each with the standard's own steps. But it
 * goes on after a failure as if that had been put right, so that all is found that is wrong.
 *
 * https://fetch.spec.whatwg.org/
 */
import { crossOriginResourcePolicyCheck } from '../standard/corp'
import { corsCheck } from '../standard/cors-check'
import { type HeaderReader, readHeaderLines } from '../standard/headers'
import { isCorsSafelistedMethod, isForbiddenMethod } from '../standard/methods'
import { isBlockedAsMixedContent, isUpgradedFromMixedContent } from '../standard/mixed-content'
import { isSameOrigin, OPAQUE_ORIGIN, urlOfOrigin } from '../standard/origin'
import { isBlockedDueToBadPort } from '../standard/port-blocking'
import { includesCredentials } from '../standard/redirect'
import type { RegistrableDomain } from '../standard/site'
import { judgeCookies } from './cookies'
import type { DirectExchange, DirectRequest, DirectResponse } from './direct-exchange'
import { explainEither } from './either'
import { proposeFixes } from './fix'
import { type Hop, type Journey, report, type Rules } from './journey'
import { addressSpaceOf, localNetworkAccess } from './local-network'
import { corsPreflightFetch, preflightCauses } from './preflight'
import { httpRedirectFetch, type NextRequest, redirectOf } from './redirect'
import { remarksOn } from './remarks'
import { credentialsOf, type Given, newRequest, read, withoutCredentials } from './request'
import { filteredResponse, isTooBig } from './response'
import type { Dialect, HopVerdict, Outcome, Verdict } from './verdict'

export interface ExplainOptions {
  /**
   * Whose rules decide. Console texts are Chromium's either way.
   *
   * @default 'standard'
   */
  dialect?: Dialect
  /**
   * https://url.spec.whatwg.org/#host-registrable-domain, by a public suffix list such as that of `tldts`. Which cookies go
   * to `api.example.com` from `app.example.com` can't be told without one.
   *
   * @default nothing: what it would take is unknown then
   */
  registrableDomain?: RegistrableDomain
}

/** Pure: what it is given is neither changed nor kept. It never throws. */
export function explain(exchange: DirectExchange, options: ExplainOptions = {}): Verdict {
  const { dialect = 'standard', registrableDomain } = options
  if (credentialsOf(exchange.request) === 'unknown') return explainEither(exchange, (known) => explain(known, options))

  const rules: Rules = { dialect, registrableDomain }
  const given = read(exchange)
  const { verdict, mayDiffer } = judge(given, rules)
  const other = mayDiffer ? judge(given, { ...rules, dialect: OTHER[dialect] }).verdict : verdict
  verdict.fixes = proposeFixes(exchange, verdict, (direct) => judge(read(direct), rules).verdict)
  verdict.remarks = remarksOn(exchange, verdict, other)
  return verdict
}

const OTHER = { standard: 'chromium', chromium: 'standard' } as const

/** A verdict without what is made of it, and whether the other dialect may come to another. */
function judge(given: Given, rules: Rules): { verdict: Verdict; mayDiffer: boolean } {
  const { exchange, url, isDialectal } = given
  const { dialect } = rules
  const journey: Journey = {
    rules,
    exchange,
    request: newRequest(given, dialect),
    tainting: 'basic',
    isOriginTainted: false,
    urls: [],
    problems: [],
    unsettled: [],
    hops: [],
    response: undefined,
    mayDiffer: isDialectal,
  }
  const { request, problems, unsettled, hops } = journey

  if (!url) {
    const place = { index: 0, href: request.href, origin: request.origin, method: request.method }
    report(journey, place, 'request', 'InvalidUrl')
  }
  if (given.isTooBig) {
    unsettled.push({
      hop: 0,
      missing: 'response',
      sentence: `Whether ${request.href} takes a request with more than 256 KiB of headers would settle it: most servers refuse it, and here they are not read.`,
    })
  }
  let next = url && isAccepted(journey, url) ? firstRequest(journey, url) : undefined
  for (let index = 0; next; index++) next = mainFetch(journey, index, next)

  const outcome = problems.length > 0 ? 'blocked' : unsettled.length > 0 ? 'unknown' : 'allowed'
  const verdict: Verdict = {
    dialect,
    outcome,
    reason: problems[0]?.reason,
    consoleText: problems[0]?.consoleText,
    problems,
    hops,
    unsettled: outcome === 'unknown' ? unsettled : [],
    response: outcome === 'allowed' ? journey.response : undefined,
    cookies: url ? judgeCookies(journey, url) : NO_COOKIES,
    fixes: [],
    remarks: [],
  }
  return { verdict, mayDiffer: journey.mayDiffer }
}

const NO_COOKIES = { sent: 'none', stored: 'none', sentence: 'No cookies go along: there is nothing to call.' } as const

/** What `fetch()` throws at once, before there is a request: https://fetch.spec.whatwg.org/#dom-request */
function isAccepted(journey: Journey, url: URL): boolean {
  const { request } = journey
  const place = { index: 0, href: request.href, origin: request.origin, method: request.method }
  const before = journey.problems.length
  // 5. If parsedURL includes credentials, then throw a TypeError.
  if (request.initiator === 'fetch' && includesCredentials(url)) report(journey, place, 'request', 'UrlWithCredentials')
  // 25. If method is not a method or method is a forbidden method, then throw a TypeError.
  if (isForbiddenMethod(request.method)) report(journey, place, 'request', 'ForbiddenMethod')
  // 32. If this's request's mode is "no-cors" and its method is not a CORS-safelisted method, then throw a TypeError.
  else if (request.mode === 'no-cors' && !isCorsSafelistedMethod(request.method)) {
    report(journey, place, 'request', 'MethodDisallowedByMode')
  }
  return journey.problems.length === before
}

function firstRequest({ request: { method, headers } }: Journey, url: URL): NextRequest {
  return { url, method, headers }
}

/** https://fetch.spec.whatwg.org/#main-fetch; a redirect gives the next request. */
function mainFetch(journey: Journey, index: number, { url, method, headers }: NextRequest): NextRequest | undefined {
  const { request, rules, exchange } = journey
  const isImageOrMedia = ['image', 'media', 'audio'].includes(request.initiator)

  // 4. Upgrade a mixed content request to a potentially trustworthy URL, if appropriate.
  if (isUpgradedFromMixedContent(request.origin, url, isImageOrMedia)) {
    url = new URL(url)
    url.protocol = 'https:'
  }

  journey.urls.push(url)
  const origin = journey.isOriginTainted ? OPAQUE_ORIGIN : request.origin
  const hop: Hop = {
    index,
    url,
    urlOrigin: url.origin,
    href: withoutCredentials(url),
    method,
    headers,
    origin,
    seen: exchange.hops[index],
  }
  const before = { problems: journey.problems.length, unsettled: journey.unsettled.length }

  // In Chromium it is fetch() that looks at mode and scheme, and the loader below it that looks at the rest.
  const steps = [blockRequest, chooseTainting]
  if (rules.dialect === 'chromium') steps.reverse()
  let isStopped = false
  for (const step of steps) if (!step(journey, hop)) isStopped = true
  const result: HttpFetchResult = isStopped
    ? { preflight: { causes: [], result: 'unneeded' }, corsCheck: 'unneeded' }
    : request.initiator === 'WebSocket'
      ? establishWebSocket(journey, hop)
      : url.protocol === 'data:'
        ? fetchData(journey)
        : httpFetch(journey, hop)

  const outcome: Outcome =
    journey.problems.length > before.problems
      ? 'blocked'
      : journey.unsettled.length > before.unsettled
        ? 'unknown'
        : 'allowed'
  journey.hops.push({
    url: hop.href,
    origin: sendsOrigin(journey, hop) ? originSent(journey, hop) : undefined,
    method,
    headers,
    outcome,
    isCrossOrigin: journey.tainting !== 'basic',
    preflight: result.preflight,
    corsCheck: result.corsCheck,
    redirectsTo: result.redirectsTo,
  })
  return result.next
}

/** https://fetch.spec.whatwg.org/#append-a-request-origin-header */
function sendsOrigin({ tainting, rules, request: { initiator, mode } }: Journey, { method }: Hop): boolean {
  if (tainting === 'cors' || initiator === 'WebSocket' || (method !== 'GET' && method !== 'HEAD')) return true
  // An element with a `crossorigin` attribute tells its own server, too.
  return rules.dialect === 'chromium' && mode === 'cors' && ELEMENTS.has(initiator)
}

const ELEMENTS = new Set<DirectRequest['initiator']>(['image', 'track', 'script', 'stylesheet', 'font'])

/** https://fetch.spec.whatwg.org/#append-a-request-origin-header without CORS, where the referrer policy has a say. */
function originSent({ rules, request, tainting, urls }: Journey, { url, origin }: Hop): string {
  if (tainting === 'cors' || request.initiator === 'WebSocket') return origin
  if (rules.dialect === 'chromium') {
    // `RedirectUtil::UpdateHttpRequest` hides it from whoever comes after the first other origin.
    return urls.every((each) => each.origin === urls[0]?.origin) ? origin : OPAQUE_ORIGIN
  }
  // strict-origin-when-cross-origin: 1. If request's origin is a tuple origin, its scheme is "https", and request's
  // current URL's scheme is not "https", then set serializedOrigin to `null`.
  const isDowngrade = origin.startsWith('https://') && url.protocol !== 'https:'
  return request.mode !== 'cors' && isDowngrade ? OPAQUE_ORIGIN : origin
}

/**
 * 7. Should request be blocked due to a bad port, should fetching request be blocked as mixed content: then network error.
 *
 * Content security policies are the page's own business, and in no answer.
 */
function blockRequest(journey: Journey, hop: Hop): boolean {
  const { request, rules } = journey
  const { url } = hop
  const isMixed = isBlockedAsMixedContent(request.origin, url)
  const isBadPort = isBlockedDueToBadPort(url)
  if (rules.dialect === 'standard' && isBadPort) report(journey, hop, 'request', 'BadPort')
  if (isMixed) report(journey, hop, 'request', 'MixedContent')
  if (rules.dialect === 'chromium' && isBadPort) report(journey, hop, 'request', 'BadPort')
  blockLocalNetwork(journey, hop)
  return true
}

/** https://wicg.github.io/local-network-access/: not yet in the standard. */
function blockLocalNetwork(journey: Journey, hop: Hop): void {
  const { request, rules } = journey
  if (hop.url.protocol === 'data:') return
  const space = hop.seen?.addressSpace ?? addressSpaceOf(hop.url.hostname)
  if (space === undefined || space === 'public') return
  const page = request.addressSpace ?? addressSpaceOf(urlOfOrigin(request.origin)?.hostname ?? '')
  const access = localNetworkAccess(request.origin, page, space)
  if (access === undefined) return
  journey.mayDiffer = true
  if (rules.dialect === 'standard') return
  if (access !== 'unknown') {
    report(journey, hop, 'request', access, { addressSpace: space })
    return
  }
  journey.unsettled.push({
    hop: hop.index,
    missing: 'page-address-space',
    sentence: `${hop.href} is on a local network, where a page from the public internet needs the user's permission: where the page comes from would settle it.`,
  })
}

/** 12. The first matching statement; `false` where that is a network error. */
function chooseTainting(journey: Journey, hop: Hop): boolean {
  const { request, tainting } = journey
  const { url, urlOrigin } = hop
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:'
  if (request.initiator === 'WebSocket') return true

  // request's current URL's origin is same origin with request's origin, and request's response tainting is "basic"
  if (isSameOrigin(urlOrigin, request.origin) && tainting === 'basic') return true

  // request's current URL's scheme is "data"
  if (url.protocol === 'data:') return true

  // request's mode is "same-origin": return a network error.
  if (request.mode === 'same-origin') {
    report(journey, hop, 'request', 'DisallowedByMode')
    return false
  }

  // request's mode is "no-cors": if request's redirect mode is not "follow", return a network error. Opaque.
  if (request.mode === 'no-cors') {
    if (request.redirect !== 'follow') {
      report(journey, hop, 'request', 'NoCorsRedirectModeNotFollow')
      return false
    }
    journey.tainting = 'opaque'
  }

  // request's current URL's scheme is not an HTTP(S) scheme: return a network error.
  if (!isHttp) {
    report(journey, hop, 'request', 'CorsDisabledScheme')
    return false
  }

  // Otherwise: set request's response tainting to "cors".
  if (request.mode === 'cors') journey.tainting = 'cors'
  return true
}

/** https://fetch.spec.whatwg.org/#scheme-fetch of `data`: the answer is in the URL. */
function fetchData(journey: Journey): HttpFetchResult {
  journey.response = { type: 'basic', readableHeaders: ['content-type'], hiddenHeaders: [] }
  return { preflight: { causes: [], result: 'unneeded' }, corsCheck: 'unneeded' }
}

interface HttpFetchResult extends Pick<HopVerdict, 'preflight' | 'corsCheck' | 'redirectsTo'> {
  next?: NextRequest
}

/** https://fetch.spec.whatwg.org/#concept-http-fetch */
function httpFetch(journey: Journey, hop: Hop): HttpFetchResult {
  const { request, rules, tainting } = journey

  // 4.1. If makeCORSPreflight is true, let preflightResponse be the result of running CORS-preflight fetch.
  const causes = tainting === 'cors' ? preflightCauses(journey, hop) : []
  const preflight = corsPreflightFetch(journey, hop, causes)

  // 4.3. Set response to the result of running HTTP-network-or-cache fetch.
  const response = hop.seen?.response
  if (!response) {
    missResponse(journey, hop)
    return { preflight, corsCheck: tainting === 'cors' ? 'unknown' : 'unneeded' }
  }
  if (isTooBig(response.headers)) {
    report(journey, hop, 'response', 'ResponseHeadersTooBig')
    return { preflight, corsCheck: tainting === 'cors' ? 'failed' : 'unneeded' }
  }
  const headers = readHeaderLines(response.headers)
  const redirect = redirectOf(journey, hop, response)
  // Chromium's network stack looks at the location before anybody looks at the response.
  if (redirect.invalid && rules.dialect === 'chromium') {
    report(journey, hop, 'response', 'InvalidRedirect', { netError: redirect.invalid })
  }

  // 4.4. If request's response tainting is "cors" and a CORS check for request and response returns failure.
  const passes = tainting !== 'cors' || checkCors(journey, hop, headers)

  // 5. If tainting is "opaque", and the cross-origin resource policy check returns blocked, return a network error.
  if (tainting === 'opaque') checkResourcePolicy(journey, hop, headers)

  const result: HttpFetchResult = {
    preflight,
    corsCheck: tainting !== 'cors' ? 'unneeded' : passes ? 'passed' : 'failed',
  }
  // 6. If internalResponse's status is a redirect status:
  if (redirect.isRedirect) return { ...result, ...httpRedirectFetch(journey, hop, response, redirect) }

  // https://fetch.spec.whatwg.org/#main-fetch, 13: the filtered response that tainting asks for.
  journey.response = filteredResponse(tainting, response.headers, request.credentials === 'include')
  return result
}

function missResponse({ unsettled }: Journey, { index, href, seen }: Hop): void {
  if (index > 0 && !seen) {
    unsettled.push({
      hop: index,
      missing: 'later-hop',
      sentence: `What ${href} answers, where the redirect leads, would settle it.`,
    })
  } else {
    unsettled.push({
      hop: index,
      missing: 'response',
      sentence: `The response of ${href} to a request in this page's name would settle it.`,
    })
  }
}

/** https://fetch.spec.whatwg.org/#cors-check */
function checkCors(journey: Journey, hop: Hop, headers: HeaderReader): boolean {
  const check = corsCheck(hop.origin, journey.request.credentials === 'include', headers)
  if (check.passes) return true
  const value =
    check.reason === 'InvalidAllowCredentials'
      ? (headers.get('access-control-allow-credentials') ?? '')
      : check.reason === 'MissingAllowOriginHeader' || check.reason === 'WildcardOriginNotAllowed'
        ? undefined
        : (headers.get('access-control-allow-origin') ?? '')
  report(journey, hop, 'response', check.reason, { value })
  return false
}

/** https://fetch.spec.whatwg.org/#cross-origin-resource-policy-check */
function checkResourcePolicy(journey: Journey, hop: Hop, headers: HeaderReader): void {
  const { request, rules } = journey
  // Which sites are the same is where they part.
  if (headers.get('cross-origin-resource-policy') === 'same-site') journey.mayDiffer = true
  const failure = crossOriginResourcePolicyCheck({
    origin: request.origin,
    url: hop.url,
    embedderPolicy: request.embedderPolicy,
    // A credentialless page sends none in no-cors mode to another origin.
    includesCredentials: request.credentials === 'include' && request.embedderPolicy !== 'credentialless',
    headers,
    registrableDomain: rules.registrableDomain,
    dialect: rules.dialect,
  })
  if (failure === 'unknown') {
    journey.unsettled.push({
      hop: hop.index,
      missing: 'response',
      sentence: `${hop.href} has Cross-Origin-Resource-Policy: same-site: a public suffix list would settle whether it is of the page's site.`,
    })
  } else if (failure) {
    report(journey, hop, 'response', failure)
  }
}

/** https://websockets.spec.whatwg.org/#websocket-opening-handshake: the server reads `Origin` itself; CORS has no part. */
function establishWebSocket(journey: Journey, hop: Hop): HttpFetchResult {
  const response: DirectResponse | undefined = hop.seen?.response
  if (!response) missResponse(journey, hop)
  else if (response.status === 101) journey.response = filteredResponse('basic', [], true)
  else report(journey, hop, 'response', 'WebSocketHandshakeFailed', { status: response.status })
  return { preflight: { causes: [], result: 'unneeded' }, corsCheck: 'unneeded' }
}
