import { once } from 'node:events'
import type { Server, Socket } from 'node:net'

/** Returns what closes the server with all of its connections: upgraded ones and those of HTTP/2 it does not know itself. */
export function closerOf(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  return async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
}
