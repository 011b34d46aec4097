/** A server that drops connections just as they are used again: what is sent once more, and what never is. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, type DevServer, startDevServer } from './dev-server'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Where a request stands: on which connection, as which of its requests. */
interface Received {
  method: string
  connection: number
  nth: number
}

/** Answers the first request of each connection, and does with the others what it is told. */
async function start(
  onReused: (socket: Socket) => void,
  onFirst: (socket: Socket, connection: number) => void = (socket) => socket.write(OK),
): Promise<{ server: DevServer; received: Received[] }> {
  const received: Received[] = []
  let connections = 0
  const open = new Set<Socket>()
  const upstream = createServer((socket) => {
    const connection = ++connections
    let nth = 0
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
    socket.setEncoding('latin1').on('data', (bytes: string) => {
      const method = /^[A-Z]+(?= \/)/.exec(bytes)?.[0]
      // Bytes of a body.
      if (method === undefined) return
      received.push({ method, connection, nth: ++nth })
      if (nth === 1) onFirst(socket, connection)
      else onReused(socket)
    })
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const server = await startDevServer({
    targets: { '/api': `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` },
  })
  closing.push(() => {
    for (const socket of open) socket.destroy()
    upstream.close()
  }, server.close)
  return { server, received }
}

const WAYS_TO_DROP: [string, (socket: Socket) => void][] = [
  ['ends it', (socket) => socket.end()],
  ['resets it', (socket) => socket.resetAndDestroy()],
]

describe.each(WAYS_TO_DROP)('a server that takes a request on a used connection and %s', (_, drop) => {
  it('fails none of 400 reads', async () => {
    const { server, received } = await start(drop)
    let failures = 0
    for (let round = 0; round < 40; round++) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(server, '/api/x')))
      failures += answers.filter(({ status, text }) => status !== 200 || text !== 'ok').length
    }
    expect(failures).toBe(0)
    // Without a single connection that was used twice, nothing was seen.
    const dropped = received.filter(({ nth }) => nth > 1).length
    expect(dropped).toBeGreaterThan(100)
    expect(received).toHaveLength(400 + dropped)
  })

  it('is asked a HEAD once more, on a new connection', async () => {
    const { server, received } = await start(drop)
    await ask(server, '/api/x')
    expect((await ask(server, '/api/x', { method: 'HEAD' })).status).toBe(200)
    expect(received).toEqual([
      { method: 'GET', connection: 1, nth: 1 },
      { method: 'HEAD', connection: 1, nth: 2 },
      { method: 'HEAD', connection: 2, nth: 1 },
    ])
  })

  it.each([
    ['POST', undefined],
    ['POST', 'body'],
    ['PUT', undefined],
    ['DELETE', undefined],
    ['OPTIONS', undefined],
    ['GET', 'body'],
  ])('is never asked twice: %s with the body %j', async (method, body) => {
    const { server, received } = await start(drop)
    await ask(server, '/api/x')
    const headers = body === undefined ? {} : { 'content-length': String(body.length) }
    expect((await ask(server, '/api/x', { method, headers, body })).status).toBe(502)
    expect(received).toEqual([
      { method: 'GET', connection: 1, nth: 1 },
      { method, connection: 1, nth: 2 },
    ])
  })

  it('is asked no third time', async () => {
    const { server, received } = await start(drop, (socket, connection) =>
      connection === 1 ? socket.write(OK) : drop(socket),
    )
    await ask(server, '/api/x')
    expect((await ask(server, '/api/x')).status).toBe(502)
    expect(received).toEqual([
      { method: 'GET', connection: 1, nth: 1 },
      { method: 'GET', connection: 1, nth: 2 },
      { method: 'GET', connection: 2, nth: 1 },
    ])
  })

  it('is asked once where the connection was new', async () => {
    const { server, received } = await start(drop, drop)
    expect((await ask(server, '/api/x')).status).toBe(502)
    expect(received).toEqual([{ method: 'GET', connection: 1, nth: 1 }])
  })
})

it.each(['H', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n', 'HTTP/1.1 103 Early Hints\r\n\r\n'])(
  'nothing is asked twice once an answer has begun: %j',
  async (beginning) => {
    const { server, received } = await start((socket) => socket.end(beginning))
    await ask(server, '/api/x')
    expect((await ask(server, '/api/x')).status).toBe(502)
    expect(received.map(({ nth }) => nth)).toEqual([1, 2])
  },
)

it('an answer that is no HTTP is not asked for again', async () => {
  const { server, received } = await start((socket) => socket.write('garbage\r\n\r\n'))
  await ask(server, '/api/x')
  expect((await ask(server, '/api/x')).status).toBe(502)
  expect(received.map(({ nth }) => nth)).toEqual([1, 2])
})
