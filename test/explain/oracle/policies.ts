/** What explain() proposes, put to work: the same call to servers that do as they were told. */
import type { CorsPolicy, Fix, Verdict } from '../../../src/explain.ts'
import { locate, withId, type Case } from './case.ts'
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
export function trialsOf(given: Case, { fixes }: Verdict, id: string): Trial[] {
  const policies = fixes.filter((fix) => fix.kind === 'policy')
  const others = fixes.filter((fix) => fix.kind !== 'policy')
  if (fixes.length === 0 || others.some(({ callInstead }) => callInstead === undefined)) return []

  // Only the last one counts: the page has one address to call.
  const called = calling(given, others.at(-1)?.callInstead)
  const trials: Trial[] = []
  const add = (changed: readonly PolicyFix[], expected: Trial['expected'], what: string): void => {
    trials.push({
      given: withPolicies(called, changed, `${id}${String.fromCharCode(97 + trials.length)}`),
      expected,
      what,
    })
  }
  add(policies, 'allowed', 'as proposed')
  for (const fix of policies) {
    const others = policies.filter((other) => other !== fix)
    add(others, 'blocked', `without the policy at ${fix.url}`)
    for (const [what, policy] of weaker(fix.policy))
      add([...others, { ...fix, policy }], 'blocked', `${what} at ${fix.url}`)
  }
  return trials
}

type PolicyFix = Extract<Fix, { kind: 'policy' }>

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
export function excesses({ fixes }: Verdict): string[] {
  return fixes
    .filter((fix) => fix.kind === 'policy')
    .flatMap(({ policy }) => [
      ...(policy.origins === '*' ? ['any origin is more than one'] : []),
      ...(policy.origins.length > 1 ? ['one origin asks'] : []),
      ...policy.exposedHeaders.map((name) => `no call is blocked for want of exposing ${name}`),
    ])
}

function calling(given: Case, url: string | undefined): Case {
  const hop = url === undefined ? undefined : locate(url)?.hop
  if (url === undefined || hop === undefined) return given
  const { request, hops } = given.exchange
  return { ...given, exchange: { request: { ...request, url }, hops: hops.slice(hop) } }
}

function withPolicies(given: Case, fixes: readonly PolicyFix[], id: string): Case {
  const policies: Record<number, CorsPolicy> = {}
  for (const { url, policy } of fixes) {
    const hop = locate(url)?.hop
    if (hop !== undefined) policies[hop] = policy
  }
  return { ...withId(given, id), policies }
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
