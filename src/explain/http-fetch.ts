import { crossOriginResourcePolicyCheck } from '../standard/corp'
import { corsCheck } from '../standard/cors-check'
import { type HeaderReader, readHeaderLines } from '../standard/headers'
import { type Hop, type Journey, type NextRequest, report } from './journey'
import { corsPreflightFetch, preflightCauses } from './preflight'
import { httpRedirectFetch, redirectOf } from './redirect'
import { filteredResponse, isTooBig } from './response'
import type { HopVerdict } from './verdict'

export interface HttpFetchResult extends Pick<HopVerdict, 'preflight' | 'corsCheck' | 'redirectsTo'> {
  next?: NextRequest
}

/** Where the CORS protocol has no part. */
export const WITHOUT_CORS: HttpFetchResult = { preflight: { causes: [], result: 'unneeded' }, corsCheck: 'unneeded' }

/** https://fetch.spec.whatwg.org/#concept-http-fetch */
export function httpFetch(journey: Journey, hop: Hop): HttpFetchResult {
  const { request, rules, tainting } = journey

  // 4.1. If makeCORSPreflight is true, let preflightResponse be the result of running CORS-preflight fetch.
  const causes = tainting === 'cors' ? preflightCauses(journey, hop) : []
  const preflight = corsPreflightFetch(journey, hop, causes)
  // Where a call with CORS leaves the page's origin, and behind a preflight, Chromium makes another network request.
  const leavesOwnOrigin = tainting === 'cors' && journey.hops.at(-1)?.isCrossOrigin === false
  if (leavesOwnOrigin || causes.length > 0) journey.networkRequestFrom = hop.index

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
  // Chromium's network stack looks at the redirect before anybody looks at the response.
  if (redirect.isOneTooMany) report(journey, hop, 'response', 'TooManyRedirects')
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

  // https://fetch.spec.whatwg.org/#main-fetch, 14: the filtered response that tainting asks for.
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

/** https://fetch.spec.whatwg.org/#scheme-fetch of `data`: the answer is in the URL. */
export function fetchData(journey: Journey): HttpFetchResult {
  journey.response = { type: 'basic', readableHeaders: ['content-type'], hiddenHeaders: [] }
  return WITHOUT_CORS
}

/** https://websockets.spec.whatwg.org/#websocket-opening-handshake: the server reads `Origin` itself; CORS has no part. */
export function establishWebSocket(journey: Journey, hop: Hop): HttpFetchResult {
  const response = hop.seen?.response
  if (!response) missResponse(journey, hop)
  else if (response.status === 101) journey.response = filteredResponse('basic', [], true)
  else report(journey, hop, 'response', 'WebSocketHandshakeFailed', { status: response.status })
  return WITHOUT_CORS
}
