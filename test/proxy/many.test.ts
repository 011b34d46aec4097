/** Many at once, and many events: counted, since time says little on a busy machine. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { gunzipSync, constants } from 'node:zlib'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { lookInside } from '../setup/inside'
import { type DevServer, listen, startDevServer, stop } from './dev-server'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const HEAD = (server: DevServer): string => `Host: localhost:${server.port}\r\nSec-Fetch-Site: same-origin\r\n`

it('1,000 slow requests are at the API all at once', async () => {
  const waiting: ServerResponse[] = []
  const upstream = createServer((_req, res) => {
    waiting.push(res)
    // None is answered before all have come: with a limit to their number none ever would be.
    if (waiting.length === 1000) for (const one of waiting) one.end('ok')
  })
  const server = await startDevServer({ targets: { '/api': `http://127.0.0.1:${await listen(upstream)}` } })
  closing.push(() => stop(upstream), server.close)
  const answers = await Promise.all(Array.from({ length: 1000 }, () => get(server)))
  expect(answers.every((text) => text === 'ok')).toBe(true)
}, 120_000)

function get(server: DevServer): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { host: `localhost:${server.port}`, 'sec-fetch-site': 'same-origin' }
    request({ port: server.port, host: '127.0.0.1', path: '/api/x', headers, agent: false }, (res) => {
      let text = ''
      res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      res.on('end', () => resolve(text)).on('error', reject)
    })
      .on('error', reject)
      .end()
  })
}

it('1,000 aborted downloads leave no connection open and no memory taken', async () => {
  const open = new Set<Socket>()
  let begun = 0
  const upstream = createTcpServer((socket) => {
    open.add(socket)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
    socket.once('data', () => {
      begun++
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n')
      // More than anybody reads: it waits in every buffer on the way.
      socket.write(Buffer.alloc(300_000))
    })
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const server = await startDevServer({
    targets: { '/api': `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` },
  })
  closing.push(() => upstream.close(), server.close)

  async function abort(count: number): Promise<void> {
    for (let round = 0; round < count / 50; round++) {
      const pages = Array.from({ length: 50 }, () => {
        const page = connect(server.port, '127.0.0.1')
        page.on('error', () => {}).write(`GET /api/x HTTP/1.1\r\n${HEAD(server)}\r\n`)
        return page
      })
      await Promise.all(pages.map((page) => once(page, 'data')))
      for (const page of pages) page.destroy()
    }
    await expect.poll(() => open.size, { interval: 10, timeout: 30_000 }).toBe(0)
  }

  // What is made once is there then.
  await abort(150)
  const before = used()
  await abort(1000)
  expect(begun).toBe(1150)
  // What buffers held is free some time after nobody holds them.
  await expect.poll(() => used() - before).toBeLessThan(8 * 2 ** 20)
}, 120_000)

const used = (): number => lookInside().heap

it('157 events under compression come one by one', async () => {
  const required = createRequire(createRequire(import.meta.url).resolve('webpack-dev-server/package.json'))
  const compression = required('compression') as () => (
    req: IncomingMessage,
    res: ServerResponse,
    next: () => void,
  ) => void
  let stream: ServerResponse | undefined
  const upstream = createServer((_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    stream = res
  })
  const server = await startDevServer(
    { targets: { '/api': `http://127.0.0.1:${await listen(upstream)}` } },
    compression(),
  )
  closing.push(() => stop(upstream), server.close)

  const page = connect(server.port, '127.0.0.1')
  closing.push(() => page.destroy())
  const received: Buffer[] = []
  page.write(`GET /api/x HTTP/1.1\r\n${HEAD(server)}Accept-Encoding: gzip\r\n\r\n`)
  page.on('data', (chunk) => received.push(chunk))
  await expect.poll(() => Buffer.concat(received).toString('latin1')).toMatch(/\r\n\r\n/)
  expect(Buffer.concat(received).toString('latin1')).toMatch(/content-encoding: gzip/i)
  for (let event = 1; event <= 157; event++) {
    stream?.write(`data: ${event}\n\n`)
    // The next is not sent before this one has come.
    await expect.poll(() => unpack(Buffer.concat(received)), { interval: 1 }).toContain(`data: ${event}\n\n`)
  }
}, 120_000)

/** What a chunked, compressed response holds so far. */
function unpack(bytes: Buffer): string {
  let at = bytes.indexOf('\r\n\r\n') + 4
  const chunks: Buffer[] = []
  for (;;) {
    const line = bytes.indexOf('\r\n', at)
    if (line === -1) break
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    if (bytes.length < line + 2 + size) break
    chunks.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
  const packed = Buffer.concat(chunks)
  return packed.length === 0 ? '' : gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH }).toString()
}
