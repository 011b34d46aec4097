/** Calls that the page gives up, which ends them at the API. */
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { constants, connect as connectHttp2, type Http2ServerResponse } from 'node:http2'
import { createServer as createHttpsServer, request } from 'node:https'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { Tls } from '../e2e/api'
import { type Frames, openFrames } from '../attacks/frames'
import { selfSignedCertificate } from '../e2e/certificate'
import { startSecureDevServer } from './dev-server'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Each makes a call, and returns how to give it up. */
const PAGES = {
  'HTTP/1.1'(port: number, path: string, method = 'GET') {
    const call = request({
      port,
      path,
      method,
      rejectUnauthorized: false,
      headers: { 'sec-fetch-site': 'same-origin' },
    })
    call.on('error', () => undefined).end()
    return () => void call.destroy()
  },
  'HTTP/2'(port: number, path: string, method = 'GET') {
    const session = connectHttp2(`https://localhost:${port}`, { rejectUnauthorized: false })
    closing.push(() => session.destroy())
    const stream = session.request({ ':path': path, ':method': method, 'sec-fetch-site': 'same-origin' })
    stream.on('error', () => undefined).end()
    return () => stream.close(constants.NGHTTP2_CANCEL)
  },
}

const PROTOCOLS = Object.keys(PAGES) as (keyof typeof PAGES)[]

it.each(PROTOCOLS)('before there is a connection, and the API hears nothing of them: %s', async (protocol) => {
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
  let hasGivenUp = false
  const port = await startPageServer(
    `https://localhost:${(door.address() as AddressInfo).port}`,
    tls,
    (res) => void res.once('close', () => (hasGivenUp = true)),
  )
  closing.push(
    () => api.close().closeAllConnections(),
    () => door.close(),
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

it.each(PROTOCOLS.flatMap((protocol) => ['GET', 'HEAD'].map((method) => [protocol, method] as const)))(
  'while the API thinks: %s, %s',
  async (protocol, method) => {
    const calls: IncomingMessage[] = []
    const api = createHttpServer((req) => void calls.push(req)).listen(0, '127.0.0.1')
    await once(api, 'listening')
    closing.push(() => api.close().closeAllConnections())
    const origin = `http://localhost:${(api.address() as AddressInfo).port}`
    const port = await startPageServer(origin, await selfSignedCertificate(['localhost']))
    const giveUp = PAGES[protocol](port, '/api/slow', method)
    await expect.poll(() => calls.length).toBe(1)
    giveUp()
    await once(calls[0]!.socket, 'close')
  },
)

it.each([
  ['CANCEL', (frames: Frames, stream: number) => frames.reset(stream, constants.NGHTTP2_CANCEL)],
  ['NO_ERROR', (frames: Frames, stream: number) => frames.reset(stream, constants.NGHTTP2_NO_ERROR)],
  ['with its connection', (frames: Frames) => frames.close()],
])('in an upload over HTTP/2, of which half is not the whole: %s', async (_, giveUp) => {
  const calls: IncomingMessage[] = []
  const api = createHttpServer((req) => void calls.push(req.resume())).listen(0, '127.0.0.1')
  await once(api, 'listening')
  closing.push(() => api.close().closeAllConnections())
  const target = `http://localhost:${(api.address() as AddressInfo).port}`
  const port = await startPageServer(target, await selfSignedCertificate(['localhost']))
  const frames = await openFrames(`https://localhost:${port}`)
  closing.push(frames.close)
  const fields = [
    [':method', 'POST'],
    [':scheme', 'https'],
    [':authority', `localhost:${port}`],
    [':path', '/api/x'],
    ['sec-fetch-site', 'same-origin'],
  ] as const
  const stream = frames.request(fields, { data: 'half', isUnfinished: true })
  await expect.poll(() => calls.length).toBe(1)
  const over = new Promise((resolve) => calls[0]!.on('error', () => undefined).once('close', resolve))
  giveUp(frames, stream)
  await over
  expect(calls[0]!.complete).toBe(false)
})

async function startPageServer(
  target: string,
  tls: Tls,
  answering?: (res: Http2ServerResponse) => void,
): Promise<number> {
  const server = await startSecureDevServer(tls, { targets: { '/api': target } }, answering)
  closing.push(server.close)
  return server.port
}
