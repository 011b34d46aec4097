import type { HopVerdict, Reason, Verdict } from '../../../src/explain.ts'
import type { Case } from './case.ts'
import type { Seen, Truth } from './truth.ts'

/** Where verdict and truth part, a sentence each. Texts change between versions of Chromium, so they are optional. */
export function disagreements(given: Case, truth: Truth, verdict: Verdict, { texts }: { texts: boolean }): string[] {
  const found: string[] = []
  const compare = (what: string, says: unknown, is: unknown): void => {
    const [a, b] = [JSON.stringify(says), JSON.stringify(is)]
    if (a !== b) found.push(`${what}: explain says ${a}, Chromium ${b}`)
  }

  if (truth.outcome !== 'unknown' && verdict.outcome !== truth.outcome) {
    const { corsError, netError, thrown } = truth
    compare('outcome', [verdict.outcome, verdict.reason], [truth.outcome, corsError ?? netError, thrown])
    return found
  }

  if (truth.outcome === 'blocked') {
    const reasons = reasonsOf(truth)
    if (verdict.reason === undefined || !reasons.includes(verdict.reason)) compare('reason', verdict.reason, reasons)
    if (verdict.problems[0]?.reason !== verdict.reason)
      compare('first problem', verdict.problems[0]?.reason, verdict.reason)
    compareValue(truth, verdict, compare)
  }
  if (texts && truth.outcome !== 'allowed') compareText(truth, verdict, compare)
  if (truth.response) compareResponse(truth.response, verdict, compare)
  compareSeen(given, truth.seen, verdict, compare)
  compareCookies(truth.seen, verdict, compare)
  return found
}

type Compare = (what: string, says: unknown, is: unknown) => void

/** What is thrown at once, or told in the console of what never becomes a request. */
const SENTENCES: readonly (readonly [part: string, reason: Reason])[] = [
  ['HTTP method is unsupported', 'ForbiddenMethod'],
  ['is unsupported in no-cors mode', 'MethodDisallowedByMode'],
  ['URL that includes credentials', 'UrlWithCredentials'],
  ['Request mode is "same-origin" but', 'DisallowedByMode'],
  ['Request mode is "no-cors" but', 'NoCorsRedirectModeNotFollow'],
  ['Unsafe attempt to load URL', 'DisallowedByMode'],
  ['Mixed Content: ', 'MixedContent'],
  ['An insecure WebSocket connection', 'MixedContent'],
  ['Error during WebSocket handshake', 'WebSocketHandshakeFailed'],
  ['ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS', 'InsecureLocalNetwork'],
  ['ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS', 'LocalNetworkAccessPermissionDenied'],
  ['Failed to parse URL', 'InvalidUrl'],
  ['Invalid URL', 'InvalidUrl'],
  ['URL scheme "', 'CorsDisabledScheme'],
  ['Not allowed to load local resource', 'CorsDisabledScheme'],
]

const BLOCKED_REASONS: Record<string, readonly Reason[]> = {
  'mixed-content': ['MixedContent'],
  'corp-not-same-origin': ['CorpNotSameOrigin'],
  'corp-not-same-site': ['CorpNotSameSite'],
  'corp-not-same-origin-after-defaulted-to-same-origin-by-coep': ['CorpNotSameOriginAfterDefaultedToSameOriginByCoep'],
  origin: ['DisallowedByMode', 'RedirectContainsCredentials', 'UrlWithCredentials'],
}

const NET_ERRORS: Record<string, readonly Reason[]> = {
  'net::ERR_TOO_MANY_REDIRECTS': ['TooManyRedirects'],
  'net::ERR_UNSAFE_PORT': ['BadPort'],
  'net::ERR_UNKNOWN_URL_SCHEME': ['CorsDisabledScheme', 'InvalidRedirect'],
  'net::ERR_INVALID_REDIRECT': ['InvalidRedirect'],
  'net::ERR_UNSAFE_REDIRECT': ['CorsDisabledScheme', 'InvalidRedirect'],
  'net::ERR_RESPONSE_HEADERS_TOO_BIG': ['ResponseHeadersTooBig'],
  'net::ERR_INVALID_ARGUMENT': ['RedirectOfStreamBody'],
  'net::ERR_RESPONSE_HEADERS_MULTIPLE_LOCATION': ['InvalidRedirect'],
  'net::ERR_FAILED': ['RedirectModeError'],
  'net::ERR_ABORTED': ['DisallowedByMode', 'RedirectContainsCredentials'],
  // Nothing has become a request.
  '': ['CorsDisabledScheme'],
}

/** What Chromium's way to say no stands for; some stand for one of two. */
function reasonsOf({ corsError, netError = '', blockedReason = '', thrown, texts }: Truth): readonly Reason[] {
  if (corsError !== undefined) return [corsError as Reason]
  const said = [thrown, ...texts].join('\n')
  const told = SENTENCES.filter(([part]) => said.includes(part)).map(([, reason]) => reason)
  return told.length > 0 ? told : (BLOCKED_REASONS[blockedReason] ?? NET_ERRORS[netError] ?? [])
}

/** The one among several missing names that Chromium happens to tell. */
function isOneOfTheNames({ failedParameter }: Truth, verdict: Verdict): boolean {
  const names = verdict.problems[0]?.names
  return failedParameter !== undefined && names !== undefined && names.includes(failedParameter)
}

function compareValue(truth: Truth, verdict: Verdict, compare: Compare): void {
  if (!truth.failedParameter || isOneOfTheNames(truth, verdict)) return
  compare('value', verdict.problems[0]?.value ?? '', truth.failedParameter)
}

