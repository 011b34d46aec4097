import { isDroppedByRedirect, isSafeRedirectTarget } from '../standard/chromium'
import { isSameOrigin, taintsOrigin } from '../standard/origin'
import {
  includesCredentials,
  isRedirectStatus,
  locations,
  locationUrl,
  locationUrlOfChromium,
  redirectedRequest,
  withoutCredentials,
} from '../standard/redirect'
import type { DirectResponse } from './direct-exchange'
import { type Hop, type Journey, type NextRequest, report } from './journey'
import { preflightCauses } from './preflight'
import { filteredResponse } from './response'
import type { HopVerdict } from './verdict'

export interface Redirect {
  isRedirect: boolean
  location: URL | null
  /** What Chromium's network stack calls a `Location` that leads nowhere. */
  invalid?: 'net::ERR_INVALID_REDIRECT' | 'net::ERR_RESPONSE_HEADERS_MULTIPLE_LOCATION'
  /** Whether `net::URLRequest`, which counts for itself, has followed as many as it does. */
  isOneTooMany?: boolean
}

const MAX_REDIRECTS = 20

/** `KeepAliveURLLoader` counts one more. */
const MAX_REDIRECTS_OF_BEACONS_IN_CHROMIUM = 19

/** https://fetch.spec.whatwg.org/#concept-response-location-url, and what a dialect takes for a redirect. */
export function redirectOf(journey: Journey, hop: Hop, { status, headers }: DirectResponse): Redirect {
  if (!isRedirectStatus(status)) return { isRedirect: false, location: null }
  const { rules, request } = journey
  const isChromium = rules.dialect === 'chromium'
  const values = locations(headers)
  const location = isChromium ? locationUrlOfChromium(values, hop.url) : locationUrl(values, hop.url)
  // Where there is one plain URL to follow, both follow it.
  const isFollowed = request.redirect === 'follow' && hop.index < MAX_REDIRECTS_OF_BEACONS_IN_CHROMIUM
  if (values.length !== 1 || !isFollowed || !isPlain(location)) journey.mayDiffer = true
  const isOneTooMany = isChromium && hop.index - journey.networkRequestFrom === MAX_REDIRECTS
  switch (location) {
    case 'several':
      return { isRedirect: true, location: null, invalid: 'net::ERR_RESPONSE_HEADERS_MULTIPLE_LOCATION' }
    case 'failure':
      return { isRedirect: true, location: null, invalid: 'net::ERR_INVALID_REDIRECT', isOneTooMany }
    case null:
      // To Chromium it is a response like any other, unless redirects are for the page to follow.
      return { isRedirect: !isChromium || request.redirect === 'manual', location }
    default:
      return { isRedirect: true, location, isOneTooMany }
  }
}

function isPlain(location: URL | string | null): boolean {
  return location instanceof URL && /^https?:/.test(location.protocol) && !includesCredentials(location)
}

/** In Chromium, and only on the page's own origin. */
const FOLLOWS_CREDENTIALS = new Set<Journey['request']['initiator']>(['XMLHttpRequest', 'sendBeacon'])

