import type { CorsPolicy } from '../cors/policy'
import { isCorsSafelistedMethod, normalizeMethod } from '../standard/methods'
import { OPAQUE_ORIGIN } from '../standard/origin'
import type { DirectExchange } from './direct-exchange'
import { unsafeNames } from './preflight'
import type { Reason } from './reasons'
import { credentialsOf } from './request'
import type { Fix, HopVerdict, Problem, Verdict } from './verdict'

/**
 * What would have to change: the least that does, and never more than this call needs. It knows no server's syntax.
 *
 * @param judge judges another call by the same rules
 */
export function proposeFixes(
  exchange: DirectExchange,
  { hops, problems, outcome }: Pick<Verdict, 'hops' | 'problems' | 'outcome'>,
  judge: (exchange: DirectExchange) => Verdict,
): Fix[] {
  if (outcome !== 'blocked') return []
  const ofPage = problems.filter(({ hop, reason, at }) => hop === 0 && at === 'request' && reason in REQUEST_FIXES)
  const page = ofPage.map((problem) => requestFix(problem, exchange))
  // Once the page calls another URL, it is that one that is judged.
  for (const fix of page) {
    if (fix.callInstead === undefined) continue
    const direct = { ...exchange, request: { ...exchange.request, url: fix.callInstead } }
    return [fix, ...proposeFixes(direct, judge(direct), judge)]
  }
  const detour = problems.find((problem) => isDetour(problem, hops, exchange))
  if (detour) return [...page, ...fixDetour(exchange, hops, detour, judge)]
  return [
    ...page,
    ...hops.flatMap((hop, index) =>
      serverFixes(
        hop,
        problems.filter((problem) => problem.hop === index),
        exchange,
      ),
    ),
  ]
}

// The page

type Write = (exchange: DirectExchange, url: string) => { sentence: string; callInstead?: string }

/** Where no answer of any server helps. */
const REQUEST_FIXES: Partial<Record<Reason, Write>> = {
  InvalidUrl: () => ({ sentence: 'Call an absolute http or https URL.' }),
  UrlWithCredentials: ({ request }, url) => ({
    sentence:
      (request.initiator ?? 'fetch') === 'fetch'
        ? 'Leave user name and password out of the URL; an Authorization header carries them.'
        : 'Leave user name and password out of the URL.',
    // Of what else there is in a URL that no browser calls, the rest tells.
    ...(/^https?:/.test(url) && { callInstead: url }),
  }),
  ForbiddenMethod: () => ({ sentence: 'Use another method: no browser sends this one.' }),
  MethodDisallowedByMode: () => ({ sentence: 'Leave mode: "no-cors" out, and let the server allow the call.' }),
  DisallowedByMode: () => ({ sentence: 'Leave mode: "same-origin" out, and let the server allow the call.' }),
  NoCorsRedirectModeNotFollow: () => ({ sentence: 'Leave redirect out, or leave mode: "no-cors" out.' }),
  CorsDisabledScheme: () => ({ sentence: 'Call an http or https URL.' }),
  BadPort: () => ({ sentence: 'Let the server listen on another port: no browser calls this one.' }),
  MixedContent: (_, url) => ({
    sentence: 'Serve it over https and call it there.',
    // What listens on a port that somebody chose speaks one of the two.
    ...(hasDefaultPort(url) && { callInstead: url.replace(/^(http|ws):/, '$1s:') }),
  }),
  InsecureLocalNetwork: () => ({
    sentence:
      "Serve the page over https, so that the browser can ask for the user's permission, or from the local network.",
  }),
  LocalNetworkAccessPermissionDenied: () => ({
    sentence: "Serve the page from the local network, or have the user grant the browser's permission.",
  }),
}

function requestFix({ reason }: Problem, exchange: DirectExchange): Exclude<Fix, { kind: 'policy' }> {
  const url = bare(exchange.request.url)
  const write = REQUEST_FIXES[reason]
  return { kind: 'request', url, ...(write?.(exchange, url) ?? { sentence: 'Change the call.' }) }
}

// The way

const REDIRECT_REASONS = new Set<Reason>([
  'RedirectContainsCredentials',
  'InvalidRedirect',
  'RedirectModeError',
  'RedirectOfStreamBody',
  'TooManyRedirects',
  'CorsDisabledScheme',
])

/**
 * Whether a problem is of the redirects and not of a server: an origin of `null` is not to be allowed, since every page
 * can have it. Whoever is called without a detour is told the page's own.
 */
