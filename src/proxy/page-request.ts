import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Addressed } from './guard'

/** What a request that came from a page tells of itself, beyond its URL. */

/** Whether the request is an element's or a style sheet's, which follows wherever it is sent. */
export function asksForResource({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && RESOURCES.test(String(headers['sec-fetch-dest']))
}

const RESOURCES = /^(?:audio|font|image|track|video)$/

/**
 * https://www.rfc-editor.org/rfc/rfc9110#name-accept; where browsers send no `Sec-Fetch-Mode`. With a token it is a
 * script's call, whatever it accepts: a document would be led to another target by its path, token and all.
 */
export function asksForDocument({ headers }: IncomingMessage): boolean {
  const isSaid = headers['sec-fetch-mode'] !== undefined || headers.authorization !== undefined
  return !isSaid && String(headers.accept ?? '').startsWith('text/html')
}

/**
 * A navigation from another site brings no SameSite=Strict cookie, so a browser that has a session looks like one that
 * has none; a new one would take the place of its logins, just as it comes back from logging in elsewhere.
 */
export function comesFromElsewhere({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'cross-site'
  return headers.referer !== undefined && !headers.referer.includes(`//${headers.host ?? ''}/`)
}

/** Pages send streams over HTTP/2 alone, and nothing else that they send there has a body of no known length. */
export function isStreamBody(req: IncomingMessage): boolean {
  if (req.httpVersionMajor < 2 || req.headers['content-length'] !== undefined) return false
  // A request line may claim a version that its connection does not speak.
  const { stream } = req as unknown as Partial<Http2ServerRequest>
  return stream?.endAfterHeaders === false
}

/** https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1: a GET without a body. */
export function isWebSocketHandshake({ method, headers }: IncomingMessage): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && !hasBody
}

export function isEncrypted(req: IncomingMessage): boolean {
  return (req.socket as Partial<TLSSocket>).encrypted === true
}

export function addressOf(req: IncomingMessage): Addressed {
  const authority = req.headers[':authority'] ?? req.headers.host
  return {
    method: req.method ?? 'GET',
    url: req.url ?? '/',
    authority: typeof authority === 'string' ? authority : undefined,
    isEncrypted: isEncrypted(req),
    isUpgrade: false,
  }
}

export function headerGetter(req: IncomingMessage): { get(name: string): string | null } {
  return { get: (name) => [req.headers[name.toLowerCase()] ?? []].flat().join(', ') || null }
}
