/** What the API answers, byte for byte. A new kind of answer is one more entry in {@link ANSWERS}. */
import { createHash, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'

export interface Request {
  method: string
  query: URLSearchParams
  /** Request line and header fields. */
  head: string
  /** Bytes of its body. */
  size: number
  /** Whether the connection ends with the answer, as the client has asked. */
  closes: boolean
}

type Answer = (socket: Socket, request: Request) => void

const JSON_BODY = JSON.stringify({
  id: 4711,
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  roles: ['admin', 'editor'],
  createdAt: '2026-01-01T00:00:00.000Z',
  address: { city: 'London', street: "12 St James's Square" },
}).padEnd(200)

function head(fields: readonly string[], status = '200 OK'): string {
  return [`HTTP/1.1 ${status}`, ...fields, 'date: Thu, 01 Jan 2026 00:00:00 GMT', '', ''].join('\r\n')
}

function whole(type: string, body: string, fields: readonly string[] = []): Buffer {
  return Buffer.from(head([`content-type: ${type}`, ...fields, `content-length: ${Buffer.byteLength(body)}`]) + body)
}

export const SMALL_JSON = whole('application/json; charset=utf-8', JSON_BODY)
const SMALL_JSON_FOR_ALL = whole('application/json', JSON_BODY, ['access-control-allow-origin: *'])
const NOT_FOUND = Buffer.from(head(['content-length: 0'], '404 Not Found'))
const PREFLIGHT = Buffer.from(
  head(
    [
      'access-control-allow-origin: *',
      'access-control-allow-methods: GET, POST, PUT, DELETE',
      'access-control-allow-headers: content-type, authorization',
    ],
    '204 No Content',
  ),
)

export function send(socket: Socket, bytes: Buffer, closes: boolean): void {
  if (closes) socket.end(bytes)
  else socket.write(bytes)
}

const CHUNK = randomBytes(256 * 1024)
/** What no dev server compresses. */
const BINARY = 'content-type: video/mp4'

/** Writes as fast as the other side reads. */
function pour(socket: Socket, size: number, done: () => void): void {
  let left = size
  const writeOn = (): void => {
    while (left > 0) {
      const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK
      left -= chunk.length
      if (!socket.write(chunk)) return
    }
    socket.off('drain', writeOn)
    done()
  }
  socket.on('drain', writeOn)
  writeOn()
}

/** https://www.rfc-editor.org/rfc/rfc6455#section-1.3 */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

export const ANSWERS: Record<string, Answer> = {
  json: (socket, { closes }) => send(socket, SMALL_JSON, closes),

  bytes(socket, { query, closes }) {
    const size = Number(query.get('size'))
    socket.write(head([BINARY, `content-length: ${size}`]))
    pour(socket, size, () => closes && socket.end())
  },

  endless(socket) {
    socket.write(head([BINARY, `content-length: ${2 ** 40}`]))
    pour(socket, 2 ** 20, () => {
      // Not as fast as it can: what a thousand sockets buffer would fill the machine.
      const timer = setInterval(() => socket.write(CHUNK.subarray(0, 2 ** 14)), 50)
      socket.on('close', () => clearInterval(timer))
    })
  },

  sink: (socket, { size, closes }) => send(socket, whole('text/plain', `${size}\n`), closes),

  slow(socket, { query, closes }) {
    setTimeout(() => send(socket, SMALL_JSON_FOR_ALL, closes), Number(query.get('ms')))
  },

  events(socket, { query }) {
    socket.write(head(['content-type: text/event-stream', 'cache-control: no-cache', 'connection: close']))
    let left = Number(query.get('count'))
    const timer = setInterval(
      () => {
        socket.write(`data: ${process.hrtime.bigint()}\n\n`)
        if (--left === 0) clearInterval(timer)
      },
      Number(query.get('interval')),
    )
    socket.on('close', () => clearInterval(timer))
  },

  echo(socket, { head: asked }) {
    const key = /\r\nsec-websocket-key: *(\S+)/i.exec(asked)?.[1] ?? ''
    const accept = createHash('sha1')
      .update(key + WEBSOCKET_GUID)
      .digest('base64')
    const fields = ['upgrade: websocket', 'connection: Upgrade', `sec-websocket-accept: ${accept}`]
    socket.removeAllListeners('data')
    socket.on('data', (chunk) => socket.write(chunk))
    socket.write(head(fields, '101 Switching Protocols'))
  },
}

export function answer(socket: Socket, path: string, request: Request): void {
  if (request.method === 'OPTIONS') return send(socket, PREFLIGHT, request.closes)
  const act = ANSWERS[path.slice('/api/'.length)]
  if (act) act(socket, request)
  else send(socket, NOT_FOUND, request.closes)
}
