import type { RequestShape } from '../exchange/wire'

/** A simple range header value, as https://fetch.spec.whatwg.org/#cors-safelisted-request-header asks of `Range`. */
const SIMPLE_RANGE = /^bytes=(\d+)-(\d*)$/

/**
 * What of a call decides whether it may go directly. The platform itself normalizes the method, drops forbidden names,
 * and tells safe headers from others: a `no-cors` request keeps only the former.
 */
export function requestShape(
  { Request, Blob }: typeof globalThis,
  call: { method?: string; headers?: HeadersInit; body?: unknown; credentials: boolean; forcesPreflight?: boolean },
): RequestShape {
  const { method, headers } = new Request('data:,', { method: call.method, headers: call.headers })
  // Of all bodies only a Blob brings a type that may be unsafe.
  if (call.body instanceof Blob && call.body.type && !headers.has('content-type')) {
    headers.set('content-type', call.body.type)
  }
  const { headers: safe } = new Request('data:,', { mode: 'no-cors', headers })
  const [, start, end] = SIMPLE_RANGE.exec(headers.get('range') as string) ?? []
  return {
    method,
    headers: [...headers.keys()].filter(
      (name) => !safe.has(name) && !(name === 'range' && start && (!end || +start <= +end)),
    ),
    credentials: call.credentials,
    forcesPreflight: !!call.forcesPreflight,
  }
}
