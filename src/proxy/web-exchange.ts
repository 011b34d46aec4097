import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { perCall } from '../exchange/per-call'
import type { Connection, Sender, SendOptions } from './connection'
import {
  classifyFailure,
  connectionBroke,
  isDroppedConnection,
  MOST_INTERIM,
  pageWentAway,
  tooManyInterim,
} from './errors'
import { abortResponse, dropHostsHeaders, endWith, pageSideOf, passChunk, writeChunk, writeHead } from './page-response'
import { readsAsPage, setOrigin } from './request'
import { type RequestBody, requestBody } from './request-body'
import type { Sending } from './sending'
import { UpstreamResponse } from './upstream-response'
import {
  buildUpstreamRequest,
  dispatchOptions,
  recordLines,
  recordRequest,
  type UpstreamRequest,
} from './upstream-request'

export interface SendingWeb extends Sending {
  res: ServerResponse
}

/** Sends a request up, and its answer back. */
export function sendWeb(sending: SendingWeb): void {
  const { req, res, call, proxyServer, options, hooks } = sending
  if (options.timeout) req.socket.setTimeout(options.timeout)
  if (proxyServer.listenerCount('start')) proxyServer.emit('start', req, res, call.target.origin)
  try {
    const request = buildUpstreamRequest(req, call, hooks.rewrite)
    if (proxyServer.listenerCount('proxyReq')) {
      proxyServer.emit('proxyReq', request as never, req, res, options)
      if (res.writableEnded) return
    }
    new WebExchange(sending, request, requestBody(req, request.headers)).dispatch()
  } catch (error) {
    fail(sending, error as Error)
  }
}

/** One request and its response on its way back, chunk by chunk. */
class WebExchange implements Dispatcher.DispatchHandler, Sender {
  connection: Connection | undefined
  readonly #sending: SendingWeb
  readonly #request: UpstreamRequest
  readonly #body: RequestBody | null
  #controller: Dispatcher.DispatchController | undefined
  /** Where an `on.proxyRes` handler wants to see the response as a stream. */
  #observed: UpstreamResponse | undefined
  /** A body that came in one piece, not yet passed on. */
  #wholeBody: Buffer | undefined
  #contentLength: number | undefined
  #interimCount = 0
  #hasStarted = false
  #hasResponse = false
  #hasData = false
  #isOnStaleConnection = false
  #isRetried = false
  #isRepeating = false
  #isOver = false

  constructor(sending: SendingWeb, request: UpstreamRequest, body: RequestBody | null) {
    this.#sending = sending
    this.#request = request
    this.#body = body
  }

