import { type ExchangeRecord, firstValue } from '../exchange/recorded-exchange'
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

/** Longer ones are rarely the same twice. */
const MOST_CHARACTERS = 200
const MOST_SIGNS = 5_000

/**
 * Names kinds of exchanges: those of one kind have one verdict, so that it is found once. On the path of every call, so it
 * is one pass over the header fields that parses nothing; and since a map reads its whole key at each look, texts that
 * come again and again have signs of one character. A name holds no secret's value.
 */
export function createKindNames(): (record: ExchangeRecord, target: Target) => string {
  const signs = new Map<string, string>()

  function sign(text: string): string {
    return signs.get(text) ?? newSign(text)
  }

  function newSign(text: string): string {
    if (text.length > MOST_CHARACTERS || signs.size >= MOST_SIGNS) return `\0${text}\0`
    const made = String.fromCharCode(signs.size + 1)
    signs.set(text, made)
    return made
  }

  return (record, target) => {
    const { way, method, pageOrigin, pageHeaders, requestHeaders, upstreamResponse, upstreamUrl } = record
    const mode = String(pageHeaders['sec-fetch-mode'])
    const destination = String(pageHeaders['sec-fetch-dest'])
    let kind = sign(way) + sign(method) + sign(target.origin) + sign(pageOrigin) + sign(mode) + sign(destination)
    kind += sign(String(record.forcesPreflight)) + sign(String(record.redirect))
    kind += sign(String(firstValue(requestHeaders, 'origin')))
    for (const name in pageHeaders) {
      if (SAYS_NOTHING.has(name)) continue
      kind += sign(name)
      if (HAS_FEW_VALUES.has(name)) kind += sign(String(pageHeaders[name]))
      else if (name === 'content-type' || name === 'range') kind += sign(typeOf(name, String(pageHeaders[name])))
    }
    if (!upstreamResponse) return kind
    const { status, headers } = upstreamResponse
    const isRedirect = isRedirectStatus(status)
    kind += sign('')
    for (const [name, value] of headers) {
      if (DECIDES.has(name)) kind += sign(name) + sign(value)
      else if (isRedirect && name === 'location') kind += sign(`${status} ${whereTo(value, upstreamUrl)}`)
    }
    return kind
  }
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
