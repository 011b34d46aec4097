import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Failure } from '../exchange/exchange'
import type { Call } from './call'
import { classifyFailure, failureStatus, MOST_INTERIM, pageWentAway, tooManyInterim } from './errors'
import { ownReasonPhrase } from './page-response'
import type { HeaderRecord } from './request'
import type { Sending } from './sending'
import { buildUpstreamRequest, dispatchOptions, recordLines, recordRequest } from './upstream-request'

interface SendingUpgrade extends Sending {
  socket: Duplex
  head: Buffer
  /** Upstream's sides of all sockets that are joined: they outlive the dispatcher. */
  joined: Set<Duplex>
}

/** Sends an upgrade down the route that its call was given, and joins the two sockets when the upstream agrees. */
export function upgradeThrough(sending: SendingUpgrade): void {
  const { req, call, socket, proxyServer, options, dispatcher, hooks } = sending
  try {
    const request = buildUpstreamRequest(req, call, hooks.rewrite)
    if (proxyServer.listenerCount('proxyReqWs')) {
      proxyServer.emit('proxyReqWs', request as never, req, socket as never, options, sending.head)
      if (socket.destroyed) return
    }
    recordRequest(call, request)
    dispatcher.dispatch(
      { ...dispatchOptions(call.target, request, null), upgrade: req.headers.upgrade ?? 'websocket' },
      new UpgradeExchange(sending, call),
    )
  } catch (error) {
    failUpgrade(sending, call, error as Error)
  }
}

class UpgradeExchange implements Dispatcher.DispatchHandler {
  readonly #sending: SendingUpgrade
  readonly #call: Call
  #controller: Dispatcher.DispatchController | undefined
  #interimCount = 0
  #isOver = false

  constructor(sending: SendingUpgrade, call: Call) {
    this.#sending = sending
    this.#call = call
  }

  readonly #onPageClose = (): void => {
    if (!this.#isOver) this.#controller?.abort(pageWentAway())
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#sending.socket.destroyed) return this.#onPageClose()
    this.#sending.socket.once('close', this.#onPageClose)
  }

  onRequestUpgrade(_: unknown, status: number, received: IncomingHttpHeaders, upstream: Duplex): void {
    const { req, socket, head, joined, proxyServer, hooks } = this.#sending
    this.#isOver = true
    joined.add(upstream)
    socket.off('close', this.#onPageClose)
    const headers = this.#sentHeaders(status, received)
    headers['connection'] = 'Upgrade'
    headers['upgrade'] = req.headers.upgrade ?? 'websocket'
    socket.write(serializeHead(status, undefined, headers))
    if (head.length) upstream.write(head)
    upstream.pipe(socket)
    socket.pipe(upstream)
    if (proxyServer.listenerCount('open')) proxyServer.emit('open', upstream as never)
    // Either side's end is the other's: a page that vanishes must not leave a socket at the upstream, nor the reverse.
    const part = (): void => {
      joined.delete(upstream)
      if (!upstream.destroyed) upstream.destroy()
      if (!socket.destroyed) socket.destroy()
      if (this.#call.exchange.duration === undefined) {
        if (proxyServer.listenerCount('close')) proxyServer.emit('close', req, upstream as never, head)
        hooks.finished(this.#call)
      }
    }
    for (const end of [upstream, socket]) end.on('error', part).on('close', part)
  }

  /** The upstream declined: its answer goes back as it is. */
  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    received: IncomingHttpHeaders,
    statusText?: string,
  ): void {
    if (status < 200) {
      if (++this.#interimCount > MOST_INTERIM) controller.abort(tooManyInterim(this.#call.target))
      return
    }
    const headers = this.#sentHeaders(status, received)
    headers['connection'] = 'close'
    this.#sending.socket.write(serializeHead(status, statusText, headers))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { socket } = this.#sending
    if (socket.write(chunk)) return
    controller.pause()
    socket.once('drain', () => controller.resume())
  }

  onResponseEnd(): void {
    this.#isOver = true
    this.#sending.socket.end()
    this.#sending.hooks.finished(this.#call)
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sending.socket.off('close', this.#onPageClose)
    failUpgrade(this.#sending, this.#call, error)
  }

  #sentHeaders(status: number, received: IncomingHttpHeaders): HeaderRecord {
    const { hooks } = this.#sending
    const upstream = recordLines(received)
    const { exchange } = this.#call
    exchange.upstreamResponse = { status, headers: upstream }
    const headers = hooks.buildSentHeaders(this.#call, upstream)
    exchange.sentResponse = { status, headers }
    return headers
  }
}

function failUpgrade({ req, socket, proxyServer, hooks }: SendingUpgrade, call: Call, error: Error): void {
  const failure: Failure = classifyFailure(error, call.target)
  call.exchange.failure = failure
  if (proxyServer.listenerCount('error')) proxyServer.emit('error', error, req, socket as never)
  if (socket.writable && call.exchange.sentResponse === undefined) refuseUpgrade(socket, failureStatus(failure.code))
  else socket.destroy()
  hooks.finished(call)
}

/** Answers an upgrade with a status and nothing else. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  // Bytes that nobody reads would keep the socket from ever closing.
  socket.on('error', () => {}).resume()
  socket.end(serializeHead(status, undefined, { connection: 'close', 'content-length': '0' }))
}

function serializeHead(status: number, statusText: string | undefined, headers: HeaderRecord): Buffer {
  const fields = recordLines(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(
    `HTTP/1.1 ${status} ${ownReasonPhrase(status, statusText) ?? STATUS_CODES[status] ?? ''}\r\n${fields.join('')}\r\n`,
    'latin1',
  )
}
