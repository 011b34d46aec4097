/** A server that answers with the bytes it is given: Node's own would refuse, merge or fold half of them. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { STATUS_CODES } from 'node:http'
import {
  createSecureServer as createHttp2Server,
  type Http2Session,
  type ServerStreamResponseOptions,
} from 'node:http2'
import { createServer as createSecureServer } from 'node:tls'
import type { DirectResponse } from '../../../src/explain.ts'
import type { Tls } from '../../e2e/api.ts'

export interface RawRequest {
  method: string
  /** Path and query, as sent. */
  target: string
  /** Names in lower case, values one character a byte. */
  headers: [string, string][]
}

export interface RawServer {
  port: number
  close(): Promise<void>
}

/** One character a byte; `Content-Length` is to be among the headers where there is a body. */
export interface RawAnswer extends DirectResponse {
  body?: string
}

/** https://www.rfc-editor.org/rfc/rfc8446#section-5.1 */
const TLS_HANDSHAKE = 22

/** One port for http and, given a certificate, https: what a client says first tells which. */
export async function startRawServer(
  answer: (request: RawRequest, scheme: 'http' | 'https') => RawAnswer,
  tls?: Tls,
): Promise<RawServer> {
  const sockets = new Set<Socket>()
  const secure = tls && createSecureServer(tls, (socket) => converse(socket, 'https'))
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null
      if (first === null) return
      socket.unshift(first)
      if (secure && first[0] === TLS_HANDSHAKE) secure.emit('connection', socket)
      else converse(socket, 'http')
    })
  })

  function converse(socket: Socket, scheme: 'http' | 'https'): void {
    // A browser resets what it no longer wants.
    socket.on('error', () => socket.destroy())
    socket.setNoDelay(true)
    let received = ''
    let isUpgraded = false
    socket.on('data', (chunk: Buffer) => {
      // Nothing is said over a WebSocket but that it is over.
      if (isUpgraded) return void socket.destroy()
      received += chunk.toString('latin1')
      for (;;) {
        const end = received.indexOf('\r\n\r\n')
        if (end < 0) return
        const request = parse(received.slice(0, end))
        const length = Number(request.headers.find(([name]) => name === 'content-length')?.[1] ?? 0)
        if (received.length < end + 4 + length) return
        received = received.slice(end + 4 + length)
        const response = answer(request, scheme)
        isUpgraded = response.status === 101
        socket.write(serialize(request.method, response), 'latin1')
      }
    })
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The same over HTTP/2, which bodies that are streams ask for. Its frames have no room for most that is malformed. */
export async function startHttp2Server(answer: (request: RawRequest) => RawAnswer, tls: Tls): Promise<RawServer> {
  const sessions = new Set<Http2Session>()
  const server = createHttp2Server(tls)
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, fields) => {
    stream.on('error', () => stream.close())
    stream.resume()
    const method = String(fields[':method'])
    const headers = Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)])
    const request: RawRequest = {
      method,
      target: String(fields[':path']),
      headers: [...headers, ['host', String(fields[':authority'])]],
    }
    const { status, headers: lines, body = '' } = answer(request)
    const sent: Record<string, string[]> = {}
    for (const [name, value] of lines) (sent[name.toLowerCase()] ??= []).push(value)
    stream.respond({ ...sent, ':status': status }, { sendDate: false } as ServerStreamResponseOptions)
    stream.end(method === 'HEAD' || status === 204 || status === 304 ? undefined : body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const session of sessions) session.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function parse(head: string): RawRequest {
  const [first = '', ...lines] = head.split('\r\n')
  const [method = '', target = ''] = first.split(' ')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  return { method, target, headers }
}

function serialize(method: string, { status, headers, body = '' }: RawAnswer): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const hasBody = method !== 'HEAD' && status !== 101 && status !== 204 && status !== 304
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Odd'}\r\n${lines}\r\n${hasBody ? body : ''}`
}
