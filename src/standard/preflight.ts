import { corsCheck, type CorsCheckFailure } from './cors-check'
import { isCorsNonWildcardRequestHeaderName, parseTokenList, type HeaderReader } from './headers'
import { isCorsSafelistedMethod } from './methods'

/** The part of a request that decides whether a direct call would pass the CORS protocol. */
export interface RequestShape {
  /** Normalized method. */
  method: string
  /** CORS-unsafe request-header names: lower-case, sorted. */
  headers: string[]
  /** Whether the credentials mode is `include`. */
  credentials: boolean
  /** The use-CORS-preflight flag: upload listeners and stream bodies set it. */
  forcesPreflight: boolean
}

/** Why a preflight response lets no actual request follow, named after Chromium's `CorsError`. */
export type PreflightFailure =
  | `Preflight${CorsCheckFailure}`
  | 'PreflightDisallowedRedirect'
  | 'PreflightInvalidStatus'
  | 'InvalidAllowMethodsPreflightResponse'
  | 'InvalidAllowHeadersPreflightResponse'
  | 'MethodDisallowedByPreflightResponse'
  | 'HeaderDisallowedByPreflightResponse'

export type PreflightResult =
  | { passes: true }
  | {
      passes: false
      reason: PreflightFailure
      /** The CORS-unsafe request-header names that are not allowed. */
      names?: string[]
    }

/**
 * https://fetch.spec.whatwg.org/#cors-preflight-request: an `OPTIONS` without `Access-Control-Request-Method` is a
 * request as any other, and so is one without `Origin`.
 */
export function isCorsPreflightRequest(request: { method: string; headers: HeaderReader }): boolean {
  return (
    request.method === 'OPTIONS' &&
    request.headers.get('origin') !== null &&
    request.headers.get('access-control-request-method') !== null
  )
}

/** https://fetch.spec.whatwg.org/#main-fetch, where it chooses "HTTP fetch with makeCORSPreflight set". */
export function needsPreflight(shape: RequestShape): boolean {
  return shape.forcesPreflight || !isCorsSafelistedMethod(shape.method) || shape.headers.length > 0
}

/**
 * https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, from the response on.
 *
 * @param origin the request's origin, serialized
 */
export function preflightPasses(
  shape: RequestShape,
  origin: string,
  response: { status: number; headers: HeaderReader },
): PreflightResult {
  const { status, headers } = response

  // The standard has a network error for a redirect at step 7 too; Chromium reports it before it reads a header.
  if ([301, 302, 303, 307, 308].includes(status)) return { passes: false, reason: 'PreflightDisallowedRedirect' }

  // 7. A CORS check with the credentials mode of the actual request, and an ok status.
  const check = corsCheck(origin, shape.credentials, headers)
  if (!check.passes) return { passes: false, reason: `Preflight${check.reason}` }
  if (status < 200 || status > 299) return { passes: false, reason: 'PreflightInvalidStatus' }

  // 7.1-7.3. Both lists must parse: one bad element voids all.
  let methods = parseTokenList(headers.get('access-control-allow-methods'))
  if (methods === undefined) return { passes: false, reason: 'InvalidAllowMethodsPreflightResponse' }
  const names = parseTokenList(headers.get('access-control-allow-headers'))
  if (names === undefined) return { passes: false, reason: 'InvalidAllowHeadersPreflightResponse' }

  // 7.4. If methods is null and the use-CORS-preflight flag is set, methods is the request's own.
  if (shape.forcesPreflight && headers.get('access-control-allow-methods') === null) methods = [shape.method]

  // 7.5. Methods compare case-sensitively; `*` is a wildcard only without credentials.
  const wildcards = !shape.credentials
  if (
    !methods.includes(shape.method) &&
    !isCorsSafelistedMethod(shape.method) &&
    !(wildcards && methods.includes('*'))
  ) {
    return { passes: false, reason: 'MethodDisallowedByPreflightResponse' }
  }

  // 7.6-7.7. Every CORS-unsafe name must be listed; `*` never covers a CORS non-wildcard request-header name.
  const listed = new Set(names.map((name) => name.toLowerCase()))
  const missing = shape.headers.filter((name) => {
    if (listed.has(name.toLowerCase())) return false
    return isCorsNonWildcardRequestHeaderName(name) || !(wildcards && listed.has('*'))
  })
  if (missing.length > 0) return { passes: false, reason: 'HeaderDisallowedByPreflightResponse', names: missing }
  return { passes: true }
}
