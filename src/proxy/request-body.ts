import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import querystring from 'node:querystring'
import type { Readable } from 'node:stream'
import { pageWentAway, UpstreamError } from './errors'
import type { HeaderRecord } from './request'

export type RequestBody = Buffer | Readable

/**
 * The request's body as the transport may have it, `null` where there is none. Changes `headers` where the framing has
 * to change with it.
 */
export function requestBody(req: IncomingMessage, headers: HeaderRecord): RequestBody | null {
  if (!hasBody(req)) {
    // The transport writes `Content-Length: 0` itself where the method asks for it.
    delete headers['content-length']
    return null
  }
  if (!req.readableDidRead && !req.readableEnded) return new DetachedBody(req) as unknown as Readable
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
 * The page's upload, cut loose from the page's connection. The transport destroys what it is given when the upstream
 * answers early (413) or goes away; were that the request itself, the answer would find no connection to the page.
 *
 * As much of a stream as undici asks for: a whole one, with a buffer of its own, takes a quarter of the throughput.
 */
class DetachedBody extends EventEmitter {
  destroyed = false
  errored: Error | null = null
  readonly #source: IncomingMessage
  #isStarted = false
  #isHeld = false

  constructor(source: IncomingMessage) {
    super()
    this.#source = source
  }

  /** Not before undici listens: an empty body is over as soon as somebody looks. */
  #start(): void {
    const source = this.#source
    this.#isStarted = true
    if (source.destroyed && !source.complete) this.destroy(pageWentAway())
    else source.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose).on('error', this.#onClose)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.emit('data', chunk)
  }

  readonly #onEnd = (): void => {
    // Over HTTP/2, whoever resets a stream without naming an error ends it for Node, wherever it was.
    if (this.#source.aborted) this.destroy(pageWentAway())
    else this.emit('end')
  }

  readonly #onClose = (): void => {
    if (!this.#source.complete) this.destroy(pageWentAway())
  }

  /**
   * undici pauses after each chunk that fills the socket's buffer, which the kernel mostly empties in the same turn. To
   * stop and restart the page's socket each time would cost more than the chunk.
   */
  pause(): this {
    this.#isHeld = true
    process.nextTick(holdSource, this)
    return this
  }

  holdSource(): void {
    if (this.#isHeld && !this.destroyed) this.#source.pause()
  }

  resume(): this {
    this.#isHeld = false
    if (this.destroyed) return this
    if (!this.#isStarted) this.#start()
    else if (this.#source.isPaused()) this.#source.resume()
    return this
  }

  pipe(): never {
    throw new Error('A body is read by its events')
  }

  destroy(error?: Error): void {
    if (this.destroyed) return
    this.destroyed = true
    this.errored = error ?? null
    this.#source
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('close', this.#onClose)
      .off('error', this.#onClose)
      // Read to its end and dropped, so that the answer finds a connection in order.
      .on('error', () => {})
      .resume()
    process.nextTick(() => {
      if (error && this.listenerCount('error') > 0) this.emit('error', error)
      this.emit('close')
    })
  }
}

function holdSource(body: DetachedBody): void {
  body.holdSource()
}