/** https://fetch.spec.whatwg.org/#concept-http-fetch, step 6, and https://fetch.spec.whatwg.org/#http-redirect-fetch */
export function httpRedirectFetch(
  journey: Journey,
  hop: Hop,
  { status, headers }: DirectResponse,
  { location, invalid, isOneTooMany }: Redirect,
): Pick<HopVerdict, 'redirectsTo'> & { next?: NextRequest } {
  const { request, rules, tainting } = journey
  const isChromium = rules.dialect === 'chromium'
  const redirectsTo = location ? { redirectsTo: withoutCredentials(location).href } : {}

  // "manual": set response to an opaque-redirect filtered response whose internal response is internalResponse.
  if (request.redirect === 'manual') {
    if (!(invalid && isChromium)) journey.response = filteredResponse('opaqueredirect', headers, false)
    return redirectsTo
  }
  // "error": set response to a network error. Chromium looks at the location first.
  const isRefused = request.redirect === 'error'
  if (isRefused && !isChromium) {
    report(journey, hop, 'response', 'RedirectModeError')
    return redirectsTo
  }

  // 4. If locationURL is null, then return response.
  // 5. If locationURL is failure, then return a network error.
  if (invalid) {
    if (!isChromium) report(journey, hop, 'response', 'InvalidRedirect', { netError: invalid })
    return {}
  }
  if (!location) {
    journey.response = filteredResponse(tainting, headers, request.credentials === 'include')
    return {}
  }

  // 7. If request's redirect count is 20, then return a network error. Chromium counts first, and its network stack once
  // more.
  const isBeacon = isChromium && request.initiator === 'sendBeacon'
  const isLast = hop.index === (isBeacon ? MAX_REDIRECTS_OF_BEACONS_IN_CHROMIUM : MAX_REDIRECTS)
  if (isLast && isChromium) {
    if (!isOneTooMany) report(journey, hop, 'response', 'TooManyRedirects')
    return redirectsTo
  }
  // 6. If locationURL's scheme is not an HTTP(S) scheme, then return a network error.
  if (location.protocol !== 'http:' && location.protocol !== 'https:') {
    if (isChromium) refuseScheme(journey, hop, status, location)
    else report(journey, hop, 'response', 'CorsDisabledScheme', { failedUrl: location.href, location: location.href })
    return redirectsTo
  }
  if (isLast) {
    report(journey, hop, 'response', 'TooManyRedirects')
    return redirectsTo
  }
  // 9. If request's mode is "cors", locationURL includes credentials, and request's origin is not same origin with it,
  // 10. or request's response tainting is "cors" and locationURL includes credentials, then return a network error.
  const toOrigin = location.origin
  const isForeign = !isSameOrigin(toOrigin, request.origin)
  const isRefusedForCors = tainting === 'cors' || (request.mode === 'cors' && isForeign)
  if (includesCredentials(location) && isRefusedForCors) {
    report(journey, hop, 'response', 'RedirectContainsCredentials', { location: withoutCredentials(location).href })
  }
  // 11. If status is not 303, request's body is non-null, and request's body's source is null, return a network error.
  if (cannotSendAgain(journey, hop, status)) {
    report(journey, hop, 'response', 'RedirectOfStreamBody')
    return redirectsTo
  }
  if (isRefused) {
    report(journey, hop, 'response', 'RedirectModeError')
    return redirectsTo
  }
  // Chromium follows no such redirect in any mode, and says nothing.
  const isRefusedByMode = request.mode === 'same-origin' && isForeign
  if (
    isChromium &&
    !FOLLOWS_CREDENTIALS.has(request.initiator) &&
    includesCredentials(location) &&
    !isRefusedForCors &&
    !isRefusedByMode
  ) {
    report(journey, hop, 'response', 'RedirectContainsCredentials', {
      location: withoutCredentials(location).href,
      isSilent: true,
    })
  }

  // Nor does the page follow it for a beacon, but `KeepAliveURLLoader` has done so by then.
  if (isChromium && request.initiator === 'sendBeacon' && includesCredentials(location)) journey.isUnheard = true

  // 12-13. What of the request goes along.
  const { method, headers: kept } = carriedRequest(journey, hop, status, location)
  // 18. Append locationURL to request's URL list, of which the redirect-taint is made.
  if (taintsOrigin(request.origin, hop.urlOrigin, toOrigin)) journey.isOriginTainted = true
  // 22. Return the result of running main fetch.
  return { ...redirectsTo, next: { url: location, method, headers: kept } }
}

/** Whether the request still has a body, and that is a stream. */
function cannotSendAgain({ request }: Journey, hop: Hop, status: number): boolean {
  return request.hasStreamBody && status !== 303 && hop.method === request.method
}

/** Chromium has many ways to refuse it, and most are silent. */
function refuseScheme(journey: Journey, hop: Hop, status: number, location: URL): void {
  const { request, tainting } = journey
  if (cannotSendAgain(journey, hop, status)) {
    report(journey, hop, 'response', 'RedirectOfStreamBody')
  } else if (!isSafeRedirectTarget(location)) {
    report(journey, hop, 'response', 'InvalidRedirect', { netError: 'net::ERR_UNSAFE_REDIRECT' })
  } else if (request.redirect === 'error') {
    report(journey, hop, 'response', 'RedirectModeError', { isSilent: true })
  } else if (request.mode === 'same-origin') {
    report(journey, hop, 'response', 'DisallowedByMode', { isSilent: true })
  } else {
    report(journey, hop, 'response', 'CorsDisabledScheme', {
      failedUrl: location.href,
      location: location.href,
      isSilent:
        request.mode === 'no-cors' || (tainting === 'cors' && isWebSocketByAccident(journey, hop, status, location)),
    })
  }
}

function carriedRequest(
  { request, rules }: Journey,
  hop: Hop,
  status: number,
  location: URL,
): Omit<NextRequest, 'url'> {
  const { method, headers } = redirectedRequest(hop, status, !isSameOrigin(hop.urlOrigin, location.origin))
  if (rules.dialect === 'standard') return { method, headers }
  return { method, headers: headers.filter(([name]) => !isDroppedByRedirect(name, request.origin, location)) }
}

/** To its loader `ws` and `wss` are schemes with CORS; it is only a request made anew that is looked at once more. */
function isWebSocketByAccident(journey: Journey, hop: Hop, status: number, location: URL): boolean {
  const next = carriedRequest(journey, hop, status, location)
  const isMadeAnew = next.method !== hop.method || preflightCauses(journey, next).length > 0
  return (location.protocol === 'ws:' || location.protocol === 'wss:') && !isMadeAnew
}
