import { decisionKey, type RequestShape, type RouteAnswer } from '../exchange/wire'
import type { DirectResponse } from '../explain/direct-exchange'
import { readHeaderLines } from '../standard/headers'
import { isPotentiallyTrustworthyUrl } from '../standard/mixed-content'
import { corsPreflightRequestHeaders, type PreflightFailure, preflightPasses } from '../standard/preflight'
import { isSameSite } from '../standard/site'
import { isLoopbackHost } from '../targets/address'
import type { Target } from '../targets/target'
import { preflightHeaders } from './browser-headers'
import type { PreflightAnswer, Preflights } from './preflights'
import { registrableDomain } from './registrable-domain'

export interface ProbeDecision {
  route: RouteAnswer['route']
  /** What was found out, as the second half of a sentence. */
  reason: string
  /** What the developer can do about it, where that is no matter of CORS: a sentence. */
  remedy?: string
}

export interface Probe {
  /** Whether this call would pass the CORS protocol if the page made it directly. Never rejects. */
  decide(question: RequestShape & { url: string }, pageOrigin: string, target: Target): Promise<ProbeDecision>
  /** What is known for pages of an origin, by {@link decisionKey}: the page need not ask for it again. */
  known(pageOrigin: string): Record<string, RouteAnswer['route']>
}

const MOST_DECISIONS = 500

interface Known {
  pageOrigin: string
  shapeKey: string
  route: RouteAnswer['route']
  until: number
}

/**
 * Finds out whether a direct call works, by the preflight that a browser would send. It is also sent for calls that need
 * none, since a server that allows a page says so in its preflight response; one that says nothing there is relayed,
 * which works as well.
 *
 * @param now milliseconds since the epoch
 */
export function createProbe(preflights: Preflights, now: () => number): Probe {
  const known = new Map<string, Known>()

  return {
    async decide(question, pageOrigin, target) {
      const impossible = neverDirect(question.url, pageOrigin, target)
      if (impossible) return withoutLogins({ route: 'relay', reason: impossible }, question, target)

      const { url, method, headers: names } = question
      const headers = probeHeaders(question, pageOrigin)
      const answer = await preflights.ask({ target, url, origin: pageOrigin, method, names, headers })
      const decision = withoutLogins(judge(answer, question, pageOrigin), question, target)
      if (answer.kind === 'over-budget') return decision
      const shapeKey = decisionKey(target.origin, question)
      const key = `${pageOrigin} ${shapeKey}`
      known.delete(key)
      known.set(key, { pageOrigin, shapeKey, route: decision.route, until: answer.until })
      for (const [oldest] of known) {
        if (known.size <= MOST_DECISIONS) break
        known.delete(oldest)
      }
      return decision
    },

    known(pageOrigin) {
      const decisions: Record<string, RouteAnswer['route']> = {}
      for (const { pageOrigin: asker, shapeKey, route, until } of known.values()) {
        if (asker === pageOrigin && until > now()) decisions[shapeKey] = route
      }
      return decisions
    },
  }
}

function judge(answer: PreflightAnswer, question: RequestShape, pageOrigin: string): ProbeDecision {
  switch (answer.kind) {
    case 'over-budget':
      return { route: 'relay', reason: `it was asked ${answer.budget} times within a minute` }
    case 'no-answer':
      return { route: 'relay', reason: 'it did not answer a preflight' }
    case 'refused':
      // As without us: the page's own call may well work.
      return { route: 'direct', reason: answer.failure.cause, remedy: answer.failure.remedy }
    case 'answered': {
      const { status, headers } = answer.response
      const result = preflightPasses(question, pageOrigin, { status, headers: readHeaderLines(headers) })
      return result.passes
        ? { route: 'direct', reason: `it allows ${pageOrigin} itself` }
        : { route: 'relay', reason: failureReason(result.reason, result.names, answer.response, question) }
    }
  }
}

/** Where only the page says that something is an API of the project's, no logins go there by way of the dev server. */
function withoutLogins(decision: ProbeDecision, { credentials }: RequestShape, target: Target): ProbeDecision {
  if (decision.route === 'direct' || !credentials || target.provenance.source !== 'page') return decision
  return {
    route: 'direct',
    reason: `${decision.reason}, but calls with credentials are relayed to targets alone that somebody named`,
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

/** The preflight that Chromium would send, if this call were one that needs it. */
function probeHeaders({ url, method, headers: names }: RequestShape & { url: string }, pageOrigin: string) {
  const called = new URL(url)
  const headers = corsPreflightRequestHeaders(method, names, pageOrigin)
  if (isPotentiallyTrustworthyUrl(called)) {
    const site = isSameSite(pageOrigin, called, registrableDomain) ? 'same-site' : 'cross-site'
    headers.push(['Sec-Fetch-Mode', 'cors'], ['Sec-Fetch-Site', site], ['Sec-Fetch-Dest', 'empty'])
  }
  if (pageOrigin !== 'null') headers.push(['Referer', `${pageOrigin}/`])
  return preflightHeaders({ url, preflight: { request: { headers } } })
}

function failureReason(
  failure: PreflightFailure,
  names: string[] | undefined,
  response: DirectResponse,
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
