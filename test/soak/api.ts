/** An API whose every answer bears the number of its call, so that none can be taken for another's. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

export interface NumberedApi {
  origin: string
  /** Calls that are not over yet. */
  busy(): number
  close(): Promise<void>
}

/** What the body of a call's answer is. */
export function bodyOf(id: string, size: number): string {
  return `${id};`.repeat(Math.ceil(size / (id.length + 1))).slice(0, size)
}

export const digest = (bytes: string | Buffer): string => createHash('sha1').update(bytes).digest('hex')

export async function startNumberedApi(): Promise<NumberedApi> {
  let busy = 0
  const server = createServer((req, res) => {
    busy++
    res.on('close', () => busy--)
    answer(req, res)
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket, { url = '' }) => {
    busy++
    const { id } = read(url)
    socket.on('error', () => {}).on('close', () => busy--)
    socket.on('message', (text) => socket.send(`${id}: ${String(text)}`))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    busy: () => busy,
    async close() {
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function read(url: string): { kind: string; id: string; size: number } {
  const { pathname, searchParams } = new URL(url, 'http://api')
  const [kind = '', id = ''] = pathname
    .replace(/^\/api/, '')
    .slice(1)
    .split('/')
  return { kind, id, size: Number(searchParams.get('size') ?? 0) }
}

function answer(req: IncomingMessage, res: ServerResponse): void {
  const { kind, id, size } = read(req.url ?? '/')
  res.on('error', () => {}).setHeader('x-id', id)
  req.on('error', () => {})
  switch (kind) {
    case 'item':
      return void res.end(bodyOf(id, size))
    case 'upload': {
      const hash = createHash('sha1')
      req.on('data', (chunk: Buffer) => hash.update(chunk)).on('end', () => res.end(`${id} ${hash.digest('hex')}`))
      return
    }
    case 'events': {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      let event = 0
      const next = (): void => {
        if (res.destroyed) return
        // Without a size there is no end to them.
        if (event === size && size > 0) return void res.end()
        res.write(`data: ${id} ${event++}\n\n`, () => setTimeout(next, 2))
      }
      return next()
    }
    case 'reset':
      return void req.socket.resetAndDestroy()
    case 'half':
      res.writeHead(200, { 'content-length': size })
      res.write(bodyOf(id, Math.floor(size / 2)), () => req.socket.destroy())
      return
    default:
      res.writeHead(404).end(id)
  }
}
