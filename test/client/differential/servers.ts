/**
 * The servers that cases are about, once with perfect CORS, for the page that calls them directly, and once with none, for
 * the page that has the plugin. `third` allows every page in both: nobody told the plugin of it.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Answer, Case, EventSourceCall, Origins, ServerName, WebSocketCall } from './case'
import { listen, reset, streamOf, type Listening, type Tls } from './listen'

export interface Side {
  /** `page` is filled in by whoever serves the page. */
  origins: Origins
  /** What the servers were told of a case, once all of it is over. */
  seen(id: string): Promise<unknown[]>
  /** Serves what redirects lead to on the page's own origin. */
  answer(name: ServerName, req: IncomingMessage, res: ServerResponse): boolean
  close(): Promise<void>
}

/** Stands among what a server saw if nobody told it that a call was over. */
export const STILL_OPEN = 'still open'

interface Log {
  entries: unknown[]
  /** Answers and sockets that are still open. */
  open: number
  /** Given to an EventSource, which comes back by way of the redirects. */
  streams: number
}

export async function startSide(cases: ReadonlyMap<string, Case>, hasCors: boolean, tls?: Tls): Promise<Side> {
  const logs = new Map<string, Log>()
  const waiting = new Set<() => void>()
  const servers: Listening[] = []
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => false })

  function logOf(id: string): Log {
    let log = logs.get(id)
    if (!log) logs.set(id, (log = { entries: [], open: 0, streams: 0 }))
    return log
  }
  function track(log: Log, closing: { once(event: 'close', listener: () => void): unknown }): void {
    log.open++
    closing.once('close', () => {
      log.open--
      for (const wake of waiting) wake()
    })
  }

  function answer(name: ServerName, req: IncomingMessage, res: ServerResponse): boolean {
    const found = locate(cases, req)
    if (!found) return false
    const { given, hop } = found
    // The page's own server allows nobody, and a redirect from elsewhere makes a stranger of the page.
    if (name === 'third' || (hasCors && name !== 'page')) allow(req, res, given.answers[hop])
    if (req.method === 'OPTIONS' && req.headers['access-control-request-method']) {
      res.writeHead(204).end()
      return true
    }
    const log = logOf(given.id)
    track(log, streamOf(res) ?? res)
    // A page that gives up is no error of the server's.
    req.on('error', () => undefined)
    void respond(name, given, hop, log, req, res)
    return true
  }

  async function respond(
    name: ServerName,
    given: Case,
    hop: number,
    log: Log,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> {
    const at = log.entries.push({ name, hop, gaveUp: true }) - 1
    let body = ''
    try {
      for await (const chunk of req as AsyncIterable<Buffer>) body += chunk.toString('latin1')
    } catch {
      return
    }
    log.entries[at] = {
      at: name,
      hop,
      method: req.method,
      headers: sentHeaders(req),
      body: `${body.length} ${shortHash(body.replace(/----WebKitFormBoundary\w+/g, 'boundary'))}`,
    }
    if (given.call.api === 'event-source' && hop === given.answers.length - 1)
      stream(given.call, given.answers[hop]!, log.streams++, res)
    else send(given, hop, req, res)
  }

  function send(given: Case, hop: number, req: IncomingMessage, res: ServerResponse): void {
    const answer = given.answers[hop]!
    const { ends } = answer
    const next = given.answers[hop + 1]
    if (next) res.setHeader('Location', urlOf(side.origins, given, hop + 1))
    for (const [name, value] of answer.headers)
      res.appendHeader(name, name === 'Set-Cookie' ? withPath(value, req) : value)
    if (ends === 'before-headers') return
    if (ends === 'cut-before-headers') return void reset(res)
    if (answer.statusText !== undefined && req.httpVersion !== '2.0') res.statusMessage = answer.statusText
    res.statusCode = answer.validates && req.headers['if-none-match'] === '"v1"' ? 304 : answer.status
    if (/^(204|304)$/.test(String(res.statusCode))) return void res.end()

    const bytes = res.statusCode === 205 ? Buffer.alloc(0) : bodyOf(answer)
    if (answer.encoding) res.setHeader('Content-Encoding', answer.encoding)
    const isWhole = req.method === 'HEAD' || (!ends && answer.body !== 'chunks')
    if (answer.counted || isWhole) res.setHeader('Content-Length', bytes.length)
    if (isWhole) return void res.end(bytes)
    const parts = ends ? [bytes.subarray(0, bytes.length >> 1)] : chunksOf(bytes)
    void (async () => {
      for (const part of parts) await new Promise((resolve) => res.write(part, resolve))
      if (!ends) res.end()
      if (ends === 'cut-in-body') await reset(res)
    })()
  }

  function stream(call: EventSourceCall, answer: Answer, connection: number, res: ServerResponse): void {
    const texts = call.streams[connection]
    for (const [name, value] of answer.headers) if (name === 'Set-Cookie') res.appendHeader(name, value)
    if (!texts || answer.status !== 200) return void res.writeHead(texts ? answer.status : 204).end()
    res.writeHead(200, { 'Content-Type': call.contentType })
    res.flushHeaders()
    for (const text of texts) res.write(text)
    res.end()
  }

  function upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const found = locate(cases, req)
    if (!found || found.given.call.api !== 'websocket') return void socket.destroy()
    const { call, id } = found.given
    const log = logOf(id)
    const entry = { upgrade: true, headers: sentHeaders(req), messages: [] as string[], closed: undefined as unknown }
    log.entries.push(entry)
    track(log, socket)
    const { closes } = call
    if (closes.by === 'refusal') {
      socket.end(`HTTP/1.1 ${closes.status} No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno`)
      return
    }
    sockets.options.handleProtocols = () => call.chosen ?? false
    sockets.handleUpgrade(req, socket, head, (webSocket) => converse(webSocket, call, entry, socket))
  }

  function converse(
    webSocket: WebSocket,
    call: WebSocketCall,
    entry: { messages: string[]; closed: unknown },
    socket: Duplex,
  ): void {
    const { closes } = call
    const finish = (): void => {
      if (entry.messages.length < call.sends.length) return
      if (closes.by === 'server') webSocket.close(closes.code, closes.reason)
      if (closes.by === 'reset') socket.destroy()
    }
    webSocket.on('error', () => undefined)
    webSocket.on('message', (data: Buffer, isBinary) => {
      entry.messages.push(`${isBinary ? 'binary' : 'text'} ${data.length} ${shortHash(data)}`)
      webSocket.send(data, { binary: isBinary }, finish)
    })
    webSocket.on('close', (code, reason) => (entry.closed = `${code} ${reason.toString()}`))
    finish()
  }

  async function start(name: ServerName): Promise<string> {
    const server = await listen((req, res) => {
      if (!answer(name, req, res)) res.writeHead(404).end()
    }, tls)
    server.onUpgrade(upgrade)
    servers.push(server)
    return server.origin
  }

  const [api, other, third, down] = await Promise.all([start('api'), start('other'), start('third'), start('down')])
  // A port that nobody else is given meanwhile, and where nobody listens.
  await servers[3]!.close()
  const side: Side = {
    origins: { api, other, third, down, page: '' },
    answer,
    async seen(id) {
      const log = logOf(id)
      const deadline = Date.now() + 5_000
      while (log.open > 0 && Date.now() < deadline) await woken(waiting)
      if (log.open > 0) log.entries.push(STILL_OPEN)
      return log.entries
    },
    async close() {
      for (const webSocket of sockets.clients) webSocket.terminate()
      await Promise.all(servers.map((server) => server.close()))
    },
  }
  return side
}

