import { type ExchangeRecord, firstValue } from '../exchange/recorded-exchange'
import { READS_FAILURES_HEADER } from '../exchange/wire'
import { isCorsSafelistedRequestHeader } from '../standard/headers'
import { isRedirectStatus } from '../standard/redirect'
import type { Target } from '../targets/target'

/** No script sets them, or none can be told from its browser: most of a request's header. */
const SAYS_NOTHING = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'cookie',
  'host',
  'if-modified-since',
  'if-none-match',
  'origin',
  'priority',
  'referer',
  'sec-ch-ua',
  'sec-ch-ua-mobile',
  'sec-ch-ua-platform',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'user-agent',
])

/** Of those that are judged by their value: the ones that have few values. Of all others the name decides. */
const HAS_FEW_VALUES = new Set([
  'accept',
  'accept-language',
  'cache-control',
  'content-language',
  'pragma',
  READS_FAILURES_HEADER,
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
])

/** Of the response: what a browser decides by, once the preflight is done. */
const DECIDES = new Set([
  'access-control-allow-credentials',
  'access-control-allow-origin',
  'cross-origin-resource-policy',
])

/**
 * Exchanges of one kind have one verdict, so that it is found once. On the path of every call: one pass over the header
 * fields, nothing parsed. It holds no secret's value.
 */
export function kindOf(record: ExchangeRecord, target: Target): string {
  const { way, method, pageOrigin, pageHeaders, requestHeaders, upstreamResponse, upstreamUrl, forcesPreflight } =
    record
  let kind = `${way} ${method} ${target.origin} ${pageOrigin} ${pageHeaders['sec-fetch-mode']} ${pageHeaders['sec-fetch-dest']}`
  if (forcesPreflight !== undefined) kind += ` ${forcesPreflight}`
  for (const name in pageHeaders) {
    if (SAYS_NOTHING.has(name)) continue
    kind += `\n${name}`
    if (HAS_FEW_VALUES.has(name)) kind += `: ${pageHeaders[name]}`
    else if (name === 'content-type' || name === 'range') kind += `: ${typeOf(name, String(pageHeaders[name]))}`
  }
  kind += `\nas ${firstValue(requestHeaders, 'origin')}`
  if (!upstreamResponse) return kind
  const { status, headers } = upstreamResponse
  const isRedirect = isRedirectStatus(status)
  for (const [name, value] of headers) {
    if (DECIDES.has(name)) kind += `\n${name}: ${value}`
    else if (isRedirect && name === 'location') kind += `\n${status} ${whereTo(value, upstreamUrl)}`
  }
  return kind
}

/** A form's boundary and a range's numbers are others each time. */
function typeOf(name: string, value: string): string {
  if (name === 'content-type' && !value.startsWith('multipart/')) return value
  return String(isCorsSafelistedRequestHeader(name, value))
}

/** As far as it decides: the rest may be another one each time. */
function whereTo(location: string, base: string): string {
  if (!URL.canParse(location, base)) return 'nowhere'
  const { origin, protocol, username, password } = new URL(location, base)
  return `${protocol} ${origin} ${username !== '' || password !== ''}`
}
