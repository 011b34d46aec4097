import { corsCheck, type CorsCheckFailure } from './cors-check'
import type { Dialect } from './dialect'
import { isCorsNonWildcardRequestHeaderName, parseTokenList, type HeaderReader } from './headers'
import { isCorsSafelistedMethod } from './methods'
import { isRedirectStatus } from './redirect'

/** The part of a request that decides whether a direct call would pass the CORS protocol. */
export interface RequestShape {
  /** Normalized method. */
  method: string
  /** CORS-unsafe request-header names: lower-case, sorted. */
  headers: readonly string[]
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
 * https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, up to the request: what a preflight says beside what every
 * request says. It never carries credentials.
 *
 * @param origin the request's origin, serialized
 * @param names CORS-unsafe request-header names: lower-case, sorted
 */
export function corsPreflightRequestHeaders(
  method: string,
  names: readonly string[],
  origin: string,
): [name: string, value: string][] {
  const headers: [string, string][] = [
    // 2. Append (`Accept`, `*/*`).
    ['Accept', '*/*'],
    // 3. Append (`Access-Control-Request-Method`, request's method).
    ['Access-Control-Request-Method', method],
  ]
  // 4-5. If headers is not empty, its items are separated by `,` and nothing else.
  if (names.length > 0) headers.push(['Access-Control-Request-Headers', names.join(',')])
  headers.push(['Origin', origin])
  return headers
}

/** One thing that is wrong with a preflight response. */
export interface PreflightProblem {
  reason: PreflightFailure
  /** The CORS-unsafe request-header names that are not allowed. */
  names?: string[]
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
  const [first] = corsPreflightProblems(shape, origin, response)
  return first ? { passes: false, ...first } : { passes: true }
}

/**
 * All that is wrong with a preflight response, in the order in which it is found: the standard stops at the first. Each
 * step is judged as if those before it had gone well.
 *
 * @param origin the request's origin, serialized
 */
export function corsPreflightProblems(
  shape: RequestShape,
  origin: string,
  { status, headers }: { status: number; headers: HeaderReader },
  dialect: Dialect = 'standard',
): PreflightProblem[] {
  const problems: PreflightProblem[] = []
  const isChromium = dialect === 'chromium'

  // Chromium meets a redirect before it reads anything else, and without a Location it is none.
  const isRedirect = isRedirectStatus(status) && (!isChromium || !!headers.get('location'))
  if (isChromium && isRedirect) problems.push({ reason: 'PreflightDisallowedRedirect' })

  // 7. If a CORS check for request and response returns success and response's status is an ok status, then:
  const check = corsCheck(origin, shape.credentials, headers)
  if (!check.passes) problems.push({ reason: `Preflight${check.reason}` })
  if (!isChromium && isRedirect) problems.push({ reason: 'PreflightDisallowedRedirect' })
  else if (!isRedirect && (status < 200 || status > 299)) problems.push({ reason: 'PreflightInvalidStatus' })

  // 7.1-7.3. If either methods or headerNames is failure, return a network error. One bad element voids a list.
  const allowMethods = headers.get('access-control-allow-methods')
  let methods = parseTokenList(allowMethods)
  const names = parseTokenList(headers.get('access-control-allow-headers'))
  if (methods === undefined) problems.push({ reason: 'InvalidAllowMethodsPreflightResponse' })
  if (names === undefined) problems.push({ reason: 'InvalidAllowHeadersPreflightResponse' })

  // 7.4. If methods is null and request's use-CORS-preflight flag is set, then set methods to request's method.
  if (shape.forcesPreflight && allowMethods === null && !isChromium) methods = [shape.method]

  // 7.5. Methods compare case-sensitively; `*` is a wildcard only without credentials.
  if (methods && !isMethodAllowed(shape, methods)) problems.push({ reason: 'MethodDisallowedByPreflightResponse' })

  // 7.6-7.7. Every CORS-unsafe request-header name must be listed; `*` is none of them where there are credentials.
  const missing = names ? namesNotAllowed(shape, names, isChromium) : []
  if (missing.length > 0) problems.push({ reason: 'HeaderDisallowedByPreflightResponse', names: missing })
  return problems
}

function isMethodAllowed({ method, credentials }: RequestShape, methods: readonly string[]): boolean {
  return methods.includes(method) || isCorsSafelistedMethod(method) || (!credentials && methods.includes('*'))
}

function namesNotAllowed(shape: RequestShape, names: readonly string[], coversAuthorization: boolean): string[] {
  if (shape.headers.length === 0) return []
  const listed = new Set(names.map((name) => name.toLowerCase()))
  const isWildcard = !shape.credentials && listed.has('*')
  return shape.headers.filter((name) => {
    if (listed.has(name.toLowerCase())) return false
    // No browser but Firefox, behind a preference, refuses `*` for Authorization as the standard does.
    return !isWildcard || (!coversAuthorization && isCorsNonWildcardRequestHeaderName(name))
  })
}