export function urlOf(origins: Origins, given: Case, hop: number): string {
  const { at } = given.answers[hop]!
  return `${origins[at]}/c/${given.id}/${at}/${hop}?q=%20a`
}

function locate(cases: ReadonlyMap<string, Case>, req: IncomingMessage): { given: Case; hop: number } | undefined {
  const [, id = '', hop] = /^\/c\/([^/]+)\/\w+\/(\d+)\?/.exec(req.url ?? '') ?? []
  const given = cases.get(id)
  return given && { given, hop: Number(hop) }
}

function allow(req: IncomingMessage, res: ServerResponse, answer: Answer | undefined): void {
  const { origin } = req.headers
  if (origin === undefined) return
  res.setHeader('Access-Control-Allow-Origin', origin)
  res.setHeader('Access-Control-Allow-Credentials', 'true')
  res.setHeader('Timing-Allow-Origin', '*')
  // Some of them are never sent: a browser's cache makes a part of what it has whole.
  const names = ['Connection', 'Content-Encoding', 'Content-Length', 'Content-Range', 'Date', 'ETag', 'Keep-Alive']
  names.push('Transfer-Encoding', 'Location')
  res.setHeader('Access-Control-Expose-Headers', [...names, ...(answer?.headers ?? []).map(([name]) => name)].join())
  const { 'access-control-request-method': method, 'access-control-request-headers': headers } = req.headers
  if (method) res.setHeader('Access-Control-Allow-Methods', method)
  if (headers) res.setHeader('Access-Control-Allow-Headers', headers)
}

