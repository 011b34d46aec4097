import { taintsOrigin } from '../standard/origin'
import {
  includesCredentials,
  isRedirectStatus,
  locationUrl,
  locationUrlOfChromium,
  redirectedRequest,
} from '../standard/redirect'
import { isSameOrigin } from '../standard/origin'
import type { DirectResponse } from './direct-exchange'
import { type Hop, type Journey, report, withoutCredentials } from './journey'
import { filteredResponse } from './response'
import type { HopVerdict } from './verdict'

/** What main fetch starts from, again and again. */
export interface NextRequest {
  url: URL
  method: string
  headers: Hop['headers']
}

export interface Redirect {
  isRedirect: boolean
  /** Whether its `Location` is no URL. */
  isInvalid: boolean
  location: URL | null
}

/** https://fetch.spec.whatwg.org/#concept-response-location-url, and what a dialect takes for a redirect. */
export function redirectOf(
  { rules: { dialect } }: Journey,
  { url }: Hop,
  { status, headers }: DirectResponse,
): Redirect {
  if (!isRedirectStatus(status)) return { isRedirect: false, isInvalid: false, location: null }
  const location = dialect === 'chromium' ? locationUrlOfChromium(headers, url) : locationUrl(headers, url)
  if (location === 'failure') return { isRedirect: true, isInvalid: true, location: null }
  return { isRedirect: location !== null || dialect === 'standard', isInvalid: false, location }
}

const MAX_REDIRECTS = 20

/** https://fetch.spec.whatwg.org/#concept-http-fetch, step 6, and https://fetch.spec.whatwg.org/#http-redirect-fetch */
export function httpRedirectFetch(
  journey: Journey,
  hop: Hop,
  { status, headers }: DirectResponse,
  { location, isInvalid }: Redirect,
): Pick<HopVerdict, 'redirectsTo'> & { next?: NextRequest } {
  const { request, rules, tainting } = journey
  const isChromium = rules.dialect === 'chromium'
  const redirectsTo = location ? { redirectsTo: withoutCredentials(location) } : {}

  // "manual": set response to an opaque-redirect filtered response whose internal response is internalResponse.
  if (request.redirect === 'manual') {
    if (!(isInvalid && isChromium)) journey.response = filteredResponse('opaqueredirect', headers, false)
    return redirectsTo
  }
  // "error": set response to a network error. Chromium looks at the location first.
  const isRefused = request.redirect === 'error'
  if (isRefused && !isChromium) {
    report(journey, hop, 'response', 'RedirectModeError')
    return redirectsTo
  }

  // 3. If locationURL is null, then return response.
  // 4. If locationURL is failure, then return a network error.
  if (isInvalid) {
    if (!isChromium) report(journey, hop, 'response', 'InvalidRedirect')
    return {}
  }
  if (!location) {
    journey.response = filteredResponse(tainting, headers, request.credentials === 'include')
    return {}
  }

  // 5. If locationURL's scheme is not an HTTP(S) scheme, then return a network error.
  if (location.protocol !== 'http:' && location.protocol !== 'https:') {
    report(journey, hop, 'response', 'CorsDisabledScheme', { failedUrl: location.href, location: location.href })
    return redirectsTo
  }
  // 6. If request's redirect count is 20, then return a network error.
  if (hop.index === MAX_REDIRECTS) {
    report(journey, hop, 'response', 'TooManyRedirects')
    return redirectsTo
  }
  // 8. If request's mode is "cors", locationURL includes credentials, and request's origin is not same origin with it,
  // 9. or request's response tainting is "cors" and locationURL includes credentials, then return a network error.
  if (
    includesCredentials(location) &&
    (tainting === 'cors' || (request.mode === 'cors' && !isSameOrigin(location.origin, request.origin)))
  ) {
    report(journey, hop, 'response', 'RedirectContainsCredentials', {
      ...(redirectsTo.redirectsTo && { location: redirectsTo.redirectsTo }),
    })
  }
  // 10. If status is not 303, request's body is non-null, and request's body's source is null, return a network error.
  if (request.hasStreamBody && status !== 303 && hop.method === request.method) {
    report(journey, hop, 'response', 'RedirectOfStreamBody')
    return redirectsTo
  }
  if (isRefused) {
    report(journey, hop, 'response', 'RedirectModeError')
    return redirectsTo
  }

  // 11-13. What of the request goes along.
  const next = redirectedRequest(hop, status, hop.url, location)
  // 17. Append locationURL to request's URL list, of which the redirect-taint is made.
  if (taintsOrigin(request.origin, hop.url, location)) journey.isOriginTainted = true
  // 19. Return the result of running main fetch.
  return { ...redirectsTo, next: { url: location, method: next.method, headers: next.headers } }
}
