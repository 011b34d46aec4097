/** Servers that hang up in the middle of an upload. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createSecureServer } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { selfSignedCertificate } from '../e2e/certificate'
import { ask, type DevServer, startDevServer } from './dev-server'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const MEGABYTE = 1_000_000

/** Does with a connection what it is told once a megabyte has come. */
async function start(scheme: string, hangUp: (socket: Socket) => void): Promise<DevServer> {
  const open = new Set<Socket>()
  const serve = (socket: Socket): void => {
    let received = 0
    open.add(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      if (received < MEGABYTE && (received += chunk.length) >= MEGABYTE) hangUp(socket)
    })
  }
  const upstream =
    scheme === 'https' ? createSecureServer(await selfSignedCertificate(['localhost']), serve) : createServer(serve)
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const { port } = upstream.address() as AddressInfo
  const server = await startDevServer({ targets: { '/api': `${scheme}://localhost:${port}` } })
  closing.push(() => {
    for (const socket of open) socket.destroy()
    upstream.close()
  }, server.close)
  return server
}

const upload = (server: DevServer, framing: Record<string, string>): ReturnType<typeof ask> =>
  ask(server, '/api/x', { method: 'POST', headers: framing, body: Buffer.alloc(8 * MEGABYTE) })

const FRAMINGS: Record<string, string>[] = [
  { 'content-length': String(8 * MEGABYTE) },
  { 'transfer-encoding': 'chunked' },
]

describe.each(['http', 'https'])('a server by %s', (scheme) => {
  it.each(FRAMINGS)('that answers and hangs up at once has been heard: %j', async (framing) => {
    const server = await start(scheme, (socket) => {
      socket.write('HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\nConnection: close\r\n\r\ntoo long')
      socket.destroy()
    })
    const answers = []
    for (let round = 0; round < 6; round++) answers.push(await upload(server, framing))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(new Set(['413 too long']))
  })

  it.each(FRAMINGS)('that hangs up without a word is a 502: %j', async (framing) => {
    const server = await start(scheme, (socket) => socket.destroy())
    const { status, text } = await upload(server, framing)
    expect([status, JSON.parse(text).code]).toEqual([502, 'reset'])
  })

  it("that hangs up in the middle of its answer ends the page's", async () => {
    const server = await start(scheme, (socket) => {
      socket.write('HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\n\r\ntoo')
      socket.destroy()
    })
    await expect(upload(server, FRAMINGS[0]!)).rejects.toThrow()
  })
})
