/** Uploads on their way: how fast, and what becomes of them when either side lets go. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect as connectHttp2, createSecureServer } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import createMiddleware from '../../src/middleware'
import { selfSignedCertificate } from '../e2e/certificate'
import { ask, type DevServer, HOST_STATUS, listen, startDevServer, stop } from './dev-server'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(answer: (req: IncomingMessage, res: ServerResponse) => void): Promise<DevServer> {
  const upstream = createServer(answer)
  const server = await startDevServer({ targets: { '/api': `http://127.0.0.1:${await listen(upstream)}` } })
  closing.push(() => stop(upstream), server.close)
  return server
}

const HEAD = (server: DevServer): string =>
  `POST /api/x HTTP/1.1\r\nHost: localhost:${server.port}\r\nSec-Fetch-Site: same-origin\r\n`

function closed(req: IncomingMessage): Promise<void> {
  return new Promise((resolve) => req.on('error', () => {}).once('close', () => resolve()))
}

it('a slow API slows the page down, and gets every byte once it reads', async () => {
  let received: IncomingMessage | undefined
  const server = await start((req, res) => {
    received = req.pause()
    req.on('end', () => res.end('done'))
  })
  const total = 200_000_000
  const page = connect(server.port, '127.0.0.1')
  closing.push(() => page.destroy())
  page.write(`${HEAD(server)}Content-Length: ${total}\r\nConnection: close\r\n\r\n`)
  const chunk = Buffer.alloc(1_000_000)
  let sent = 0
  const more = (): void => {
    while (sent < total) {
      sent += chunk.length
      if (!page.write(chunk)) return
    }
  }
  page.on('drain', more)
  more()
  await expect.poll(() => received).toBeDefined()
  let before = -1
  await expect.poll(() => before === (before = sent), { interval: 300, timeout: 20_000 }).toBe(true)
  expect(sent).toBeLessThan(total / 2)
  let bytes = 0
  received?.on('data', (part: Buffer) => (bytes += part.length)).resume()
  let answer = ''
  page.setEncoding('latin1').on('data', (text: string) => (answer += text))
  await once(page, 'close')
  expect([bytes, answer.endsWith('done')]).toEqual([total, true])
})

it.each(['Content-Length: 1000000', 'Transfer-Encoding: chunked'])(
  'an upload that the page gives up is none at the API: %s',
  async (framing) => {
    let received: IncomingMessage | undefined
    const server = await start((req) => {
      received = req.resume()
    })
    const page = connect(server.port, '127.0.0.1')
    page.write(`${HEAD(server)}${framing}\r\n\r\n5\r\nhello\r\n`)
    await expect.poll(() => received).toBeDefined()
    const over = closed(received!)
    page.destroy()
    await over
    expect(received?.complete).toBe(false)
  },
)

it('a page that goes away while its upload waits for the API ends it there', async () => {
  let received: IncomingMessage | undefined
  const server = await start((req) => {
    received = req.pause()
  })
  const page = connect(server.port, '127.0.0.1')
  page.write(`${HEAD(server)}Content-Length: 100000000\r\n\r\n`)
  page.write(Buffer.alloc(50_000_000))
  await expect.poll(() => received).toBeDefined()
  page.destroy()
  const over = closed(received!)
  // It sees the end behind what was on its way.
  received?.resume()
  await over
  expect(received?.complete).toBe(false)
})

it('the connection of a page whose upload was refused early serves its next request', async () => {
  const server = await start((req, res) => {
    if (req.method === 'GET') res.end('next')
    else res.writeHead(413, { connection: 'close' }).end('no')
  })
  const page = connect(server.port, '127.0.0.1')
  closing.push(() => page.destroy())
  let answers = ''
  page.setEncoding('latin1').on('data', (text: string) => (answers += text))
  page.write(`${HEAD(server)}Content-Length: 5000000\r\n\r\n`)
  page.write(Buffer.alloc(5_000_000))
  page.write(HEAD(server).replace('POST', 'GET') + '\r\n')
  await expect.poll(() => answers).toMatch(/413[\s\S]*no[\s\S]*200[\s\S]*next/)
})

it('goes up whole over HTTP/2', async () => {
  const { key, cert } = await selfSignedCertificate(['localhost'])
  const upstream = createServer((req, res) => {
    const hash = createHash('sha256')
    req.on('data', (chunk: Buffer) => hash.update(chunk)).on('end', () => res.end(hash.digest('hex')))
  })
  const { middleware, close } = createMiddleware({
    targets: { '/api': `http://127.0.0.1:${await listen(upstream)}` },
    logger: { info() {}, warn() {}, error() {} },
  })
  const server = createSecureServer({ key, cert }, (req, res) =>
    middleware(req as never, res as never, () => void res.writeHead(HOST_STATUS).end()),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const session = connectHttp2(`https://localhost:${port}`, { rejectUnauthorized: false })
  closing.push(
    () => stop(upstream),
    close,
    () => server.close(),
    () => session.destroy(),
  )
  const bytes = randomBytes(3_000_000)
  for (const length of [{ 'content-length': bytes.length }, {}]) {
    const stream = session.request({ ':method': 'POST', ':path': '/api/x', 'sec-fetch-site': 'same-origin', ...length })
    stream.end(bytes)
    let text = ''
    for await (const chunk of stream.setEncoding('utf8')) text += String(chunk)
    expect(text).toBe(createHash('sha256').update(bytes).digest('hex'))
  }
})

it('an empty body is a body', async () => {
  const server = await start((req, res) => {
    let bytes = 0
    req.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => res.end(`${req.method} ${bytes}`))
  })
  expect((await ask(server, '/api/x', { method: 'POST', headers: { 'transfer-encoding': 'chunked' } })).text).toBe(
    'POST 0',
  )
  expect((await ask(server, '/api/x', { method: 'PUT', headers: { 'content-length': '0' } })).text).toBe('PUT 0')
})