function isDetour(problem: Problem, hops: readonly HopVerdict[], { request }: DirectExchange): boolean {
  const { reason, at, hop } = problem
  if (at === 'response' && REDIRECT_REASONS.has(reason)) return true
  if (at === 'request' && hop > 0) return true
  const isTainted = hops[hop]?.origin === OPAQUE_ORIGIN && request.origin !== OPAQUE_ORIGIN
  return isTainted && isCorsProblem(problem)
}

function fixDetour(
  exchange: DirectExchange,
  hops: readonly HopVerdict[],
  { reason, hop: index, at }: Problem,
  judge: (exchange: DirectExchange) => Verdict,
): Fix[] {
  // The hop whose answer leads astray.
  const from = hops[at === 'response' && REDIRECT_REASONS.has(reason) ? index : Math.max(index - 1, 0)]
  const last = hops.at(-1)
  // Who says nowhere to go leads nowhere, not to itself.
  const target = last?.redirectsTo ?? (last === from ? undefined : last?.url)
  const url = from?.url ?? bare(exchange.request.url)
  const isReachable = target !== undefined && !DEAD_ENDS.has(reason)
  const sentence = redirectSentence(reason, isReachable ? target : undefined)
  if (!isReachable) return [{ kind: 'redirect', url, sentence }]

  const isSeen = last?.redirectsTo === undefined
  const direct: DirectExchange = {
    request: { ...exchange.request, ...onArrival(exchange, last), url: target },
    hops: isSeen ? exchange.hops.slice(hops.length - 1) : [],
  }
  const verdict = judge(direct)
  const [hop] = verdict.hops
  const policies =
    verdict.outcome === 'blocked'
      ? proposeFixes(direct, verdict, judge)
      : verdict.outcome === 'unknown' && hop?.isCrossOrigin
        ? [policyFix(hop, direct)]
        : []
  return [{ kind: 'redirect', url, sentence, callInstead: target }, ...policies]
}

/** What has come of the request at the end of its way. */
function onArrival({ request }: DirectExchange, last: HopVerdict | undefined): Partial<DirectExchange['request']> {
  // A beacon is what it is.
  if (!last || request.initiator === 'sendBeacon') return {}
  const { method, headers } = last
  const keepsBody = method === normalizeMethod(request.method ?? 'GET')
  return { method, headers, ...(!keepsBody && { hasStreamBody: false, hasUploadListener: false }) }
}

/** Where there is nothing at the end that could be called instead. */
const DEAD_ENDS = new Set<Reason>([
  'BadPort',
  'CorsDisabledScheme',
  'DisallowedByMode',
  'InsecureLocalNetwork',
  'InvalidRedirect',
  'LocalNetworkAccessPermissionDenied',
  'MixedContent',
  'TooManyRedirects',
])

function redirectSentence(reason: Reason, target: string | undefined): string {
  switch (reason) {
    case 'RedirectContainsCredentials':
      return `Call ${target} at once, and send what the user name and password are for in an Authorization header.`
    case 'RedirectModeError':
      return target === undefined
        ? 'Follow redirects, and let this one name one URL in Location.'
        : `Call ${target} at once, or follow redirects.`
    case 'RedirectOfStreamBody':
      return `Call ${target} at once: a stream can't be sent a second time.`
    case 'TooManyRedirects':
      return 'Let the redirects come to an end.'
    case 'InvalidRedirect':
      return 'Let the redirect name one URL in Location.'
    case 'CorsDisabledScheme':
      return 'Let the redirect lead to an http or https URL.'
    case 'BadPort':
      return 'Let the redirect lead to a port that browsers call.'
    case 'MixedContent':
      return 'Let the redirect lead to https.'
    case 'DisallowedByMode':
      return 'Leave mode: "same-origin" out, or let the redirect stay on its origin.'
    default:
      return target === undefined
        ? 'Let the redirect lead elsewhere.'
        : `Call ${target} at once: redirected there from another origin, the request has the origin "null", which no server should allow.`
  }
}

// The servers

