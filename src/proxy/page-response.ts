import { ServerResponse, STATUS_CODES } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import type { Writable } from 'node:stream'
import { release } from './reading'
import type { HeaderRecord } from './request'

/** What the host or its middleware had put on the response before is not the API's; the session cookie is ours. */
export function dropHostsHeaders(res: ServerResponse): void {
  for (const name of res.getHeaderNames()) if (name !== 'set-cookie') res.removeHeader(name)
}

/**
 * What may stand as a reason phrase. undici reads it as UTF-8: characters beyond Latin-1 make Node throw in mid-answer,
 * and written as Latin-1 by hand some of them are a line break (U+010D U+010A), with fields of the upstream's behind it.
 */
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]+$/

/** The upstream's own words for a status, where it has some that can be passed on. */
export function ownReasonPhrase(status: number, statusText: string | undefined): string | undefined {
  return statusText !== STATUS_CODES[status] && REASON_PHRASE.test(statusText ?? '') ? statusText : undefined
}

export function writeHead(
  res: ServerResponse,
  status: number,
  statusText: string | undefined,
  headers: HeaderRecord,
): void {
  const ownCookies = res.getHeader('set-cookie')
  if (ownCookies !== undefined) {
    headers['set-cookie'] = [ownCookies, headers['set-cookie'] ?? []].flat().map(String)
  }
  // HTTP/2 has no reason phrase.
  const phrase = res.req.httpVersionMajor < 2 ? ownReasonPhrase(status, statusText) : undefined
  if (phrase === undefined) res.writeHead(status, headers)
  else res.writeHead(status, phrase, headers)
}

/** @returns whether the page has room for more */
export function writeChunk(res: ServerResponse, chunk: Buffer): boolean {
  const hasRoom = res.write(chunk)
  flushCompression(res)
  return hasRoom
}

/** Middleware that puts a `write` of its own in their place may keep what it is given. */
const KEEPS_NOTHING = new Set<unknown>([ServerResponse.prototype.write, Http2ServerResponse.prototype.write])

/** As {@link writeChunk}; what the chunk was read into is used again once it is written. */
export function passChunk(res: ServerResponse, chunk: Buffer): boolean {
  return KEEPS_NOTHING.has(res.write) ? res.write(chunk, () => release(chunk)) : writeChunk(res, chunk)
}

/** Compressing middleware, where one came before us, holds small chunks back until it is told not to. */
function flushCompression(res: ServerResponse): void {
  if ('flush' in res && typeof res.flush === 'function') res.flush()
}

/** Longer ones gain nothing from being a text. */
const MOST_AS_TEXT = 16 * 1024

/**
 * Ends a response with its whole body. Node sends header and body together if both are text, and `end()` adds an empty
 * piece which makes that a list to be gathered: a fifth of what a small answer costs.
 */
export function endWith(res: ServerResponse, body: Buffer): void {
  const { socket } = res
  if (body.length > MOST_AS_TEXT || res.req.httpVersionMajor !== 1 || !socket || 'flush' in res) {
    writeChunk(res, body)
  } else {
    res.write(body.toString('latin1'), 'latin1')
    // It waits for more until the end of this turn.
    socket.uncork()
  }
  res.end()
}

/**
 * What is closed when the page leaves. Over HTTP/2 that is not the response itself: it has no `destroyed`, and Node lets
 * it say nothing where a HEAD was given up.
 */
export function pageSideOf(res: ServerResponse): Writable {
  const { stream } = res as unknown as Partial<Http2ServerResponse>
  return stream ?? res
}

/** Cuts a response that can't be completed, so that no half of it passes for the whole. */
export function abortResponse(res: ServerResponse): void {
  const { stream } = res as unknown as Partial<Http2ServerResponse>
  const INTERNAL_ERROR = 2 // https://www.rfc-editor.org/rfc/rfc9113#section-7
  if (stream && !stream.destroyed) stream.close(INTERNAL_ERROR)
  else res.destroy()
}
