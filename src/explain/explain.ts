/**
 * What a browser would have made of a call, had there been no proxy. It reads as the standard reads: `request.ts`
 * makes the request, then main fetch → HTTP fetch → CORS-preflight fetch → CORS check → HTTP-redirect fetch → filtered
 * response, each with the standard's own steps and in a file of its own. But it goes on after a failure as if that had been
 * put right, so that all is found that is wrong.
 *
 * https://fetch.spec.whatwg.org/
 */
import type { RegistrableDomain } from '../standard/site'
import { judgeCookies } from './cookies'
import type { DirectExchange } from './direct-exchange'
import { explainEither } from './either'
import { proposeFixes } from './fix'
import type { Journey, Rules } from './journey'
import { mainFetch } from './main-fetch'
import { remarksOn } from './remarks'
import { credentialsOf, firstRequest, type Given, newRequest, read } from './request'
import type { Dialect, Verdict } from './verdict'

export interface ExplainOptions {
  /**
   * Whose rules decide. Console texts are Chromium's either way.
   *
   * @default 'standard'
   */
  dialect?: Dialect
  /**
   * https://url.spec.whatwg.org/#host-registrable-domain, by a public suffix list such as that of `tldts`. Which cookies go
   * to `api.example.com` from `app.example.com` can't be told without one.
   *
   * @default nothing: what it would take is unknown then
   */
  registrableDomain?: RegistrableDomain
}

/** Pure: what it is given is neither changed nor kept. It never throws. */
export function explain(exchange: DirectExchange, options: ExplainOptions = {}): Verdict {
  const { dialect = 'standard', registrableDomain } = options
  if (credentialsOf(exchange.request) === 'unknown') return explainEither(exchange, (known) => explain(known, options))

  const rules: Rules = { dialect, registrableDomain }
  const given = read(exchange)
  const { verdict, mayDiffer } = judge(given, rules)
  const other = mayDiffer ? judge(given, { ...rules, dialect: OTHER[dialect] }).verdict : verdict
  verdict.fixes = proposeFixes(exchange, verdict, (direct) => judge(read(direct), rules).verdict)
  verdict.remarks = remarksOn(exchange, verdict, other)
  return verdict
}

const OTHER = { standard: 'chromium', chromium: 'standard' } as const

/** A verdict without what is made of it, and whether the other dialect may come to another. */
function judge(given: Given, rules: Rules): { verdict: Verdict; mayDiffer: boolean } {
  const { exchange, url, isDialectal } = given
  const { dialect } = rules
  const journey: Journey = {
    rules,
    exchange,
    request: newRequest(given, dialect),
    tainting: 'basic',
    isOriginTainted: false,
    urls: [],
    problems: [],
    unsettled: [],
    hops: [],
    networkRequestFrom: 0,
    response: undefined,
    isUnheard: false,
    mayDiffer: isDialectal,
  }
  const { request, problems, unsettled, hops } = journey

  if (given.isTooBig) {
    unsettled.push({
      hop: 0,
      missing: 'response',
      sentence: `Whether ${request.href} takes a request with more than 256 KiB of headers would settle it: most servers refuse it, and here they are not read.`,
    })
  }
  let next = firstRequest(journey, url)
  for (let index = 0; next; index++) next = mainFetch(journey, index, next)

  const outcome = problems.length > 0 ? 'blocked' : unsettled.length > 0 ? 'unknown' : 'allowed'
  const verdict: Verdict = {
    dialect,
    outcome,
    reason: problems[0]?.reason,
    consoleText: problems[0]?.consoleText,
    problems,
    hops,
    unsettled: outcome === 'unknown' ? unsettled : [],
    response: outcome === 'allowed' ? journey.response : undefined,
    cookies: url ? judgeCookies(journey, url) : NO_COOKIES,
    fixes: [],
    remarks: [],
  }
  return { verdict, mayDiffer: journey.mayDiffer }
}

const NO_COOKIES = { sent: 'none', stored: 'none', sentence: 'No cookies go along: there is nothing to call.' } as const