  dispatch(wantsNewConnection = false): void {
    const { call, dispatcher } = this.#sending
    recordRequest(call, this.#request)
    const options: SendOptions = dispatchOptions(call.target, this.#request, this.#body)
    options.sender = this
    options.wantsNewConnection = wantsNewConnection
    dispatcher.dispatch(options, this)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { res } = this.#sending
    this.#controller = controller
    this.#isOnStaleConnection = this.connection?.hasStoodIdle === true
    if (pageSideOf(res).destroyed) return controller.abort(pageWentAway())
    if (this.#body) this.connection?.prepareForBody()
    if (!this.#hasStarted) leaveWithPage(pageSideOf(res), this)
    this.#hasStarted = true
  }

  pageClosed(): void {
    if (!this.#isOver) this.#controller?.abort(pageWentAway())
  }

  onResponseStarted(): void {
    this.#hasResponse = true
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    received: IncomingHttpHeaders,
    statusText = '',
  ): void {
    if (status < 200) {
      if (++this.#interimCount > MOST_INTERIM) controller.abort(tooManyInterim(this.#sending.call.target))
      return
    }
    const { req, res, call, proxyServer, options, hooks } = this.#sending
    const upstream = recordLines(received)
    if (status === 403 && this.#canRepeat() && !upstream.some(([name]) => name === 'access-control-allow-origin')) {
      this.#isRepeating = true
      return controller.abort(new Error('asked again with another Origin'))
    }
    if (call.insistsOnOwnOrigin && status !== 403) hooks.strictTargets.add(call.target)
    call.exchange.upstreamResponse = perCall({ status, headers: upstream })
    const headers = hooks.buildSentHeaders(call, upstream)
    this.#contentLength = Number(headers['content-length'])

    dropHostsHeaders(res)
    if (options.selfHandleResponse || proxyServer.listenerCount('proxyRes')) {
      this.#observed = new UpstreamResponse(() => controller.resume(), status, statusText, headers)
      proxyServer.emit('proxyRes', this.#observed as never, req, res)
      if (options.selfHandleResponse) return
      this.#pipeObserved(this.#observed)
    }
    writeHead(res, status, statusText, headers)
    call.exchange.sentResponse = perCall({ status, headers })
    // Data of the same packet is delivered before this runs. Without any, the page must not wait for the first event to
    // learn that its stream is open.
    process.nextTick(flushIfSilent, this)
  }

  #pipeObserved(observed: UpstreamResponse): void {
    const { res } = this.#sending
    observed
      .on('end', () => this.#end())
      .on('data', (chunk: Buffer) => {
        if (writeChunk(res, chunk)) return
        observed.pause()
        res.once('drain', () => observed.resume())
      })
  }

  flushIfSilent(): void {
    const { res } = this.#sending
    if (!this.#hasData && !this.#isOver && !pageSideOf(res).destroyed) res.flushHeaders()
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const isFirst = !this.#hasData
    this.#hasData = true
    if (this.#isOver) return
    if (this.#observed) {
      if (!this.#observed.push(chunk)) controller.pause()
    } else if (isFirst && chunk.length === this.#contentLength) {
      // That was all, as undici says at once.
      this.#wholeBody = chunk
    } else if (!passChunk(this.#sending.res, chunk)) {
      controller.pause()
      this.#sending.res.once('drain', () => controller.resume())
    }
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) return
    if (this.connection?.isBroken) return this.onResponseError(controller, connectionBroke())
    if (this.#observed) this.#observed.push(null)
    if (!this.#observed) this.#end()
    else if (this.#sending.options.selfHandleResponse) this.#finish()
  }

  #end(): void {
    if (this.#wholeBody) endWith(this.#sending.res, this.#wholeBody)
    else this.#sending.res.end()
    this.#finish()
  }

  #finish(): void {
    const { req, res, call, proxyServer, hooks } = this.#sending
    this.#isOver = true
    if (proxyServer.listenerCount('end')) proxyServer.emit('end', req, res, this.#observed as never)
    hooks.finished(call)
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#isOver) return
    if (this.#isRepeating) return this.#repeatWithOwnOrigin()
    if (this.#canRetry(error)) {
      this.#isRetried = true
      return this.dispatch(true)
    }
    this.#isOver = true
    this.#observed?.destroy(error)
    fail(this.#sending, error)
  }

  /**
   * The server may drop a connection that stood idle just as the next request comes, and of that no page is to know.
   * Nothing is sent twice that could change something: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2
   */
  #canRetry(error: Error): boolean {
    return (
      this.#isOnStaleConnection &&
      !this.#hasResponse &&
      !this.#isRetried &&
      this.#isRead() &&
      isDroppedConnection(error) &&
      !pageSideOf(this.#sending.res).destroyed
    )
  }

  /**
   * Servers that refuse strangers answer 403 and no CORS header. A read whose `Origin` was the page's may be asked again
   * with the target's own; what changes something never is.
   */
  #canRepeat(): boolean {
    const { call } = this.#sending
    return this.#isRead() && readsAsPage(call) && !call.insistsOnOwnOrigin
  }

  #isRead(): boolean {
    const { method } = this.#request
    return (method === 'GET' || method === 'HEAD') && this.#body === null
  }

  #repeatWithOwnOrigin(): void {
    const { req, call, hooks } = this.#sending
    this.#isRepeating = false
    this.#hasResponse = false
    call.insistsOnOwnOrigin = true
    // All else stays, what a `proxyReq` handler has set included.
    setOrigin(this.#request.headers, req, call, hooks.rewrite.productionOrigin)
    this.dispatch()
  }
}

const EXCHANGE = Symbol('unplugin-cors-dev exchange')

type PageSide = Writable & { [EXCHANGE]?: WebExchange }

/**
 * No function for each call: where V8 compiles `on()` into its caller, it makes a function in the place of the list that
 * would hold it beside another listener. Such lists stay, those of sockets, so that is the old space, where the function
 * would keep alive the request and its answer: see {@link perCall}.
 */
function leaveWithPage(side: PageSide, exchange: WebExchange): void {
  side[EXCHANGE] = exchange
  side.on('close', onClose)
}

function onClose(this: PageSide): void {
  this[EXCHANGE]?.pageClosed()
}

function flushIfSilent(exchange: WebExchange): void {
  exchange.flushIfSilent()
}

function fail({ req, res, call, proxyServer, hooks }: SendingWeb, error: Error): void {
  const failure = classifyFailure(error, call.target)
  call.exchange.failure = failure
  const isReset = failure.code === 'reset' || failure.code === 'aborted'
  if (isReset && proxyServer.listenerCount('econnreset'))
    proxyServer.emit('econnreset', error, req, res, call.target.origin)
  else if (proxyServer.listenerCount('error')) proxyServer.emit('error', error, req, res, call.target.origin)
  try {
    // Where one side is gone there is nobody to tell.
    if (!res.headersSent && failure.code !== 'aborted') hooks.answerFailure(call, res, failure)
    else if (!res.writableEnded) abortResponse(res)
  } catch {
    // What can't be told is cut: a page that waits for ever learns nothing.
    abortResponse(res)
  }
  hooks.finished(call)
}
