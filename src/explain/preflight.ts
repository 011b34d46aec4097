import { isSafelistedByChromium } from '../standard/chromium'
import {
  corsUnsafeRequestHeaderNames,
  type HeaderReader,
  isCorsSafelistedRequestHeader,
  readHeaderLines,
} from '../standard/headers'
import { isCorsSafelistedMethod } from '../standard/methods'
import { isPotentiallyTrustworthyUrl } from '../standard/mixed-content'
import { isSameOrigin, OPAQUE_ORIGIN } from '../standard/origin'
import { corsPreflightProblems, corsPreflightRequestHeaders, type PreflightFailure } from '../standard/preflight'
import { isRedirectStatus, locations, locationUrl, withoutCredentials } from '../standard/redirect'
import { isSameSite } from '../standard/site'
import type { DirectResponse } from './direct-exchange'
import { type Details, type Hop, type Journey, report } from './journey'
import { isTooBig } from './response'
import type { HopVerdict, PreflightCause } from './verdict'

/** https://fetch.spec.whatwg.org/#main-fetch, where it chooses "HTTP fetch with makeCORSPreflight set". */
export function preflightCauses(
  { rules, request }: Journey,
  { method, headers }: Pick<Hop, 'method' | 'headers'>,
): PreflightCause[] {
  const causes: PreflightCause[] = []
  // request's use-CORS-preflight flag is set,
  if (request.hasUploadListener) causes.push({ kind: 'upload-listener' })
  if (request.hasStreamBody) causes.push({ kind: 'stream-body' })
  // or request's method is not a CORS-safelisted method
  if (!isCorsSafelistedMethod(method)) causes.push({ kind: 'method', method })
  // or CORS-unsafe request-header names with request's header list is not empty
  if (headers.length > 0) {
    const isSafelisted = rules.dialect === 'chromium' ? isSafelistedByChromium : isCorsSafelistedRequestHeader
    const names = corsUnsafeRequestHeaderNames(withAccept(headers), isSafelisted)
    if (names.length > 0) causes.push({ kind: 'headers', names })
  }
  return causes
}

/**
 * https://fetch.spec.whatwg.org/#fetching, 12: a request always has it, and its bytes count with all others. Only where
 * all of them come near the limit does it matter.
 */
function withAccept(headers: Hop['headers']): Hop['headers'] {
  let size = ACCEPT[1].length
  for (const [name, value] of headers) {
    if (name.length === 6 && name.toLowerCase() === 'accept') return headers
    size += value.length
  }
  return size > 1024 ? [...headers, ACCEPT] : headers
}

const ACCEPT = ['accept', '*/*'] as const

export function unsafeNames(causes: readonly PreflightCause[]): readonly string[] {
  for (const cause of causes) if (cause.kind === 'headers') return cause.names
  return []
}

/** https://fetch.spec.whatwg.org/#cors-preflight-fetch-0 */
export function corsPreflightFetch(
  journey: Journey,
  hop: Hop,
  causes: readonly PreflightCause[],
): HopVerdict['preflight'] {
  if (causes.length === 0) return { causes, result: 'unneeded' }
  const request = preflightRequest(journey, hop, causes)
  const answer = hop.seen?.preflight
  if (!answer) {
    journey.unsettled.push({
      hop: hop.index,
      missing: 'preflight',
      sentence: `A browser asks ${hop.href} first; its answer to the preflight would settle it.`,
    })
    return { causes, result: 'unknown', request }
  }
  const redirectsTo = redirectOf(hop, answer)
  const result = judgeAnswer(journey, hop, causes, answer, redirectsTo) ? 'passed' : 'failed'
  return { causes, result, request, ...(redirectsTo !== undefined && { redirectsTo }) }
}

/** Of an answer with a redirect status: the one plain URL that could be called instead. */
function redirectOf({ url }: Hop, { status, headers }: DirectResponse): string | undefined {
  const location = isRedirectStatus(status) ? locationUrl(locations(headers), url) : null
  return location instanceof URL && /^https?:$/.test(location.protocol) ? withoutCredentials(location).href : undefined
}

