/**
 * The API that all contestants lead to: canned answers on raw sockets, so that it is never what is measured. It reads
 * just enough of HTTP to know what was asked.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { answerCommands } from './worker.ts'

export interface OriginSettings {
  tls?: { key: string; cert: string }
}

const JSON_BODY = JSON.stringify({
  id: 4711,
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  roles: ['admin', 'editor'],
  createdAt: '2026-01-01T00:00:00.000Z',
  address: { city: 'London', street: "12 St James's Square" },
}).padEnd(200)

function head(lines: readonly string[], status = '200 OK'): string {
  return [`HTTP/1.1 ${status}`, ...lines, 'date: Thu, 01 Jan 2026 00:00:00 GMT', '', ''].join('\r\n')
}

const SMALL_JSON = Buffer.from(
  head(['content-type: application/json; charset=utf-8', `content-length: ${Buffer.byteLength(JSON_BODY)}`]) +
    JSON_BODY,
)
const NOT_FOUND = Buffer.from(head(['content-length: 0'], '404 Not Found'))

const CLOSES = /\r\nconnection: close\r\n/i
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i

interface Request {
  path: string
  query: URLSearchParams
  head: string
  closes: boolean
}

type Answer = (socket: Socket, request: Request) => void

/** A new kind of answer is one more entry. */
const ANSWERS: Record<string, Answer> = {
  json: (socket, { closes }) => send(socket, SMALL_JSON, closes),
}

const sockets = new Set<Socket>()
let accepted = 0
const servers: Server[] = []

function send(socket: Socket, bytes: Buffer, closes: boolean): void {
  if (closes) socket.end(bytes)
  else socket.write(bytes)
}

function answer(socket: Socket, head: string): void {
  const end = head.indexOf(' ', head.indexOf(' ') + 1)
  const url = head.slice(head.indexOf(' ') + 1, end)
  const closes = CLOSES.test(head)
  // The one that counts is told apart without an object made for it.
  if (url === '/api/json') return send(socket, SMALL_JSON, closes)
  const { pathname, searchParams } = new URL(url, 'http://origin')
  const act = ANSWERS[pathname.slice('/api/'.length)]
  if (act) act(socket, { path: pathname, query: searchParams, head, closes })
  else send(socket, NOT_FOUND, closes)
}

function serve(socket: Socket): void {
  accepted++
  sockets.add(socket)
  socket.setNoDelay(true)
  socket.on('close', () => sockets.delete(socket))
  socket.on('error', () => {})
  let held = ''
  socket.on('data', (chunk) => {
    held = held === '' ? chunk.toString('latin1') : held + chunk.toString('latin1')
    for (;;) {
      const end = held.indexOf('\r\n\r\n')
      if (end === -1) return
      const head = held.slice(0, end + 4)
      const length = Number(LENGTH.exec(head)?.[1] ?? 0)
      held = held.slice(end + 4 + length)
      answer(socket, head)
      if (held === '') return
    }
  })
}

answerCommands({
  async start({ tls }: OriginSettings) {
    const server = tls ? createTlsServer(tls, serve) : createServer(serve)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4096, resolve))
    return (server.address() as AddressInfo).port
  },
  sockets: () => ({ open: sockets.size, accepted }),
})
