/** An API on an origin of its own that has never heard of CORS. It sends no `Access-Control-*` header, ever. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

export interface Api {
  origin: string
  port: number
  /** Every request that reached it, preflights included, newest last. */
  requests: { method: string; url: string; headers: IncomingMessage['headers'] }[]
  /** Sends an event to every open event stream. */
  sendEvent(data: string): void
  openStreams(): number
  close(): Promise<void>
}

export interface Tls {
  key: string
  cert: string
}

export async function startApi(tls?: Tls): Promise<Api> {
  const requests: Api['requests'] = []
  const streams = new Set<ServerResponse>()

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', 'http://api')
    requests.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers })
    const json = (value: unknown, status = 200, headers: Record<string, string | string[]> = {}): void => {
      res.writeHead(status, { 'content-type': 'application/json', 'x-answered-by': 'the-api', ...headers })
      res.end(JSON.stringify(value))
    }
    const cookie = req.headers.cookie ?? ''
    switch (url.pathname.replace(/^\/(?:api|other)(?=\/)/, '')) {
      case '/sse':
        res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
        streams.add(res)
        res.on('close', () => streams.delete(res))
        res.flushHeaders()
        return
      case '/redirect':
        res
          .writeHead(Number(url.searchParams.get('status') ?? 302), { location: url.searchParams.get('to') ?? '/' })
          .end()
        return
      case '/login':
        return json({ ok: true }, 200, {
          'set-cookie': (url.searchParams.get('set') ?? 'session=secret; Path=/; HttpOnly').split('|'),
        })
      case '/me':
        return json({ cookie }, cookie.includes('session=') ? 200 : 401)
      case '/strict': {
        const { origin, host } = req.headers
        const isOwn = origin === undefined || new URL(origin).host === host
        return json({ origin }, isOwn ? 200 : 403)
      }
      case '/half':
        res.writeHead(200, { 'content-type': 'text/plain', 'content-length': '1000' })
        res.write('half of it', () => setImmediate(() => req.socket.destroy()))
        return
      case '/never':
        return
      case '/page':
        res.writeHead(200, { 'content-type': 'text/html' }).end('<h1>documentation</h1>')
        return
      default: {
        let bytes = 0
        let text = ''
        for await (const chunk of req) {
          bytes += (chunk as Buffer).length
          if (bytes < 10_000) text += String(chunk)
        }
        json({ method: req.method, url: req.url, headers: req.headers, bytes, text })
      }
    }
  }

  const listener = (req: IncomingMessage, res: ServerResponse): void => {
    answer(req, res).catch(() => res.destroy())
  }
  const server: Server = tls ? createSecureServer(tls, listener) : createServer(listener)
  const sockets = new WebSocketServer({ server, handleProtocols: (offered) => [...offered][0] ?? false })
  sockets.on('connection', (socket, req) => {
    requests.push({ method: 'UPGRADE', url: req.url ?? '', headers: req.headers })
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    requests,
    sendEvent(data) {
      for (const stream of streams) stream.write(`data: ${data}\n\n`)
    },
    openStreams: () => streams.size,
    async close() {
      sockets.close()
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      server.close()
      await once(server, 'close').catch(() => {})
    },
  }
}
