import type { DirectExchange } from './direct-exchange'
import type { Outcome, Verdict } from './verdict'

/** The credentials mode is unknown: a verdict for either, and what both have in common. */
export function explainEither(exchange: DirectExchange, explain: (exchange: DirectExchange) => Verdict): Verdict {
  const withMode = (credentials: 'omit' | 'include'): Verdict =>
    explain({ ...exchange, request: { ...exchange.request, credentials } })
  const omit = withMode('omit')
  const include = withMode('include')

  const outcome: Outcome = omit.outcome === include.outcome ? omit.outcome : 'unknown'
  // Credentials only ever ask for more: what is wrong without them is wrong with them too.
  const common = outcome === 'blocked' ? omit : include
  const remarks = new Set([...omit.remarks, ...include.remarks])
  if (outcome === 'blocked' && include.problems.length > omit.problems.length) {
    remarks.add('With credentials the server has to send more; that fix is the verdict for include.')
  }
  return {
    ...common,
    outcome,
    ...(outcome === 'blocked' ? {} : { reason: undefined, consoleText: undefined }),
    problems: outcome === 'blocked' ? omit.problems : [],
    unsettled: outcome === 'unknown' ? unsettledOf(omit, include) : [],
    ...(outcome === 'allowed' ? {} : { response: undefined }),
    cookies: {
      sent: 'unknown',
      stored: 'unknown',
      sentence: `Nobody saw the credentials mode. Without credentials no cookies go along. With them: ${include.cookies.sentence}`,
    },
    remarks: [...remarks],
    either: { omit, include },
  }
}

function unsettledOf(omit: Verdict, include: Verdict): Verdict['unsettled'] {
  const seen = omit.outcome === 'unknown' ? omit.unsettled : include.unsettled
  if (omit.outcome === include.outcome) return seen
  const wording = { allowed: 'allowed', blocked: 'blocked', unknown: 'undecided' }
  return [
    ...seen,
    {
      hop: 0,
      missing: 'credentials',
      sentence: `The call's credentials mode would settle it: without credentials it is ${wording[omit.outcome]}, with credentials ${wording[include.outcome]}.`,
    },
  ]
}
