import {
  connectionSpecificNames,
  corsExposedHeaderNames,
  isCorsSafelistedResponseHeaderName,
  isForbiddenResponseHeaderName,
  readHeaderLines,
} from '../standard/headers'
import type { DirectResponse } from './direct-exchange'
import type { Verdict } from './verdict'

type Headers = DirectResponse['headers']
type Response = NonNullable<Verdict['response']>

/**
 * Chromium and, with somewhat more, Firefox give up on a response whose header is longer: nothing in it counts, and nothing
 * of it is read here.
 */
const MAX_HEADERS_SIZE = 256 * 1024

export function isTooBig(headers: Headers): boolean {
  let size = 0
  for (const [name, value] of headers) size += name.length + value.length + 4
  return size > MAX_HEADERS_SIZE
}

/** https://fetch.spec.whatwg.org/#concept-filtered-response */
export function filteredResponse(type: Response['type'], headers: Headers, credentials: boolean): Response {
  if (type === 'opaque' || type === 'opaqueredirect')
    return { type, readableHeaders: [], hiddenHeaders: hidden(headers, []) }
  const names = uniqueNames(headers)
  const exposed = type === 'cors' ? corsExposedHeaderNames(readHeaderLines(headers), credentials) : '*'
  const readableHeaders = names.filter((name) => {
    if (isForbiddenResponseHeaderName(name)) return false
    return exposed === '*' || exposed.has(name) || isCorsSafelistedResponseHeaderName(name)
  })
  return { type, readableHeaders, hiddenHeaders: hidden(headers, readableHeaders) }
}

/** What the dev server passes on all the same. No script ever reads `Set-Cookie`, nor what ends at the next hop. */
function hidden(headers: Headers, readable: readonly string[]): string[] {
  if (readable.length === headers.length) return []
  const connectionSpecific = connectionSpecificNames(headers)
  return uniqueNames(headers).filter(
    (name) =>
      !readable.includes(name) &&
      !isForbiddenResponseHeaderName(name) &&
      !connectionSpecific.has(name) &&
      !name.startsWith('access-control-'),
  )
}

function uniqueNames(headers: Headers): string[] {
  return [...new Set(headers.map(([name]) => name.toLowerCase()))]
}
