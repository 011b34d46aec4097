/** Calls that the page gives up before they have a connection to the API. */
import { once } from 'node:events'
import { constants, connect as connectHttp2, createSecureServer } from 'node:http2'
import { createServer as createHttpsServer, request } from 'node:https'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import createMiddleware from '../../src/middleware'
import { selfSignedCertificate } from '../e2e/certificate'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Each makes a call, and returns how to give it up. */
const PAGES = {
  'HTTP/1.1'(port: number, path: string) {
    const call = request({ port, path, rejectUnauthorized: false, headers: { 'sec-fetch-site': 'same-origin' } })
    call.on('error', () => undefined).end()
    return () => void call.destroy()
  },
  'HTTP/2'(port: number, path: string) {
    const session = connectHttp2(`https://localhost:${port}`, { rejectUnauthorized: false })
    closing.push(() => session.destroy())
    const stream = session.request({ ':path': path, 'sec-fetch-site': 'same-origin' })
    stream.on('error', () => undefined).end()
    return () => stream.close(constants.NGHTTP2_CANCEL)
  },
}

it.each(Object.keys(PAGES) as (keyof typeof PAGES)[])('the API hears nothing of them: %s', async (protocol) => {
  const tls = await selfSignedCertificate(['localhost'])
  const seen: (string | undefined)[] = []
  const api = createHttpsServer(tls, (req, res) => {
    seen.push(req.url)
    if (req.url === '/api/next') res.end()
  })
  api.listen(0, '127.0.0.1')
  await once(api, 'listening')
  // It lets nobody through before it is opened.
  const waiting: Socket[] = []
  const door = createServer({ pauseOnConnect: true }, (socket) => void waiting.push(socket)).listen(0, '127.0.0.1')
  await once(door, 'listening')
  const open = (): void => {
    for (const socket of waiting.splice(0)) {
      const inner = connect((api.address() as AddressInfo).port, '127.0.0.1')
      for (const end of [socket, inner]) end.on('error', () => undefined)
      socket.pipe(inner).pipe(socket)
      socket.resume()
    }
  }
  const { middleware, close } = createMiddleware({
    targets: {
      '/api': { url: `https://localhost:${(door.address() as AddressInfo).port}`, proxy: { secure: false } },
    },
    logger: { info() {}, warn() {}, error() {} },
  })
  let hasGivenUp = false
  const server = createSecureServer({ ...tls, allowHTTP1: true }, (req, res) => {
    res.once('close', () => (hasGivenUp = true))
    middleware(req as never, res as never, () => void res.writeHead(404).end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  closing.push(
    () => api.close().closeAllConnections(),
    () => door.close(),
    () => server.close(),
    close,
  )

  const giveUp = PAGES[protocol](port, '/api/given-up')
  await expect.poll(() => waiting.length).toBeGreaterThan(0)
  giveUp()
  await expect.poll(() => hasGivenUp).toBe(true)
  open()
  door.on('connection', () => setImmediate(open))
  PAGES[protocol](port, '/api/next')
  await expect.poll(() => seen).toContain('/api/next')
  expect(seen).toEqual(['/api/next'])
})
