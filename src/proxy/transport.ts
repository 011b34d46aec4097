import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import { type Duplex, Readable } from 'node:stream'
import type { Options as HpmOptions, Plugin as HpmPlugin } from 'http-proxy-middleware'
import type { Dispatcher } from 'undici'
import type { Target } from '../targets/target'
import { type Call, recallCall } from './call'
import { createDispatcher } from './connect'
import { classifyFailure, UpstreamError } from './errors'
import { type HeaderRecord, setOrigin } from './request'
import { requestBody } from './request-body'
import type { Sending, TransportHooks } from './sending'
import { upgradeThrough } from './upgrade'
import { buildUpstreamRequest, dispatchOptions, headerLines, recordLines, recordRequest } from './upstream-request'

export interface Transport {
  /** http-proxy-middleware's way to the targets, taken over: see {@link createTransport}. */
  plugin: HpmPlugin
  /** The connections to a target. */
  dispatcherOf(target: Target): Dispatcher
  close(): Promise<void>
}

/**
 * The way up to the targets. http-proxy-middleware stays the frame (filters, rewriting, plugins, events); its own
 * transport opens a connection for each HTTP/2 page request, appends error text to broken bodies and dies of one
 * `Trailer` field, so undici's takes its place.
 */
export function createTransport(hooks: TransportHooks): Transport {
  const dispatchers = new Map<Target, Dispatcher>()
  const joined = new Set<Duplex>()

  function dispatcherOf(target: Target): Dispatcher {
    const known = dispatchers.get(target)
    if (known) return known
    const dispatcher = createDispatcher(target, hooks.env)
    dispatchers.set(target, dispatcher)
    return dispatcher
  }

  return {
    dispatcherOf,
    plugin: (proxyServer) => {
      // Upgrades come this way too: on its own way for them http-proxy-middleware meets a filter that declines, and an
      // option that throws, with silence, and a silent socket hangs the page.
      proxyServer.web = (req, res, options) => {
        const call = recallCall(req)
        const dispatcher = dispatcherOf(call.target)
        const sending = { req, call, proxyServer, options: options as HpmOptions, dispatcher, hooks }
        if (call.upgrade) upgradeThrough({ ...sending, ...call.upgrade, joined })
        else send({ ...sending, res })
        return Promise.resolve()
      }
    },
    async close() {
      for (const socket of joined) socket.destroy()
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()))
    },
  }
}

interface SendingWeb extends Sending {
  res: ServerResponse
}

function send(sending: SendingWeb): void {
  const { req, res, call, proxyServer, options, dispatcher, hooks } = sending
  if (options.timeout) req.socket.setTimeout(options.timeout)
  if (proxyServer.listenerCount('start')) proxyServer.emit('start', req, res, call.target.origin)
  try {
    const request = buildUpstreamRequest(req, call, hooks.rewrite)
    if (proxyServer.listenerCount('proxyReq')) {
      proxyServer.emit('proxyReq', request as never, req, res, options)
      if (res.writableEnded) return
    }
    const body = requestBody(req, request.headers)
    const dispatch = (): void => {
      recordRequest(call, request)
      const exchange = new WebExchange(sending, call, canRepeat(call, body) ? repeatWithOwnOrigin : undefined)
      dispatcher.dispatch(dispatchOptions(call.target, request, body), exchange)
    }
    const repeatWithOwnOrigin = (): void => {
      call.insistsOnOwnOrigin = true
      // All else stays, what a `proxyReq` handler has set included.
      setOrigin(request.headers, req, call, hooks.rewrite.productionOrigin)
      dispatch()
    }
    dispatch()
  } catch (error) {
    fail(sending, call, error as Error)
  }
}

/**
 * Servers that refuse strangers answer 403 and no CORS header. A read whose `Origin` was the page's may be asked again
 * with the target's own; what changes something never is.
 */
function canRepeat(call: Call, body: Readable | Buffer | null): boolean {
  const { method, way } = call.exchange
  const isRead = method === 'GET' || method === 'HEAD'
  return isRead && body === null && way !== 'path' && call.target.originPolicy === 'default' && !call.insistsOnOwnOrigin
}

/** One response on its way back, chunk by chunk. */
class WebExchange implements Dispatcher.DispatchHandler {
  readonly #sending: SendingWeb
  readonly #call: Call
  readonly #repeat: (() => void) | undefined
  #controller: Dispatcher.DispatchController | undefined
  /** Where an `on.proxyRes` handler wants to see the response as a stream. */
  #observed: UpstreamResponse | undefined
  #hasData = false
  #isRepeating = false
  #isOver = false

