/** An API that closes the connection behind its answer, of which a slow page has not read all yet. */
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { selfSignedCertificate } from '../e2e/certificate'
import { startSecureDevServer } from './dev-server'

const HEADS = { 'a length': 'Content-Length: 90000\r\n', 'its end': '' }

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function portOf(server: Server): Promise<number> {
  closing.push(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Resolves `closed` when all is sent, the end included. */
async function startApi(protocol: string, head: string): Promise<{ url: string; closed: Promise<void> }> {
  let resolve: () => void
  const closed = new Promise<void>((done) => (resolve = done))
  const answer = (socket: Socket): void => {
    socket.on('error', () => {})
    socket.once('data', () => {
      void (async () => {
        socket.write(`HTTP/1.1 200 OK\r\n${head}Connection: close\r\n\r\n`)
        // In pieces, so that the page has no room left when the last one is read, and nothing is left to be read then.
        for (const size of [50_000, 40_000]) {
          await delay(30)
          socket.write(Buffer.alloc(size, 'x'))
        }
        await delay(30)
        socket.end(() => resolve())
      })()
    })
  }
  const server =
    protocol === 'http' ? createServer(answer) : createTlsServer(await selfSignedCertificate(['localhost']), answer)
  return { url: `${protocol}://localhost:${await portOf(server)}`, closed }
}

describe.each(['http', 'https'])('an API by %s that closes the connection', (protocol) => {
  it.each(Object.entries(HEADS))('behind a body that is framed by %s: all of it comes', async (_, head) => {
    const api = await startApi(protocol, head)
    const targets = { '/api': api.url }
    const server = await startSecureDevServer(await selfSignedCertificate(['localhost']), { targets })
    closing.push(server.close)
    const page = connectHttp2(server.origin, {
      rejectUnauthorized: false,
      settings: { initialWindowSize: 10_000 },
    })
    closing.push(() => page.destroy())
    const stream = page.request({ ':path': '/api/x', 'sec-fetch-site': 'same-origin' })
    await once(stream, 'response')
    await api.closed
    await delay(100)
    let length = 0
    for await (const chunk of stream as AsyncIterable<Buffer>) length += chunk.length
    expect(length).toBe(90_000)
    expect(server.lines.filter((line) => line.includes('failed'))).toEqual([])
  })
})
