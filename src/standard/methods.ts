const NORMALIZED = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'])
const FORBIDDEN = new Set(['CONNECT', 'TRACE', 'TRACK'])
const FORBIDDEN_IN_LIST = /(?:^|,)[\t ]*(?:connect|trace|track)[\t ]*(?:,|$)/i

/** https://fetch.spec.whatwg.org/#cors-safelisted-method */
export function isCorsSafelistedMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'POST'
}

/** https://fetch.spec.whatwg.org/#forbidden-method */
export function isForbiddenMethod(method: string): boolean {
  return FORBIDDEN.has(method.toUpperCase())
}

/** Whether one of the comma-separated values is a forbidden method, as https://fetch.spec.whatwg.org/#forbidden-request-header asks. */
export function listsForbiddenMethod(value: string): boolean {
  return FORBIDDEN_IN_LIST.test(value)
}

/** https://fetch.spec.whatwg.org/#concept-method-normalize: `patch` stays as it is, which is why it fails so often. */
export function normalizeMethod(method: string): string {
  const upper = method.toUpperCase()
  return NORMALIZED.has(upper) ? upper : method
}