function judgeAnswer(
  journey: Journey,
  hop: Hop,
  causes: readonly PreflightCause[],
  { status, headers }: DirectResponse,
  location: string | undefined,
): boolean {
  if (isTooBig(headers)) {
    report(journey, hop, 'preflight', 'ResponseHeadersTooBig')
    return false
  }
  const shape = {
    method: hop.method,
    headers: unsafeNames(causes),
    credentials: journey.request.credentials === 'include',
    forcesPreflight: journey.request.hasUploadListener || journey.request.hasStreamBody,
  }
  const reader = readHeaderLines(headers)
  if (isRedirectStatus(status) || isAuthorizationByWildcard(shape.headers, reader)) journey.mayDiffer = true
  const problems = corsPreflightProblems(shape, hop.origin, { status, headers: reader }, journey.rules.dialect)
  for (const { reason, names } of problems) {
    report(journey, hop, 'preflight', reason, { status, location, ...detailsOf(reason, hop, names, reader) })
  }
  return problems.length === 0
}

function isAuthorizationByWildcard(names: readonly string[], headers: HeaderReader): boolean {
  return names.includes('authorization') && !!headers.get('access-control-allow-headers')?.includes('*')
}

function detailsOf(
  reason: PreflightFailure,
  { method }: Hop,
  names: readonly string[] | undefined,
  headers: HeaderReader,
): Details {
  const said = (name: string): string => headers.get(name) ?? ''
  switch (reason) {
    case 'PreflightMultipleAllowOriginValues':
    case 'PreflightInvalidAllowOriginValue':
    case 'PreflightAllowOriginMismatch':
      return { value: said('access-control-allow-origin') }
    case 'PreflightInvalidAllowCredentials':
      return { value: said('access-control-allow-credentials') }
    // Chromium's message leaves them out.
    case 'InvalidAllowMethodsPreflightResponse':
      return { unnamed: said('access-control-allow-methods') }
    case 'InvalidAllowHeadersPreflightResponse':
      return { unnamed: said('access-control-allow-headers') }
    case 'MethodDisallowedByPreflightResponse':
      return { value: method }
    case 'HeaderDisallowedByPreflightResponse':
      // Of several, Chromium's message names any.
      return names?.[0] === undefined ? {} : { value: names[0], names }
    default:
      return {}
  }
}

/** As it stands on the wire, with what a browser adds of its own. */
function preflightRequest(
  journey: Journey,
  { url, method, origin }: Hop,
  causes: readonly PreflightCause[],
): NonNullable<HopVerdict['preflight']['request']> {
  const { request, rules, urls } = journey
  // Chromium goes by the scheme alone.
  const isSecure = rules.dialect === 'chromium' ? hasSecureScheme : isPotentiallyTrustworthyUrl
  const headers = corsPreflightRequestHeaders(method, unsafeNames(causes), origin)
  // https://w3c.github.io/webappsec-fetch-metadata/: only where nobody on the way could read them.
  if (isPotentiallyTrustworthyUrl(url)) {
    headers.push(['Sec-Fetch-Mode', 'cors'])
    const site = fetchSite(journey, url)
    if (site !== undefined) headers.push(['Sec-Fetch-Site', site])
    headers.push(['Sec-Fetch-Dest', 'empty'])
  }
  // https://w3c.github.io/webappsec-referrer-policy/#referrer-policy-strict-origin-when-cross-origin
  const isDowngrade = request.origin.startsWith('https://') && !urls.every(isSecure)
  if (request.origin !== OPAQUE_ORIGIN && !isDowngrade) headers.push(['Referer', `${request.origin}/`])
  return { method: 'OPTIONS', headers }
}

function hasSecureScheme({ protocol }: URL): boolean {
  return protocol === 'https:'
}

/** https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header; nothing where it takes the public suffix list. */
function fetchSite({ request: { origin }, rules, urls }: Journey, url: URL): string | undefined {
  let site = 'same-origin'
  // Chromium's preflight knows no redirects.
  for (const each of rules.dialect === 'chromium' ? [url] : urls) {
    if (isSameOrigin(origin, each.origin)) continue
    const isSame = isSameSite(origin, each, rules.registrableDomain)
    if (isSame === undefined) return undefined
    if (!isSame) return 'cross-site'
    site = 'same-site'
  }
  return site
}
