import { readHeaderLines } from '../standard/headers'
import type { DirectExchange } from './direct-exchange'
import type { Verdict } from './verdict'

const NAMES = { standard: 'the standard', chromium: 'Chromium' }

/** What there is to know beside the verdict: first where the dialects part ways. */
export function remarksOn(exchange: DirectExchange, verdict: Verdict, other: Verdict): string[] {
  const remarks: string[] = []
  const [problem] = verdict.problems
  const [otherProblem] = other.problems
  if (verdict.outcome !== 'blocked' && otherProblem) {
    remarks.push(`Refused by ${NAMES[other.dialect]}: ${otherProblem.sentence}`)
  } else if (problem && other.outcome !== 'blocked') {
    remarks.push(`Not refused by ${NAMES[other.dialect]}: ${problem.sentence}`)
  }
  if (isAuthorizationByWildcard(verdict, other)) {
    remarks.push(
      'Authorization has to be listed by name: to the standard * does not stand for it, to Chromium and Safari it does.',
    )
  }
  if (verdict.outcome === 'allowed') remarks.push(...varyRemarks(exchange, verdict))
  return remarks
}

function isAuthorizationByWildcard(verdict: Verdict, other: Verdict): boolean {
  const strict = verdict.dialect === 'standard' ? verdict : other
  const lax = strict === verdict ? other : verdict
  const isRefused = ({ problems }: Verdict): boolean =>
    problems.some(
      ({ reason, names }) => reason === 'HeaderDisallowedByPreflightResponse' && names?.includes('authorization'),
    )
  return isRefused(strict) && !isRefused(lax)
}

/** https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches */
function varyRemarks({ hops }: DirectExchange, verdict: Verdict): string[] {
  return verdict.hops.flatMap(({ url, corsCheck }, index) => {
    const response = hops[index]?.response
    if (corsCheck !== 'passed' || !response) return []
    const headers = readHeaderLines(response.headers)
    if (headers.get('access-control-allow-origin') === '*' || /\*|\borigin\b/i.test(headers.get('vary') ?? ''))
      return []
    return [
      `${url} names one origin in Access-Control-Allow-Origin without Vary: Origin. If it names another one for others, a cache may hand out the wrong one.`,
    ]
  })
}
