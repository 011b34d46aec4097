import type { HeaderLines } from '../exchange/exchange'
import { decisionKey, type RequestShape, type RouteAnswer } from '../exchange/wire'
import { type PreflightFailure, preflightPasses } from '../standard/preflight'
import { isLoopbackHost } from '../targets/address'
import type { Target } from '../targets/target'

export interface ProbeRequest {
  target: Target
  method: 'OPTIONS'
  url: string
  headers: Record<string, string>
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal
}

export interface ProbeDecision {
  route: RouteAnswer['route']
  /** What was found out, as the second half of a sentence. */
  reason: string
}

export interface Probe {
  /** Whether this call would pass the CORS protocol if the page made it directly. Never rejects. */
  decide(question: RequestShape & { url: string }, pageOrigin: string, target: Target): Promise<ProbeDecision>
  /** What is known for pages of an origin, by {@link decisionKey}: the page need not ask for it again. */
  known(pageOrigin: string): Record<string, RouteAnswer['route']>
}

/** Preflights per target and minute. A page has a handful of request shapes; more than this is a page gone wild. */
const DEFAULT_BUDGET = 30
const MINUTE = 60_000
const DEFAULT_TIMEOUT = 5_000
/** A server that is being configured should not need a restart of the dev server to be believed. */
const LIFETIME = 10 * MINUTE
/** No answer says nothing about CORS: it is asked again soon. */
const LIFETIME_WITHOUT_ANSWER = 30_000
const MAX_DECISIONS = 500

interface Known {
  pageOrigin: string
  shapeKey: string
  decision: Promise<ProbeDecision>
  /** Once it is decided. */
  settled: { route: RouteAnswer['route']; until: number } | undefined
}

/**
 * Finds out whether a direct call works, by the one request that is safe to send in advance: the preflight that a browser
 * would send. It is also sent for calls that need none, since a server that allows a page says so in its preflight
 * response; one that says nothing there is relayed, which works as well.
 */
export function createProbe(input: {
  dispatch(request: ProbeRequest): Promise<{ status: number; headers: HeaderLines }>
  /** Milliseconds since the epoch. */
  now(): number
  /** Preflights per target and minute. */
  budget?: number
  /** Milliseconds. */
  timeout?: number
}): Probe {
  const { dispatch, now, budget = DEFAULT_BUDGET, timeout = DEFAULT_TIMEOUT } = input
  const known = new Map<string, Known>()
  /** By target's origin: when its preflights of the last minute were sent. */
  const sentAt = new Map<string, number[]>()

  function takeFromBudget(origin: string): boolean {
    const recent = (sentAt.get(origin) ?? []).filter((time) => time > now() - MINUTE)
    sentAt.set(origin, recent)
    if (recent.length >= budget) return false
    recent.push(now())
    return true
  }

  async function ask(
    question: RequestShape & { url: string },
    pageOrigin: string,
    target: Target,
  ): Promise<ProbeDecision & { lifetime: number }> {
    const controller = new AbortController()
    let timer: NodeJS.Timeout | undefined
    try {
      const response = await Promise.race([
        dispatch({
          target,
          method: 'OPTIONS',
          url: withoutFragment(question.url),
          headers: preflightHeaders(question, pageOrigin),
          signal: controller.signal,
        }),
        new Promise<never>((_resolve, reject) => {
          timer = setTimeout(() => reject(new Error('timeout')), timeout)
          timer.unref()
        }),
      ])
      const result = preflightPasses(question, pageOrigin, {
        status: response.status,
        headers: reader(response.headers),
      })
      return result.passes
        ? { route: 'direct', reason: `it allows ${pageOrigin} itself`, lifetime: LIFETIME }
        : { route: 'relay', reason: failureReason(result.reason, result.names, response, question), lifetime: LIFETIME }
    } catch {
      // Why, the relayed call will say, should it fail too.
      return { route: 'relay', reason: 'it did not answer a preflight', lifetime: LIFETIME_WITHOUT_ANSWER }
    } finally {
      clearTimeout(timer)
      controller.abort()
    }
  }

  return {
    async decide(question, pageOrigin, target) {
      const impossible = neverDirect(question.url, pageOrigin, target)
      if (impossible) return { route: 'relay', reason: impossible }

      const shapeKey = decisionKey(target.origin, question)
      const key = `${pageOrigin} ${shapeKey}`
      const before = known.get(key)
      if (before && (before.settled === undefined || before.settled.until > now())) return before.decision
      if (!takeFromBudget(target.origin)) {
        return { route: 'relay', reason: `it was asked ${budget} times within a minute` }
      }

      const entry: Known = { pageOrigin, shapeKey, settled: undefined, decision: undefined as never }
      entry.decision = ask(question, pageOrigin, target).then(({ route, reason, lifetime }) => {
        entry.settled = { route, until: now() + lifetime }
        return { route, reason }
      })
      known.delete(key)
      known.set(key, entry)
      for (const [oldest] of known) {
        if (known.size <= MAX_DECISIONS) break
        known.delete(oldest)
      }
      return entry.decision
    },

    known(pageOrigin) {
      const decisions: Record<string, RouteAnswer['route']> = {}
      for (const { pageOrigin: asker, shapeKey, settled } of known.values()) {
        if (asker === pageOrigin && settled && settled.until > now()) decisions[shapeKey] = settled.route
      }
      return decisions
    },
  }
}

