import type { RequestShape } from '../exchange/wire'

/** As https://fetch.spec.whatwg.org/#cors-safelisted-request-header asks of `Range`, but for one that ends before it begins. */
const SIMPLE_RANGE = /^bytes=\d+-\d*$/

/**
 * What of a call decides whether it may go directly. The platform itself normalizes the method, drops forbidden names,
 * and tells safe headers from others: a `no-cors` request keeps only the former.
 */
export function requestShape(
  { Request, Blob }: typeof globalThis,
  call: {
    method?: string
    headers?: HeadersInit
    body?: unknown
    credentials: boolean
    forcesPreflight?: boolean | null
  },
): RequestShape {
  const { method, headers } = new Request('data:,', { method: call.method, headers: call.headers })
  // Of all bodies only a Blob brings a type that may be unsafe.
  if (call.body instanceof Blob && call.body.type && !headers.has('content-type')) {
    headers.set('content-type', call.body.type)
  }
  const { headers: safe } = new Request('data:,', { mode: 'no-cors', headers })
  return {
    method,
    headers: [...headers.keys()].filter(
      (name) => !safe.has(name) && !(name === 'range' && SIMPLE_RANGE.test(headers.get(name) as string)),
    ),
    credentials: call.credentials,
    forcesPreflight: !!call.forcesPreflight,
  }
}
