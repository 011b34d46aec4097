import { isToken, parseTokenList } from '../standard/headers'

/** What a CORS-preflight request of an allowed page asks. */
export interface PreflightQuestion {
  /** Serialized origin, already found to be allowed. */
  origin: string
  /** `Access-Control-Request-Method`. */
  requestMethod: string
  /** `Access-Control-Request-Headers`, if sent. */
  requestHeaders: string | null | undefined
  /** Whether `Access-Control-Request-Private-Network: true` was sent: browsers with the older check still do. */
  requestPrivateNetwork?: boolean
  /** Whether `Access-Control-Request-Local-Network: true` was sent. */
  requestLocalNetwork?: boolean
}

/**
 * Allows just what was asked: `*` stands for nothing where there are credentials. Anything unparsable is left out, so
 * the browser refuses and nothing of the request's text is echoed.
 *
 * @see https://fetch.spec.whatwg.org/#cors-preflight-fetch-0
 */
export function preflightResponse(question: PreflightQuestion): {
  status: 204
  headers: [name: string, value: string][]
} {
  const { origin, requestMethod, requestHeaders, requestPrivateNetwork, requestLocalNetwork } = question
  const headers: [string, string][] = [
    ['access-control-allow-origin', origin],
    ['access-control-allow-credentials', 'true'],
  ]
  if (isToken(requestMethod)) headers.push(['access-control-allow-methods', requestMethod])
  const names = parseTokenList(requestHeaders ?? null)
  if (names && names.length > 0) headers.push(['access-control-allow-headers', names.join(', ')])
  if (requestPrivateNetwork) headers.push(['access-control-allow-private-network', 'true'])
  if (requestLocalNetwork) headers.push(['access-control-allow-local-network', 'true'])
  headers.push(
    // Every actual request is guarded again, so a kept answer opens nothing.
    ['access-control-max-age', '600'],
    ['vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'],
    ['content-length', '0'],
  )
  return { status: 204, headers }
}
