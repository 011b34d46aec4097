import type { DirectExchange, DirectHop, DirectResponse } from '../explain/direct-exchange'
import type { Verdict } from '../explain/verdict'
import type { HeaderLines } from '../exchange/exchange'
import { withoutSecrets as recordedWithoutSecrets } from '../exchange/secrets'
import { hideCredentials } from '../options/secrets'

const HIDDEN = '***'

/** Only these are judged by their value; of others the name says all. */
const JUDGED_BY_VALUE = new Set(['accept', 'accept-language', 'content-language', 'content-type', 'range'])

/** Terminals are shared and CI logs kept, so values that decide nothing are not repeated. */
export function withoutSecrets(headers: HeaderLines): HeaderLines {
  return headers.map(([name, value]) => [name, JUDGED_BY_VALUE.has(name.toLowerCase()) ? value : HIDDEN])
}

export function exchangeWithoutSecrets({ request, hops }: DirectExchange): DirectExchange {
  return {
    request: {
      ...request,
      url: hideCredentials(request.url),
      ...(request.headers && { headers: withoutSecrets(request.headers) }),
    },
    hops: hops.map((hop): DirectHop => ({
      ...hop,
      ...(hop.preflight && { preflight: responseWithoutSecrets(hop.preflight) }),
      ...(hop.response && { response: responseWithoutSecrets(hop.response) }),
    })),
  }
}

export function verdictWithoutSecrets(verdict: Verdict): Verdict {
  return { ...verdict, hops: verdict.hops.map((hop) => ({ ...hop, headers: withoutSecrets(hop.headers) })) }
}

function responseWithoutSecrets({ status, headers }: DirectResponse): DirectResponse {
  return { status, headers: recordedWithoutSecrets(headers) }
}