/** Those that a policy puts right. */
const CORS_REASONS = new Set<Reason>([
  'AllowOriginMismatch',
  'HeaderDisallowedByPreflightResponse',
  'InvalidAllowCredentials',
  'InvalidAllowHeadersPreflightResponse',
  'InvalidAllowMethodsPreflightResponse',
  'InvalidAllowOriginValue',
  'MethodDisallowedByPreflightResponse',
  'MissingAllowOriginHeader',
  'MultipleAllowOriginValues',
  'PreflightAllowOriginMismatch',
  'PreflightDisallowedRedirect',
  'PreflightInvalidAllowCredentials',
  'PreflightInvalidAllowOriginValue',
  'PreflightInvalidStatus',
  'PreflightMissingAllowOriginHeader',
  'PreflightMultipleAllowOriginValues',
  'PreflightWildcardOriginNotAllowed',
  'WildcardOriginNotAllowed',
])

function isCorsProblem({ reason }: Problem): boolean {
  return CORS_REASONS.has(reason)
}

function serverFixes(hop: HopVerdict, problems: readonly Problem[], exchange: DirectExchange): Fix[] {
  const fixes: Fix[] = []
  for (const { reason } of problems) {
    if (reason.startsWith('Corp')) fixes.push(resourcePolicyFix(hop))
    else if (reason === 'ResponseHeadersTooBig') fixes.push(headerSizeFix(hop))
    else if (reason === 'WebSocketHandshakeFailed') fixes.push(webSocketFix(hop, exchange))
  }
  if (problems.some(isCorsProblem)) fixes.push(policyFix(hop, exchange))
  return fixes
}

/** The policy that lets just this call pass. */
function policyFix(hop: HopVerdict, { request }: DirectExchange): Fix {
  const credentials = credentialsOf(request) === 'include'
  const isOpaque = request.origin === OPAQUE_ORIGIN
  if (isOpaque && credentials) {
    return {
      kind: 'request',
      url: hop.url,
      sentence:
        'Give the page an origin: it is sandboxed or a local file, and its origin "null" is one that any page can have, so no server may allow it together with credentials.',
    }
  }
  const { causes, redirectsTo } = hop.preflight
  const policy: CorsPolicy = {
    // To allow `null` is to allow everyone, and `*` says so.
    origins: isOpaque ? '*' : [request.origin],
    credentials,
    methods: isCorsSafelistedMethod(hop.method) ? [] : [hop.method],
    requestHeaders: unsafeNames(causes),
    exposedHeaders: [],
    answersPreflight: causes.length > 0,
  }
  return {
    kind: 'policy',
    url: hop.url,
    policy,
    varyOrigin: policy.origins !== '*',
    sentence: policySentence(hop, policy),
    ...(redirectsTo !== undefined && { callInstead: redirectsTo }),
  }
}

function policySentence({ url, preflight: { redirectsTo } }: HopVerdict, policy: CorsPolicy): string {
  const origin = policy.origins === '*' ? '*' : policy.origins.join(', ')
  const both = [`Access-Control-Allow-Origin: ${origin}`]
  if (policy.credentials) both.push('Access-Control-Allow-Credentials: true')
  if (policy.origins !== '*') both.push('Vary: Origin')
  const preflight: string[] = []
  if (policy.methods.length > 0) preflight.push(`Access-Control-Allow-Methods: ${policy.methods.join(', ')}`)
  if (policy.requestHeaders.length > 0) {
    preflight.push(`Access-Control-Allow-Headers: ${policy.requestHeaders.join(', ')}`)
  }
  const sends = `Have ${url} send ${list(both)}`
  if (!policy.answersPreflight) return `${sends}.`
  const orElse = redirectsTo === undefined ? '' : ` Or call ${redirectsTo} at once, where it redirects to.`
  return `${sends}, and answer OPTIONS with status 204, ${list(['the same headers', ...preflight])}.${orElse}`
}

function list(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

function resourcePolicyFix({ url }: HopVerdict): Fix {
  return {
    kind: 'header',
    url,
    header: ['cross-origin-resource-policy', 'cross-origin'],
    sentence: `Have ${url} send Cross-Origin-Resource-Policy: cross-origin, which lets every page embed it.`,
  }
}

function headerSizeFix({ url }: HopVerdict): Fix {
  return { kind: 'request', url, sentence: `Have ${url} send less than 256 KiB of response headers.` }
}

function webSocketFix({ url }: HopVerdict, { request }: DirectExchange): Fix {
  return {
    kind: 'request',
    url,
    sentence: `Have the WebSocket server at ${url} accept Origin: ${request.origin}; CORS headers have no part in it.`,
  }
}

function hasDefaultPort(url: string): boolean {
  return /^(?:http|ws):/.test(url) && URL.canParse(url) && new URL(url).port === ''
}

function bare(url: string): string {
  return url.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i, '$1')
}
