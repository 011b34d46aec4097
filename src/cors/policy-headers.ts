import type { CorsPolicy } from './policy'

/** Lower-case name and value. */
type HeaderLine = [name: string, value: string]

/**
 * What a server that keeps a policy sends to a request's origin: to the CORS-preflight request, and with the actual
 * response. None where the policy doesn't allow that origin.
 *
 * @see https://fetch.spec.whatwg.org/#http-responses
 */
export function policyHeaders(
  policy: CorsPolicy,
  requestOrigin: string,
): { preflight: HeaderLine[]; response: HeaderLine[] } {
  const isWildcard = policy.origins === '*'
  if (policy.origins !== '*' && !policy.origins.includes(requestOrigin)) return { preflight: [], response: [] }

  const both: HeaderLine[] = [['access-control-allow-origin', isWildcard ? '*' : requestOrigin]]
  if (policy.credentials) both.push(['access-control-allow-credentials', 'true'])
  // https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches
  const vary: HeaderLine[] = isWildcard ? [] : [['vary', 'Origin']]

  const preflight = policy.answersPreflight ? [...both] : []
  if (policy.answersPreflight) {
    if (policy.methods.length > 0) preflight.push(['access-control-allow-methods', policy.methods.join(', ')])
    if (policy.requestHeaders.length > 0)
      preflight.push(['access-control-allow-headers', policy.requestHeaders.join(', ')])
    preflight.push(...vary)
  }
  const response = [...both]
  if (policy.exposedHeaders.length > 0)
    response.push(['access-control-expose-headers', policy.exposedHeaders.join(', ')])
  response.push(...vary)
  return { preflight, response }
}
