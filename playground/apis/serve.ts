import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** One API of the playground: a server on an origin of its own that can be stopped and started again at its address. */
export interface Api {
  name: string
  title: string
  /** Serialized origin. */
  url: string
  isRunning(): boolean
  stop(): Promise<void>
  start(): Promise<void>
}

export interface ApiDescription {
  name: string
  title: string
  /** A page on `localhost` is cross-site to `127.0.0.1` and same-site to `localhost`: the playground has both. */
  hostname: '127.0.0.1' | 'localhost'
  listener?: RequestListener
  /** For servers that do more than answer requests, such as taking upgrades. */
  attach?(server: Server): void
}

export async function serveApi({ name, title, hostname, listener, attach }: ApiDescription): Promise<Api> {
  const server = listener ? createServer(listener) : createServer()
  attach?.(server)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })

  await listen(server, 0, hostname)
  const { port } = server.address() as AddressInfo

  return {
    name,
    title,
    url: `http://${hostname}:${port}`,
    isRunning: () => server.listening,
    async start() {
      if (!server.listening) await listen(server, port, hostname)
    },
    async stop() {
      if (!server.listening) return
      const closed = new Promise((resolve) => server.close(resolve))
      // Upgraded sockets are no longer the HTTP server's to close.
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function listen(server: Server, port: number, hostname: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, hostname, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