/** What no header of the server could change; `undefined` when it is worth asking. */
function neverDirect(url: string, pageOrigin: string, target: Target): string | undefined {
  const { protocol, origin, hostname } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:') return 'only http and https calls follow the CORS protocol'
  // What is asked is the target and nothing else: the page names the URL.
  if (origin !== target.origin) return 'it is not the target that was asked for'
  // https://w3c.github.io/webappsec-mixed-content/: potentially trustworthy hosts are let through.
  const isTrustworthy = protocol === 'https:' || isLoopbackHost(hostname)
  if (pageOrigin.startsWith('https:') && !isTrustworthy) return 'browsers block plain http from an https page'
  return undefined
}

/** https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, up to the request, with what Chromium adds of its own. */
function preflightHeaders(question: RequestShape & { url: string }, pageOrigin: string): Record<string, string> {
  const headers: Record<string, string> = {
    accept: '*/*',
    'access-control-request-method': question.method,
  }
  if (question.headers.length > 0) headers['access-control-request-headers'] = question.headers.join(',')
  headers['origin'] = pageOrigin
  headers['sec-fetch-mode'] = 'cors'
  headers['sec-fetch-site'] = fetchSite(pageOrigin, question.url)
  headers['sec-fetch-dest'] = 'empty'
  if (pageOrigin !== 'null') headers['referer'] = `${pageOrigin}/`
  return headers
}

/** Same site as far as one host tells it: a page on localhost and an API on another of its ports. */
function fetchSite(pageOrigin: string, url: string): string {
  if (!URL.canParse(pageOrigin)) return 'cross-site'
  const [page, call] = [new URL(pageOrigin), new URL(url)]
  return page.protocol === call.protocol && page.hostname === call.hostname ? 'same-site' : 'cross-site'
}

function withoutFragment(url: string): string {
  const parsed = new URL(url)
  parsed.hash = ''
  return parsed.href
}

function reader(lines: HeaderLines): { get(name: string): string | null } {
  return {
    get(name) {
      const values = lines.filter(([line]) => line.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
      return values.length === 0 ? null : values.join(', ')
    },
  }
}

function failureReason(
  failure: PreflightFailure,
  names: string[] | undefined,
  response: { status: number; headers: HeaderLines },
  question: RequestShape,
): string {
  switch (failure) {
    case 'PreflightMissingAllowOriginHeader':
      return 'its preflight response has no Access-Control-Allow-Origin'
    case 'PreflightWildcardOriginNotAllowed':
      return 'its preflight response allows "*", which calls with credentials may not use'
    case 'PreflightMultipleAllowOriginValues':
      return 'its preflight response has several values in Access-Control-Allow-Origin'
    case 'PreflightInvalidAllowOriginValue':
      return 'its preflight response has an Access-Control-Allow-Origin that is no origin'
    case 'PreflightAllowOriginMismatch':
      return 'its preflight response allows another origin'
    case 'PreflightInvalidAllowCredentials':
      return 'its preflight response has no Access-Control-Allow-Credentials: true'
    case 'PreflightDisallowedRedirect':
      return `it answers a preflight with a redirect (${response.status})`
    case 'PreflightInvalidStatus':
      return `it answers a preflight with status ${response.status}`
    case 'InvalidAllowMethodsPreflightResponse':
      return 'its preflight response has an Access-Control-Allow-Methods that does not parse'
    case 'InvalidAllowHeadersPreflightResponse':
      return 'its preflight response has an Access-Control-Allow-Headers that does not parse'
    case 'MethodDisallowedByPreflightResponse':
      return `its preflight response does not allow the method ${question.method}`
    case 'HeaderDisallowedByPreflightResponse':
      return `its preflight response does not allow the request header ${(names ?? question.headers).join(', ')}`
  }
}
