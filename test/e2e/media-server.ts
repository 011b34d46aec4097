/** What pages load with elements and style sheets, on an origin of its own. */
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { resolveFromTests } from './hosts'

export interface MediaServer {
  origin: string
  /** Of all requests: path and query, and how it came. */
  seen: string[]
  /** The `Range` of all that had one. */
  ranges: string[]
  /** Other files by their path. */
  files: Map<string, { type: string; body: Buffer }>
  close(): void
}

const SECONDS = 60
const RATE = 44_100

export async function startMediaServer({ allowsCors = false } = {}): Promise<MediaServer> {
  const seen: string[] = []
  const ranges: string[] = []
  const [font = ''] = globSync('**/*.ttf', { cwd: dirname(resolveFromTests('playwright-core/package.json')) })
  const files: MediaServer['files'] = new Map(
    Object.entries({
      '/pixel.png': ['image/png', Buffer.from(PIXEL, 'base64')],
      '/shape.svg': ['image/svg+xml', Buffer.from(SHAPE)],
      '/font.ttf': ['font/ttf', readFileSync(join(dirname(resolveFromTests('playwright-core/package.json')), font))],
      '/sound.wav': ['audio/wav', silence()],
      '/cues.vtt': ['text/vtt', Buffer.from('WEBVTT\n\n00:00.000 --> 00:09.000\ncue\n')],
      '/json': ['application/json', Buffer.from('{"name":"Ada"}')],
    } as const).map(([path, [type, body]]) => [path, { type, body }]),
  )

  const server = createServer((req, res) => {
    if (req.method !== 'OPTIONS')
      seen.push(`${req.url}${req.headers.via ? ' relayed' : ''}${req.headers.cookie ? ' with cookies' : ''}`)
    if (allowsCors) res.setHeader('access-control-allow-origin', req.headers.origin ?? '*')
    const file = files.get((req.url ?? '').split('?', 1)[0] ?? '')
    if (!file || req.method === 'OPTIONS') res.writeHead(file ? 204 : 404).end()
    else send(req, res, file)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  function send(req: IncomingMessage, res: ServerResponse, { type, body }: { type: string; body: Buffer }): void {
    res.setHeader('content-type', type)
    res.setHeader('accept-ranges', 'bytes')
    const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(req.headers.range ?? '') ?? []
    if (start === undefined) {
      res.writeHead(200, { 'content-length': body.length }).end(body)
      return
    }
    ranges.push(req.headers.range ?? '')
    const part = body.subarray(Number(start), end ? Number(end) + 1 : body.length)
    const last = Number(start) + part.length - 1
    res.writeHead(206, { 'content-length': part.length, 'content-range': `bytes ${start}-${last}/${body.length}` })
    res.end(part)
  }

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    ranges,
    files,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** One red pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=='
const SHAPE =
  '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><rect width="10" height="20" fill="red"/></svg>'

/** Long enough that no browser loads all of it before it is told to go on. */
function silence(): Buffer {
  const size = SECONDS * RATE * 4
  const head = Buffer.alloc(44)
  head.write('RIFF')
  head.writeUInt32LE(36 + size, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(2, 22)
  head.writeUInt32LE(RATE, 24)
  head.writeUInt32LE(RATE * 4, 28)
  head.writeUInt16LE(4, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(size, 40)
  return Buffer.concat([head, Buffer.alloc(size)])
}
