import { isSafelistedByChromium } from '../standard/chromium'
import { corsUnsafeRequestHeaderNames, readHeaderLines } from '../standard/headers'
import { isCorsSafelistedMethod } from '../standard/methods'
import { isPotentiallyTrustworthyUrl } from '../standard/mixed-content'
import { isSameOrigin } from '../standard/origin'
import { corsPreflightProblems, corsPreflightRequestHeaders, type PreflightFailure } from '../standard/preflight'
import { isSameSite } from '../standard/site'
import type { DirectResponse } from './direct-exchange'
import { type Hop, type Journey, report } from './journey'
import { isTooBig } from './response'
import type { HopVerdict, PreflightCause } from './verdict'

/** https://fetch.spec.whatwg.org/#main-fetch, where it chooses "HTTP fetch with makeCORSPreflight set". */
export function preflightCauses({ rules, request }: Journey, { method, headers }: Hop): PreflightCause[] {
  const causes: PreflightCause[] = []
  // request's use-CORS-preflight flag is set,
  if (request.hasUploadListener) causes.push({ kind: 'upload-listener' })
  if (request.hasStreamBody) causes.push({ kind: 'stream-body' })
  // or request's method is not a CORS-safelisted method
  if (!isCorsSafelistedMethod(method)) causes.push({ kind: 'method', method })
  // or CORS-unsafe request-header names with request's header list is not empty
  if (headers.length > 0) {
    const names =
      rules.dialect === 'chromium'
        ? corsUnsafeRequestHeaderNames(headers, isSafelistedByChromium)
        : corsUnsafeRequestHeaderNames(headers)
    if (names.length > 0) causes.push({ kind: 'headers', names })
  }
  return causes
}

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
  return { causes, result: judgeAnswer(journey, hop, causes, answer) ? 'passed' : 'failed', request }
}

function judgeAnswer(
  journey: Journey,
  hop: Hop,
  causes: readonly PreflightCause[],
  { status, headers }: DirectResponse,
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
  const problems = corsPreflightProblems(shape, hop.origin, { status, headers: reader }, journey.rules.dialect)
  for (const { reason, names } of problems) {
    const value = valueNamed(reason, hop, names, (name) => reader.get(name))
    report(journey, hop, 'preflight', reason, {
      status,
      ...(value !== undefined && { value }),
      ...(names && { names }),
    })
  }
  return problems.length === 0
}

/** What Chromium's message names; of several missing names it picks any. */
function valueNamed(
  reason: PreflightFailure,
  { method }: Hop,
  names: readonly string[] | undefined,
  get: (name: string) => string | null,
): string | undefined {
  switch (reason) {
    case 'PreflightMultipleAllowOriginValues':
    case 'PreflightInvalidAllowOriginValue':
    case 'PreflightAllowOriginMismatch':
      return get('access-control-allow-origin') ?? ''
    case 'PreflightInvalidAllowCredentials':
      return get('access-control-allow-credentials') ?? ''
    case 'InvalidAllowMethodsPreflightResponse':
      return get('access-control-allow-methods') ?? ''
    case 'InvalidAllowHeadersPreflightResponse':
      return get('access-control-allow-headers') ?? ''
    case 'MethodDisallowedByPreflightResponse':
      return method
    case 'HeaderDisallowedByPreflightResponse':
      return names?.[0]
    default:
      return undefined
  }
}

/** As it stands on the wire, with what a browser adds of its own. */
function preflightRequest(
  { request, rules, isOriginTainted }: Journey,
  { url, method, origin }: Hop,
  causes: readonly PreflightCause[],
): NonNullable<HopVerdict['preflight']['request']> {
  const headers = corsPreflightRequestHeaders(method, unsafeNames(causes), origin)
  // https://w3c.github.io/webappsec-fetch-metadata/: only where nobody on the way could read them.
  if (isPotentiallyTrustworthyUrl(url)) {
    headers.push(['Sec-Fetch-Mode', 'cors'])
    const site = fetchSite(request.origin, url, isOriginTainted, rules)
    if (site) headers.push(['Sec-Fetch-Site', site])
    headers.push(['Sec-Fetch-Dest', 'empty'])
  }
  // https://w3c.github.io/webappsec-referrer-policy/#referrer-policy-strict-origin-when-cross-origin
  // Chromium goes by the scheme alone.
  const isSecure = rules.dialect === 'chromium' ? url.protocol === 'https:' : isPotentiallyTrustworthyUrl(url)
  const isDowngrade = request.origin.startsWith('https://') && !isSecure
  if (request.origin !== 'null' && !isDowngrade) headers.push(['Referer', `${request.origin}/`])
  return { method: 'OPTIONS', headers }
}

/** https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header; nothing where it takes the public suffix list. */
function fetchSite(
  page: string,
  url: URL,
  isOriginTainted: boolean,
  { registrableDomain }: Journey['rules'],
): string | undefined {
  if (isSameOrigin(page, url.origin) && !isOriginTainted) return 'same-origin'
  const site = isSameSite(page, url, registrableDomain)
  return site === undefined ? undefined : site ? 'same-site' : 'cross-site'
}
