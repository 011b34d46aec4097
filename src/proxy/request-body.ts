import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import querystring from 'node:querystring'
import { Readable } from 'node:stream'
import { pageWentAway, UpstreamError } from './errors'
import type { HeaderRecord } from './request'

/**
 * The request's body as the transport may have it, `null` where there is none. Changes `headers` where the framing has
 * to change with it.
 */
export function requestBody(req: IncomingMessage, headers: HeaderRecord): Readable | Buffer | null {
  if (!hasBody(req)) {
    // The transport writes `Content-Length: 0` itself where the method asks for it.
    delete headers['content-length']
    return null
  }
  if (!req.readableDidRead && !req.readableEnded) return new DetachedBody(req)
  const body = serializeParsedBody(req)
  headers['content-length'] = String(body.byteLength)
  // Parsers decode what they read.
  delete headers['content-encoding']
  return body
}

function hasBody(req: IncomingMessage): boolean {
  const { stream } = req as unknown as Partial<Http2ServerRequest>
  if (req.httpVersionMajor >= 2 && stream) return !(stream as { endAfterHeaders?: boolean }).endAfterHeaders
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers
  return coding !== undefined || (length !== undefined && Number(length) !== 0)
}

/** A parser (Express's own, mostly) came first and ate the stream; what it made of it is turned back into bytes. */
function serializeParsedBody(req: IncomingMessage): Buffer {
  const { body } = req as { body?: unknown }
  if (Buffer.isBuffer(body)) return body
  if (typeof body === 'string') return Buffer.from(body)
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (body !== undefined && (type === 'application/json' || type.endsWith('+json')))
    return Buffer.from(JSON.stringify(body))
  if (type === 'application/x-www-form-urlencoded' && isFlat(body)) return Buffer.from(querystring.stringify(body))
  throw new UpstreamError({
    code: 'body-consumed',
    cause: `the ${type || 'request'} body was read before it reached this proxy, and can't be put together again`,
    remedy: 'Mount this middleware before the body parser.',
  })
}

function isFlat(body: unknown): body is Record<string, string | string[]> {
  return (
    typeof body === 'object' &&
    body !== null &&
    Object.values(body).every((value) => [value].flat().every((item) => typeof item === 'string'))
  )
}

/**
 * The page's upload as a stream of its own. The transport destroys what it is given when the upstream answers early
 * (413) or goes away; were that the request itself, the page's connection would die before the answer reaches it.
 */
class DetachedBody extends Readable {
  readonly #source: IncomingMessage

  constructor(source: IncomingMessage) {
    super()
    this.#source = source
    source.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose).on('error', this.#onClose)
    source.pause()
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#source.pause()
  }

  readonly #onEnd = (): void => {
    this.push(null)
  }

  readonly #onClose = (): void => {
    if (!this.#source.complete) this.destroy(pageWentAway())
  }

  override _read(): void {
    this.#source.resume()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#source
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('close', this.#onClose)
      .off('error', this.#onClose)
      // Read to its end and dropped, so that the answer finds a connection in order.
      .on('error', () => {})
      .resume()
    callback(error)
  }
}
