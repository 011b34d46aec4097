import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

export interface SeenRequest {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: Buffer
}

/** An API on its own origin. It knows nothing of CORS unless it is told to. */
export interface StubApi {
  origin: string
  seen: SeenRequest[]
  /** Ends the answers to `/held`, which have sent their headers and a first piece. */
  release(): void
  close(): Promise<void>
}

export async function startStubApi({ allowsCors = false } = {}): Promise<StubApi> {
  const seen: SeenRequest[] = []
  const held = new Set<ServerResponse>()

  const server = createServer(async (req, res) => {
    const body = Buffer.concat(await req.toArray().catch(() => []))
    const url = new URL(req.url ?? '/', 'http://api')
    seen.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers, body })
    if (allowsCors) {
      res.setHeader('access-control-allow-origin', req.headers.origin ?? '*')
      res.setHeader('access-control-allow-credentials', 'true')
      res.setHeader('access-control-allow-headers', 'authorization, content-type, x-custom')
      res.setHeader('access-control-allow-methods', 'PUT, DELETE, PATCH')
      if (req.method === 'OPTIONS') return res.writeHead(204).end()
    }
    switch (url.pathname) {
      case '/json':
        return res.writeHead(201, { 'content-type': 'application/json', 'x-total': '7' }).end('{"name":"Ada"}')
      case '/echo':
        return res
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ method: req.method, headers: req.headers, size: body.length, text: body.toString() }))
      case '/redirect':
        return res.writeHead(302, { location: '/json?redirected' }).end()
      case '/held':
        // Chromium keeps a few bytes of text back until it has made out their type.
        res.writeHead(200, { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' }).write('first ')
        held.add(res)
        return
      case '/cut':
        res.writeHead(200, { 'content-type': 'text/plain', 'content-length': '100' })
        return res.write('half', () => res.destroy())
      case '/events': {
        res.writeHead(200, { 'content-type': 'text/event-stream' })
        res.write('id: 1\ndata: one\n\n')
        held.add(res)
        return
      }
      case '/drop':
        return req.socket.destroy()
      default:
        return res.writeHead(404).end('no such thing')
    }
  })

  const sockets = new WebSocketServer({
    server,
    handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
  })
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    release() {
      for (const res of held) res.end('last')
      held.clear()
    },
    async close() {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
