import {
  corsExposedHeaderNames,
  isCorsSafelistedResponseHeaderName,
  isForbiddenResponseHeaderName,
  readHeaderLines,
} from '../standard/headers'
import { connectionOptions, isHopByHop } from '../standard/hop-by-hop'
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
  for (const [name, value] of headers) if ((size += name.length + value.length + 4) > MAX_HEADERS_SIZE) return true
  return false
}

/** https://fetch.spec.whatwg.org/#concept-filtered-response */
export function filteredResponse(type: Response['type'], headers: Headers, credentials: boolean): Response {
  const reader = readHeaderLines(headers)
  const options = connectionOptions(reader.get('connection')?.toLowerCase())
  const exposed = type === 'cors' ? corsExposedHeaderNames(reader, credentials) : '*'
  const isReadable = type === 'basic' || type === 'cors'

  const readableHeaders: string[] = []
  const hiddenHeaders: string[] = []
  const names = new Set<string>()
  for (const [line] of headers) {
    const name = line.toLowerCase()
    if (names.has(name)) continue
    names.add(name)
    // No script ever reads it.
    if (isForbiddenResponseHeaderName(name)) continue
    if (isReadable && isCorsSafelistedResponseHeaderName(name, exposed)) readableHeaders.push(name)
    // What the dev server passes on all the same.
    else if (!name.startsWith('access-control-') && !isHopByHop(name, options)) hiddenHeaders.push(name)
  }
  return { type, readableHeaders, hiddenHeaders }
}