function compareText(truth: Truth, verdict: Verdict, compare: Compare): void {
  const { value } = verdict.problems[0] ?? {}
  const text = truth.texts.find((line) => !line.startsWith('Failed to load resource: ')) ?? truth.texts[0]
  if (verdict.consoleText !== undefined && value !== undefined && isOneOfTheNames(truth, verdict)) {
    const says = verdict.consoleText.replace(`field ${value} is`, `field ${truth.failedParameter} is`)
    return compare('text', says, text)
  }
  compare('text', verdict.consoleText, text)
}

const sorted = (names: readonly string[]): string[] => [...new Set(names.map((name) => name.toLowerCase()))].sort()

function compareResponse(response: NonNullable<Truth['response']>, verdict: Verdict, compare: Compare): void {
  if (response.type !== undefined) compare('response type', verdict.response?.type, response.type)
  compare('readable headers', sorted(verdict.response?.readableHeaders ?? []), sorted(response.headers))
  if (response.url === '' || response.type === 'opaqueredirect') return
  compare('response url', withoutFragment(verdict.hops.at(-1)?.url ?? ''), withoutFragment(response.url))
}

/** Of the cookies that every host has, those that went along with the first request. */
function compareCookies(seen: readonly Seen[], { cookies }: Verdict, compare: Compare): void {
  const first = seen.find((request) => !isPreflight(request))
  if (!first || first.hop !== seen[0]!.hop) return
  const names = (headerOf(first.headers, 'cookie') ?? '').split('; ').map((pair) => pair.split('=')[0])
  const sent = names.includes('strict')
    ? 'all'
    : names.includes('lax')
      ? 'lax'
      : names.includes('none')
        ? 'same-site-none-only'
        : 'none'
  // Those are Secure, so there is none to be seen where it could not have been set.
  if (sent === 'none' && cookies.sent === 'same-site-none-only' && !isTrustworthy(first.url)) return
  compare('cookies', cookies.sent, sent)
}

const isTrustworthy = (url: string): boolean => /^https:|^http:\/\/(localhost|127\.0\.0\.1)[:/]/.test(url)

// What reached the server, hop by hop

/** What browsers say of their own accord: whether it is the script's can't be seen on the wire. */
const BROWSERS_OWN = new Set([
  ...[
    'accept',
    'accept-encoding',
    'accept-language',
    'cache-control',
    'connection',
    'content-length',
    'cookie',
    'host',
  ],
  ...['origin', 'pragma', 'range', 'referer', 'upgrade-insecure-requests', 'user-agent'],
])

const headerOf = (headers: Iterable<readonly [string, string]>, name: string): string | undefined =>
  [...headers].find(([key]) => key.toLowerCase() === name)?.[1]

const withoutFragment = (url: string): string => {
  const parsed = new URL(url.replace(/^ws/, 'http'))
  parsed.hash = parsed.username = parsed.password = ''
  return parsed.href
}

const isPreflight = ({ method, headers }: Seen): boolean =>
  method === 'OPTIONS' && headerOf(headers, 'access-control-request-method') !== undefined

function compareSeen(given: Case, seen: readonly Seen[], verdict: Verdict, compare: Compare): void {
  const expected: string[] = []
  for (const [index, hop] of verdict.hops.entries()) {
    // A verdict goes on as if what is wrong were put right; a browser does not.
    const first = verdict.problems.find((problem) => problem.hop === index)
    if (first?.at === 'request') break
    if (hop.url.startsWith('data:')) break
    const asked = hop.preflight.causes.length > 0
    if (asked) expected.push(`${index} OPTIONS ${withoutFragment(hop.url)} preflight`)
    if (asked && hop.preflight.result !== 'passed') break
    expected.push(`${index} ${hop.method} ${withoutFragment(hop.url)} from ${hop.origin}`)
    if (first) break
  }
  const actual = seen.map((request) => {
    const what = isPreflight(request) ? 'preflight' : `from ${headerOf(request.headers, 'origin')}`
    return `${request.hop} ${request.method} ${request.url} ${what}`
  })
  compare('requests', expected, actual)
  if (JSON.stringify(expected) !== JSON.stringify(actual)) return

  for (const request of seen) {
    const hop = verdict.hops[request.hop]!
    if (isPreflight(request)) comparePreflight(request, hop, compare)
    else if (given.exchange.request.mode !== 'no-cors') compareCarried(given, request, hop, compare)
  }
}

function comparePreflight(request: Seen, hop: HopVerdict, compare: Compare): void {
  const says = hop.preflight.request?.headers ?? []
  const names = new Set(says.map(([name]) => name.toLowerCase()))
  for (const name of [...names, 'origin', 'access-control-request-method', 'access-control-request-headers'])
    compare(`${name} of preflight ${request.hop}`, headerOf(says, name), headerOf(request.headers, name))
}

/** Which of the script's headers went along. */
function compareCarried({ exchange, body }: Case, request: Seen, hop: HopVerdict, compare: Compare): void {
  const set = sorted((exchange.request.headers ?? []).map(([name]) => name))
  for (const name of set) {
    if (BROWSERS_OWN.has(name) || name.startsWith('sec-')) continue
    const values = hop.headers
      .filter(([key]) => key.toLowerCase() === name)
      .map(([, value]) => value.replace(/^[\t ]+|[\t ]+$/g, ''))
    // The boundary is the browser's to choose.
    if (name === 'content-type' && body === 'multipart') continue
    compare(
      `${name} of request ${request.hop}`,
      values.length > 0 ? values.join(', ') : undefined,
      headerOf(request.headers, name),
    )
  }
}
