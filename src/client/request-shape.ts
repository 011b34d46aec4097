import { corsUnsafeRequestHeaderNames } from '../standard/headers'
import type { RequestShape } from '../exchange/wire'

/** What of a call decides whether it may go directly. The platform itself normalizes the method and drops forbidden names. */
export function requestShape(
  { Request, Blob }: typeof globalThis,
  call: { method: string; headers?: HeadersInit; body?: unknown; credentials: boolean; forcesPreflight?: boolean },
): RequestShape {
  const { method, headers } = new Request('data:,', { method: call.method, headers: call.headers })
  const names: [string, string][] = []
  headers.forEach((value, name) => names.push([name, value]))
  // Of all bodies only a Blob brings a type that may be unsafe.
  if (call.body instanceof Blob && call.body.type && !headers.has('content-type')) {
    names.push(['content-type', call.body.type])
  }
  return {
    method,
    headers: corsUnsafeRequestHeaderNames(names),
    credentials: call.credentials,
    forcesPreflight: !!call.forcesPreflight,
  }
}
