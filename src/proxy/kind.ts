import type { ExchangeRecord } from '../exchange/recorded-exchange'
import { READS_FAILURES_HEADER } from '../exchange/wire'
import { type GetHeader, isSetByScript } from '../explain/script-headers'
import { isSafelistedByChromium } from '../standard/chromium'
import { isRedirectStatus } from '../standard/redirect'
import type { Target } from '../targets/target'

/** Told apart without a closer look: most of a request's header, and every call looks at it. */
const SAYS_NOTHING = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'cookie',
  'host',
  'if-modified-since',
  'if-none-match',
  'origin',
  'referer',
  'sec-ch-ua',
  'sec-ch-ua-mobile',
  'sec-ch-ua-platform',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'user-agent',
])

/** Of the response: what a browser decides by, once the preflight is done. */
const DECIDES = new Set([
  'access-control-allow-credentials',
  'access-control-allow-origin',
  'cross-origin-resource-policy',
])

/**
 * Exchanges of one kind have one verdict, so that it is found once. On the path of every call: one pass over the header
 * fields, and no secret's value.
 */
export function kindOf(record: ExchangeRecord, target: Target): string {
  const { way, method, pageOrigin, pageHeaders, requestHeaders, upstreamResponse, upstreamUrl, forcesPreflight } =
    record
  const get: GetHeader = (name) => {
    const value = pageHeaders[name]
    return typeof value === 'string' ? value : value?.join(', ')
  }
  let kind = `${way} ${method} ${target.origin} ${pageOrigin} ${get('sec-fetch-mode')} ${get('sec-fetch-dest')} ${forcesPreflight}`
  if (get('sec-fetch-mode') === undefined) kind += ` for ${get('accept')?.slice(0, 6)}`
  if (get(READS_FAILURES_HEADER) !== undefined) kind += ' manual'
  for (const name in pageHeaders) {
    if (SAYS_NOTHING.has(name)) continue
    const value = get(name)
    if (value === undefined || name.startsWith(':') || !isSetByScript(name, value, get)) continue
    if (!isSafelistedByChromium(name, value)) kind += ` ${name}`
  }
  for (const [name, value] of requestHeaders) {
    if (name !== 'origin') continue
    kind += ` as ${value}`
    break
  }
  if (!upstreamResponse) return kind
  const { status, headers } = upstreamResponse
  const isRedirect = isRedirectStatus(status)
  for (const [name, value] of headers) {
    if (DECIDES.has(name)) kind += `\n${name} ${value}`
    else if (isRedirect && name === 'location') kind += `\n${status} ${whereTo(value, upstreamUrl)}`
  }
  return kind
}

/** As far as it decides: the rest may be another one each time. */
function whereTo(location: string, base: string): string {
  if (!URL.canParse(location, base)) return 'nowhere'
  const { origin, protocol, username, password } = new URL(location, base)
  return `${protocol} ${origin} ${username !== '' || password !== ''}`
}
