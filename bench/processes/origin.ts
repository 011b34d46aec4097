/**
 * The API that all contestants lead to: canned answers on raw sockets, so that it is never what is measured. It reads
 * just enough of HTTP to know what was asked.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { answer, send, SMALL_JSON } from '../origin/answers.ts'
import { createBodyReader } from '../origin/request-body.ts'
import { answerCommands } from './worker.ts'

export interface OriginSettings {
  tls?: { key: string; cert: string }
  drops?: Drops
}

/** How the API gets rid of connections that rest. */
export interface Drops {
  /** `'in time'` closes them, as servers do; `'unsaid'` lets the next request find out, as firewalls do. */
  how: 'in time' | 'unsaid'
  /** Milliseconds of rest. */
  after: number
}

const CLOSES = /\r\nconnection: *close\r\n/i

const sockets = new Set<Socket>()
let accepted = 0
let requests = 0

function serve(socket: Socket, drops: Drops | undefined): void {
  accepted++
  sockets.add(socket)
  socket.setNoDelay(true)
  socket.on('close', () => sockets.delete(socket))
  socket.on('error', () => {})
  let held = ''
  let restsSince: number | undefined
  if (drops?.how === 'in time') socket.setTimeout(drops.after, () => socket.destroy())

  const body = createBodyReader((size) => act(body.head, size))
  socket.on('data', (chunk) => {
    if (drops?.how === 'unsaid' && restsSince !== undefined && performance.now() - restsSince > drops.after) {
      return void socket.resetAndDestroy()
    }
    let rest: Buffer | undefined = chunk
    if (body.isReading) rest = body.read(chunk)
    if (rest === undefined) return
    held += rest.toString('latin1')
    while (held !== '') {
      const end = held.indexOf('\r\n\r\n')
      if (end === -1) return
      const head = held.slice(0, end + 4)
      held = held.slice(end + 4)
      // Without the two that can't have a body, this would be looked for in each.
      if (head.startsWith('GET ') || !body.expects(head)) act(head, 0)
      else {
        const left = body.read(Buffer.from(held, 'latin1'))
        if (left === undefined) {
          held = ''
          return
        }
        held = left.toString('latin1')
      }
    }
  })

  function act(head: string, size: number): void {
    requests++
    restsSince = performance.now()
    const method = head.slice(0, head.indexOf(' '))
    const url = head.slice(method.length + 1, head.indexOf(' ', method.length + 1))
    const closes = CLOSES.test(head)
    // The one that counts is told apart without an object made for it.
    if (url === '/api/json' && method === 'GET') return send(socket, SMALL_JSON, closes)
    const { pathname, searchParams } = new URL(url, 'http://origin')
    answer(socket, pathname, { method, query: searchParams, head, size, closes })
  }
}

answerCommands({
  async start({ tls, drops }: OriginSettings) {
    const meet = (socket: Socket): void => serve(socket, drops)
    const server = tls ? createTlsServer(tls, meet) : createServer(meet)
    await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve))
    return (server.address() as AddressInfo).port
  },
  counts: () => ({ open: sockets.size, accepted, requests }),
})
