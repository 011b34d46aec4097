import { isForbiddenResponseHeaderName, isToken } from '../standard/headers'

/** Lower-case name and value. */
type HeaderLine = [name: string, value: string]

/** Whether a field belongs to the CORS protocol. An upstream's own are removed, since two lines of one fail the check. */
export function isAccessControlHeader(name: string): boolean {
  return name.toLowerCase().startsWith('access-control-')
}

/**
 * What lets a page of an allowed other origin read a response as if it were its own: with credentials, every header
 * and the timing. `*` would mean none of these to a request with credentials.
 *
 * @param allowedOrigin serialized; never a wildcard
 * @param responseHeaderNames names of the fields of the response
 * @see https://fetch.spec.whatwg.org/#http-responses
 */
export function corsResponseHeaders(allowedOrigin: string, responseHeaderNames: readonly string[]): HeaderLine[] {
  const lines: HeaderLine[] = [
    ['access-control-allow-origin', allowedOrigin],
    ['access-control-allow-credentials', 'true'],
  ]
  const exposed = new Set(responseHeaderNames.map((name) => name.toLowerCase()))
  // One bad name, such as an HTTP/2 pseudo-header, makes Chromium expose none.
  const readable = [...exposed].filter(
    (name) => isToken(name) && !isForbiddenResponseHeaderName(name) && !isAccessControlHeader(name),
  )
  if (readable.length > 0) lines.push(['access-control-expose-headers', readable.join(', ')])
  lines.push(['timing-allow-origin', allowedOrigin])
  return lines
}

/** `existing` with `field` in it, which is once. https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches */
export function mergeVary(existing: string | undefined, field: string): string {
  const names = (existing ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.includes('*')) return '*'
  const isListed = names.some((name) => name.toLowerCase() === field.toLowerCase())
  return [...names, ...(isListed ? [] : [field])].join(', ')
}
