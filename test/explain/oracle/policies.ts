/** What explain() proposes, put to work: the same call to servers that do as they were told. */
import type { CorsPolicy, Fix, Verdict } from '../../../src/explain.ts'
import { letters, locate, withId, type Case } from './case.ts'
import type { RawAnswer } from './raw-server.ts'

/** A change of what was proposed, and what Chromium must make of it. */
export interface Trial {
  given: Case
  expected: 'allowed' | 'blocked'
  /** What was done, for whoever reads that it failed. */
  what: string
}

/**
 * What shows that the proposals are enough, and that nothing in them is too much: with all of them the call is allowed,
 * and without any one part of one it is blocked again. None where something else than a server has to change.
 */
export function trialsOf(given: Case, verdict: Verdict, id: string): Trial[] {
  const { fixes } = verdict
  const ofServers = fixes.filter(isForServer)
  const ofPage = fixes.filter((fix): fix is Fix & PageFix => !isForServer(fix))
  if (fixes.length === 0 || ofPage.some(({ callInstead }) => callInstead === undefined)) return []

  // Only the last one counts: the page has one address to call.
  const called = calling(given, verdict, ofPage.at(-1)?.callInstead)
  if (!called) return []
  const trials: Trial[] = []
  const add = (changed: readonly ServerFix[], expected: Trial['expected'], what: string): void => {
    trials.push({
      given: withFixes(called, changed, `${id}${letters(trials.length)}`),
      expected,
      what,
    })
  }
  add(ofServers, 'allowed', 'as proposed')
  for (const fix of ofServers) {
    const others = ofServers.filter((other) => other !== fix)
    add(others, 'blocked', `without the ${fix.kind} at ${fix.url}`)
    if (fix.kind === 'policy')
      for (const [what, policy] of weaker(fix.policy))
        add([...others, { ...fix, policy }], 'blocked', `${what} at ${fix.url}`)
  }
  return trials
}

type ServerFix =
  Extract<Fix, { kind: 'policy' }> | { kind: 'header'; url: string; header?: readonly [name: string, value: string] }

type PageFix = { kind: 'request' | 'redirect'; url: string; callInstead?: string }

const isForServer = (fix: Fix): fix is Fix & ServerFix => fix.kind === 'policy' || fix.kind === 'header'

/** All that is one part short. */
function* weaker(policy: CorsPolicy): Generator<[what: string, policy: CorsPolicy]> {
  yield ['without the origin', { ...policy, origins: [] }]
  if (policy.credentials) yield ['without credentials', { ...policy, credentials: false }]
  if (policy.answersPreflight) yield ['without the answer to the preflight', { ...policy, answersPreflight: false }]
  for (const method of policy.methods)
    yield [`without ${method}`, { ...policy, methods: policy.methods.filter((other) => other !== method) }]
  for (const name of policy.requestHeaders)
    yield [`without ${name}`, { ...policy, requestHeaders: policy.requestHeaders.filter((other) => other !== name) }]
}

/** What is wrong with a policy before any browser sees it. */
export function excesses({ exchange: { request } }: Case, { fixes }: Verdict): string[] {
  // An opaque origin is anybody's: to allow it is to allow all.
  const isAnybodys = request.origin === 'null'
  return fixes
    .filter((fix) => fix.kind === 'policy')
    .flatMap(({ policy }) => [
      ...(policy.origins === '*' && !isAnybodys ? ['any origin is more than one'] : []),
      ...(policy.origins.includes('null') ? ['anybody can have an opaque origin'] : []),
      ...(policy.origins === '*' && policy.credentials ? ['with credentials it is no wildcard'] : []),
      ...(policy.origins !== '*' && policy.origins.length > 1 ? ['one origin asks'] : []),
      ...policy.exposedHeaders.map((name) => `no call is blocked for want of exposing ${name}`),
    ])
}

/** The call as it arrives where it is led to, made there at once. */
function calling(given: Case, { hops: judged }: Verdict, url: string | undefined): Case | undefined {
  if (url === undefined) return given
  const hop = locate(url)?.hop
  const { request, hops } = given.exchange
  const first = locate(request.url)?.hop
  if (hop === undefined || first === undefined || !hops[hop - first]) return undefined
  const arrived = hop === first ? undefined : judged[hop - first]
  if (!arrived) return hop === first ? { ...given, exchange: { request: { ...request, url }, hops } } : undefined
  // A beacon is what it is, wherever it goes.
  if (request.initiator === 'sendBeacon')
    return { ...given, exchange: { request: { ...request, url }, hops: hops.slice(hop - first) } }
  const { method, headers } = arrived
  const keepsBody = method === (request.method ?? 'GET')
  return {
    page: given.page,
    exchange: { request: { ...request, url, method, headers }, hops: hops.slice(hop - first) },
    ...(keepsBody && given.body !== undefined && { body: given.body }),
    ...(keepsBody && given.bodyBringsType && { bodyBringsType: true }),
  }
}

function withFixes(given: Case, fixes: readonly ServerFix[], id: string): Case {
  const policies: NonNullable<Case['policies']> = {}
  const headers: NonNullable<Case['headers']> = {}
  for (const fix of fixes) {
    const hop = locate(fix.url)?.hop
    if (hop === undefined) continue
    if (fix.kind === 'policy') policies[hop] = fix.policy
    else if (fix.header) headers[hop] = fix.header
  }
  return { ...withId(given, id), policies, headers }
}

/** What a server answers that has been told of one more header. */
export function answerWith([name, value]: readonly [string, string], answer: RawAnswer): RawAnswer {
  const headers = answer.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase())
  return { ...answer, headers: [...headers, [name, value]] }
}

const without = ({ status, headers, body }: RawAnswer): RawAnswer => ({
  status,
  headers: headers.filter(([name]) => !/^access-control-/i.test(name)),
  body,
})

/** What a server answers that keeps a policy: one that was written for it, and by nothing that the package has. */
export function answerBy(
  policy: CorsPolicy,
  answer: RawAnswer,
  origin: string | undefined,
  isPreflight: boolean,
): RawAnswer {
  if (isPreflight && !policy.answersPreflight) return { status: 405, headers: [['Content-Length', '0']] }
  const { status, headers, body } = isPreflight ? { status: 204, headers: [], body: '' } : without(answer)
  const isAllowed = policy.origins === '*' || (origin !== undefined && policy.origins.includes(origin))
  if (!isAllowed) return { status, headers, body }
  const lines: [string, string][] = [['Access-Control-Allow-Origin', policy.origins === '*' ? '*' : origin!]]
  if (policy.credentials) lines.push(['Access-Control-Allow-Credentials', 'true'])
  if (isPreflight) {
    if (policy.methods.length > 0) lines.push(['Access-Control-Allow-Methods', policy.methods.join(', ')])
    if (policy.requestHeaders.length > 0) lines.push(['Access-Control-Allow-Headers', policy.requestHeaders.join(', ')])
  }
  return { status, headers: [...headers, ...lines], body }
}