/** Fields of the way there, not of the call. */
const OF_THE_WAY =
  /^(:.*|host|connection|transfer-encoding|via|forwarded|x-forwarded-.*|sec-fetch-.*|sec-websocket-(key|version|extensions)|upgrade)$/

function sentHeaders(req: IncomingMessage): string[] {
  const lines: string[] = []
  const cookies: string[] = []
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    const name = req.rawHeaders[at]!.toLowerCase()
    if (OF_THE_WAY.test(name)) continue
    // Cookies know no ports: what the dev server gave the page comes to its neighbours, too.
    const value = req.rawHeaders[at + 1]!.split('; ').filter((pair) => !pair.startsWith('__cors_dev_'))
    // Over HTTP/2 each has a line of its own.
    if (name === 'cookie') cookies.push(...value)
    else lines.push(`${name}: ${value.join('; ')}`)
  }
  if (cookies.length > 0) lines.push(`cookie: ${cookies.join('; ')}`)
  return lines.sort()
}

/** No case is to see what another was given. */
function withPath(cookie: string, req: IncomingMessage): string {
  return `${cookie}; Path=${req.url?.split('/').slice(0, 4).join('/')}`
}

export function bodyOf({ body, encoding }: Answer): Buffer {
  const bytes = BODIES[body]
  if (encoding === 'gzip') return gzipSync(bytes)
  if (encoding === 'deflate') return deflateSync(bytes)
  return encoding === 'br' ? brotliCompressSync(bytes, { params: {} }) : bytes
}

const BODIES: Record<Answer['body'], Buffer> = {
  none: Buffer.alloc(0),
  text: Buffer.from('Gr\u00fc\u00dfe, and a=1&b=two+words\n'),
  json: Buffer.from('{"a":[1,null,"\u00fc"]}'),
  bytes: Buffer.from(Array.from({ length: 256 }, (_, at) => at)),
  html: Buffer.from('<!doctype html><title>x</title><p id=a>\u00fc</p>'),
  large: Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 7 + (at >> 8)) & 0x7f)),
  chunks: Buffer.from('one two three four five six'),
}

function chunksOf(bytes: Buffer): Buffer[] {
  const size = Math.ceil(bytes.length / 3) || 1
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
}

function shortHash(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 12)
}

/** The next time that something is over, or nothing has been for a while. */
function woken(waiting: Set<() => void>): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer)
      waiting.delete(wake)
      resolve()
    }
    const timer = setTimeout(wake, 100)
    waiting.add(wake)
  })
}
