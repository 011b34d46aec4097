/**
 * What large bodies are read into is used again: whoever reads slowly, goes away, or keeps what they were given must
 * never find another body's bytes in it.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http'
import { connect as connectHttp2, type ClientHttp2Stream } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { CorsDevOptions } from '../../src/options/types'
import { onread, release } from '../../src/proxy/reading'
import { selfSignedCertificate } from '../e2e/certificate'
import { listen, startDevServer, startSecureDevServer, stop } from './dev-server'

/** More than the system holds between the proxy and a page that is slow. */
const SIZE = 6_000_000
const FRAMINGS = ['length', 'chunks', 'close']

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Each four bytes say whose they are and where. */
function bodyOf(number: number): Buffer {
  const words = new Uint32Array(SIZE / 4)
  for (let at = 0; at < words.length; at++) words[at] = number * 1_000_000 + at
  return Buffer.from(words.buffer)
}

const digest = (body: Buffer): string => createHash('sha256').update(body).digest('hex')
const digests = new Map<number, string>()
function digestOf(number: number): string {
  let known = digests.get(number)
  if (known === undefined) digests.set(number, (known = digest(bodyOf(number))))
  return known
}

/** `/api/chunks/7` is answered with the seventh body in chunks. */
function answer({ url = '' }: IncomingMessage, res: ServerResponse): void {
  const [, , framing, number] = url.split('/')
  const body = bodyOf(Number(number))
  if (framing === 'length') res.setHeader('content-length', body.length)
  if (framing === 'close') res.useChunkedEncodingByDefault = false
  Readable.from(slices(body)).pipe(res)
}

/** Of sizes that no read has. */
function* slices(body: Buffer): Iterable<Buffer> {
  for (let at = 0; at < body.length; at += 100_003) yield body.subarray(at, at + 100_003)
}

async function startApi(protocol: 'http' | 'https'): Promise<string> {
  const server =
    protocol === 'http' ? createServer(answer) : createHttpsServer(await selfSignedCertificate(['localhost']), answer)
  closing.push(() => stop(server))
  return `${protocol}://localhost:${await listen(server)}`
}

type Reading = (number: number, body: AsyncIterable<Buffer> & { destroy(): unknown }) => Promise<void>

/** One that reads at once, one that reads slowly, one that leaves. */
const READERS: Reading[] = [
  async (number, body) => {
    const chunks: Buffer[] = []
    for await (const chunk of body) chunks.push(chunk)
    expect(digest(Buffer.concat(chunks)), `body ${number}`).toBe(digestOf(number))
  },
  async (number, body) => {
    const hash = createHash('sha256')
    await delay(200)
    let count = 0
    for await (const chunk of body) {
      hash.update(chunk)
      if (++count % 20 === 0) await delay(1)
    }
    expect(hash.digest('hex'), `body ${number}`).toBe(digestOf(number))
  },
  async (_, body) => {
    let length = 0
    for await (const chunk of body) if ((length += chunk.length) > 500_000) break
    body.destroy()
  },
]

type Fetch = (path: string) => Promise<AsyncIterable<Buffer> & { destroy(): unknown }>

/** Six at a time, three times over: what one has let go of the next ones use. */
async function readAll(fetch: Fetch): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        const number = round * 6 + index
        const framing = FRAMINGS[(index + round) % FRAMINGS.length]!
        await READERS[index % READERS.length]!(number, await fetch(`/api/${framing}/${number}`))
      }),
    )
  }
}

const overHttp =
  ({ port }: { port: number }): Fetch =>
  async (path) => {
    const headers = { host: `localhost:${port}`, 'sec-fetch-site': 'same-origin' }
    const req = httpRequest({ port, host: '127.0.0.1', path, headers, agent: false }).end()
    const [res] = (await once(req, 'response')) as [IncomingMessage]
    return res
  }

describe.each(['http', 'https'] as const)('large bodies of an API by %s are what it sent', (protocol) => {
  it('to HTTP/1.1 pages', async () => {
    const server = await startDevServer({ targets: { '/api': await startApi(protocol) } })
    closing.push(server.close)
    await readAll(overHttp(server))
  })

  it('to HTTP/2 pages', async () => {
    const targets = { '/api': await startApi(protocol) }
    const server = await startSecureDevServer(await selfSignedCertificate(['localhost']), { targets })
    const session = connectHttp2(server.origin, { rejectUnauthorized: false })
    closing.push(server.close, () => session.destroy())
    const fetch: Fetch = async (path) => {
      const stream: ClientHttp2Stream = session.request({ ':path': path, 'sec-fetch-site': 'same-origin' })
      await once(stream, 'response')
      return stream
    }
    await readAll(fetch)
  })
})

describe('whoever keeps what they were given', () => {
  const kept: Buffer[] = []
  const inEach: [string, CorsDevOptions, ((res: ServerResponse) => void)?][] = [
    [
      'middleware with a `write` of its own',
      {},
      (res) => {
        const write = res.write.bind(res)
        res.write = ((chunk: Buffer, ...rest: []) => {
          kept.push(chunk)
          return write(chunk, ...rest)
        }) as never
      },
    ],
    [
      'an `on.proxyRes` handler',
      { on: { proxyRes: (res: IncomingMessage) => void res.on('data', (chunk: Buffer) => kept.push(chunk)) } } as never,
    ],
  ]
  it.each(inEach)('keeps it: %s', async (_, proxy, wrap) => {
    kept.length = 0
    const url = await startApi('http')
    const server = await startDevServer({ targets: { '/api': { url, proxy: proxy as never } } }, (_req, res, next) => {
      wrap?.(res)
      next()
    })
    closing.push(server.close)
    for (let number = 0; number < 3; number++)
      await READERS[0]!(number, await overHttp(server)(`/api/length/${number}`))
    const all = Buffer.concat(kept)
    expect(all.length).toBe(3 * SIZE)
    for (let number = 0; number < 3; number++) {
      expect(digest(all.subarray(number * SIZE, (number + 1) * SIZE))).toBe(digestOf(number))
    }
  })
})

describe('what a socket reads into', () => {
  async function readFrom(body: Buffer, take: (chunk: Buffer) => void): Promise<void> {
    const server = createTcpServer((socket) => socket.end(body))
    closing.push(() => server.close())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket: Socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', onread })
    socket.on('readable', () => {
      for (let chunk; (chunk = socket.read() as Buffer | null) !== null;) take(chunk)
    })
    await once(socket, 'end')
  }

  it('is used again when it was let go of', async () => {
    const buffers = new Set<unknown>()
    let large = 0
    await readFrom(bodyOf(1), (chunk) => {
      if (chunk.length >= 16_384) {
        large++
        buffers.add(chunk.buffer)
      }
      release(chunk)
    })
    expect(large).toBeGreaterThan(buffers.size * 5)
  })

  it('is not while a part of it may be needed', async () => {
    const parts: Buffer[] = []
    await readFrom(bodyOf(1), (chunk) => {
      parts.push(chunk)
      release(chunk.subarray(0, chunk.length >> 1))
    })
    expect(digest(Buffer.concat(parts))).toBe(digestOf(1))
  })
})
