/** An API that does with a connection what the path of the request names. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createSecureServer, type TlsOptions } from 'node:tls'

export interface FaultyApi {
  origin: string
  port: number
  /** Request lines, newest last. */
  received: string[]
  /** Connections that stand. */
  open(): number
  /** Drops all connections and listens no more. */
  stop(): Promise<void>
  /** Listens again, on the same port. */
  resume(): Promise<void>
}

/** @param ways what to do with a connection, by the part of the path behind `/do/`; answers `ok` to all else */
export async function startFaultyApi(
  ways: Record<string, (socket: Socket, request: string) => void>,
  tls?: TlsOptions,
): Promise<FaultyApi> {
  const received: string[] = []
  const open = new Set<Socket>()
  const serve = (socket: Socket): void => {
    let head = ''
    open.add(socket)
    // Bytes of a trickle are to travel one by one.
    socket.setNoDelay()
    socket.on('error', () => {}).on('close', () => open.delete(socket))
    const onData = (bytes: Buffer): void => {
      head += bytes.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      const request = head.slice(0, end)
      const [line = ''] = request.split('\r\n')
      received.push(line)
      head = ''
      const way = ways[/\/do\/([^/? ]+)/.exec(line)?.[1] ?? '']
      if (!way) return void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      // What comes after is its own.
      socket.off('data', onData).resume()
      way(socket, request)
    }
    socket.on('data', onData)
  }
  const server: Server = tls ? createSecureServer(tls, serve) : createServer(serve)
  server.on('tlsClientError', () => {})
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    received,
    open: () => open.size,
    async stop() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      await closed
    },
    resume: () => listen(port),
  }
}