  constructor(sending: SendingWeb, call: Call, repeat: (() => void) | undefined) {
    this.#sending = sending
    this.#call = call
    this.#repeat = repeat
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    const { res } = this.#sending
    if (res.destroyed) return controller.abort(pageWentAway())
    res.once('close', this.#onPageClose)
  }

  readonly #onPageClose = (): void => {
    if (!this.#isOver) this.#controller?.abort(pageWentAway())
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _: unknown, statusText?: string): void {
    if (status < 200) return
    const { req, res, proxyServer, options, hooks } = this.#sending
    const upstream = headerLines(controller.rawHeaders)
    if (this.#repeat && status === 403 && !upstream.some(([name]) => name === 'access-control-allow-origin')) {
      this.#isRepeating = true
      return controller.abort(new Error('asked again with another Origin'))
    }
    if (this.#call.insistsOnOwnOrigin && status !== 403) hooks.strictTargets.add(this.#call.target)
    this.#call.exchange.upstreamResponse = { status, headers: upstream }
    const headers = hooks.buildSentHeaders(this.#call, upstream)

    dropHostsHeaders(res)
    if (options.selfHandleResponse || proxyServer.listenerCount('proxyRes')) {
      this.#observed = new UpstreamResponse(controller, status, statusText ?? '', headers)
      proxyServer.emit('proxyRes', this.#observed as never, req, res)
      if (options.selfHandleResponse) return
      const observed = this.#observed
      observed
        .on('end', () => this.#end())
        .on('data', (chunk: Buffer) => {
          if (this.#write(chunk)) return
          observed.pause()
          res.once('drain', () => observed.resume())
        })
    }
    writeHead(res, status, statusText, headers)
    this.#call.exchange.sentResponse = { status, headers: recordLines(headers) }
    // Data of the same packet is delivered before this runs. Without any, the page must not wait for the first event to
    // learn that its stream is open.
    process.nextTick(() => {
      if (!this.#hasData && !this.#isOver && !res.destroyed) res.flushHeaders()
    })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#hasData = true
    if (this.#observed) {
      if (!this.#observed.push(chunk)) controller.pause()
    } else if (!this.#write(chunk)) {
      controller.pause()
      this.#sending.res.once('drain', () => controller.resume())
    }
  }

  #write(chunk: Buffer): boolean {
    const { res } = this.#sending
    const hasRoom = res.write(chunk)
    // Compressing middleware, where one came before us, holds small chunks back until it is told not to.
    if ('flush' in res && typeof res.flush === 'function') res.flush()
    return hasRoom
  }

  onResponseEnd(): void {
    if (this.#observed) this.#observed.push(null)
    if (!this.#observed) this.#end()
    else if (this.#sending.options.selfHandleResponse) this.#finish()
  }

  #end(): void {
    this.#sending.res.end()
    this.#finish()
  }

  #finish(): void {
    const { req, res, proxyServer, hooks } = this.#sending
    this.#isOver = true
    res.off('close', this.#onPageClose)
    if (proxyServer.listenerCount('end')) proxyServer.emit('end', req, res, this.#observed as never)
    hooks.finished(this.#call)
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sending.res.off('close', this.#onPageClose)
    if (this.#isRepeating) return this.#repeat?.()
    this.#observed?.destroy(error)
    fail(this.#sending, this.#call, error)
  }
}

function pageWentAway(): Error {
  return Object.assign(new Error('the page went away'), { code: 'UND_ERR_ABORTED' })
}

/** The response as `on.proxyRes` handlers and `responseInterceptor` know it; its headers are those the page is given. */
class UpstreamResponse extends Readable {
  readonly statusCode: number
  readonly statusMessage: string
  readonly headers: HeaderRecord
  readonly httpVersion = '1.1'
  readonly #controller: Dispatcher.DispatchController

  constructor(controller: Dispatcher.DispatchController, status: number, statusText: string, headers: HeaderRecord) {
    super()
    // An upstream that breaks off is told by the transport; nobody has to listen here.
    this.on('error', () => {})
    this.#controller = controller
    this.statusCode = status
    this.statusMessage = statusText
    this.headers = headers
  }

  get rawHeaders(): string[] {
    return recordLines(this.headers).flat()
  }

  override _read(): void {
    this.#controller.resume()
  }
}

/** What the host or its middleware had put on the response before is not the API's; the session cookie is ours. */
function dropHostsHeaders(res: ServerResponse): void {
  for (const name of res.getHeaderNames()) if (name !== 'set-cookie') res.removeHeader(name)
}

/** What Node writes as a reason phrase; undici reads it as UTF-8, and what is neither would throw in mid-answer. */
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]+$/

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
  if (statusText !== undefined && REASON_PHRASE.test(statusText) && res.req.httpVersionMajor < 2)
    res.writeHead(status, statusText, headers)
  else res.writeHead(status, headers)
}

/** Cuts a response that can't be completed, so that no half of it passes for the whole. */
export function abortResponse(res: ServerResponse): void {
  const { stream } = res as unknown as Partial<Http2ServerResponse>
  const INTERNAL_ERROR = 2 // https://www.rfc-editor.org/rfc/rfc9113#section-7
  if (stream && !stream.destroyed) stream.close(INTERNAL_ERROR)
  else res.destroy()
}

function fail({ req, res, proxyServer, hooks }: SendingWeb, call: Call, error: Error): void {
  const failure = error instanceof UpstreamError ? error.failure : classifyFailure(error, call.target)
  call.exchange.failure = failure
  const isReset = failure.code === 'reset' || failure.code === 'aborted'
  if (isReset && proxyServer.listenerCount('econnreset'))
    proxyServer.emit('econnreset', error, req, res, call.target.origin)
  else if (proxyServer.listenerCount('error')) proxyServer.emit('error', error, req, res, call.target.origin)
  try {
    if (!res.headersSent) hooks.answerFailure(call, res, failure)
    else if (!res.writableEnded) abortResponse(res)
  } catch {
    // What can't be told is cut: a page that waits for ever learns nothing.
    abortResponse(res)
  }
  hooks.finished(call)
}
