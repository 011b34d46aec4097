/** A bare server with the middleware, in this process: for what needs raw bytes and no browser. */
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createSecureServer, type Http2ServerResponse } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import createMiddleware from '../../src/middleware'
import type { CorsDevOptions } from '../../src/options/types'
import type { Tls } from '../e2e/api'

export interface DevServer {
  origin: string
  port: number
  lines: string[]
  close(): Promise<void>
}

/** What the host itself answers with, where the middleware passes a request on. */
export const HOST_STATUS = 418

export async function startDevServer(
  options: CorsDevOptions,
  before?: (req: IncomingMessage, res: ServerResponse, next: () => void) => void,
): Promise<DevServer> {
  const { middleware, lines, close } = startMiddleware(options)
  const server = createServer((req, res) => {
    const pass = (): void => middleware(req, res, () => res.writeHead(HOST_STATUS).end())
    if (before) before(req, res, pass)
    else pass()
  })
  const port = await listen(server)
  return {
    origin: `http://localhost:${port}`,
    port,
    lines,
    async close() {
      await close()
      await stop(server)
    },
  }
}

function startMiddleware(options: CorsDevOptions): Pick<DevServer, 'lines' | 'close'> & {
  middleware: ReturnType<typeof createMiddleware>['middleware']
} {
  const root = mkdtempSync(join(tmpdir(), 'cors-dev-'))
  const lines: string[] = []
  const say = (line: string): void => void lines.push(line)
  const { middleware, close } = createMiddleware({ ...options, root, logger: { info: say, warn: say, error: say } })
  return {
    middleware,
    lines,
    async close() {
      await close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** The same over TLS, for pages that speak HTTP/2 and such that don't. */
export async function startSecureDevServer(
  tls: Tls,
  options: CorsDevOptions,
  before?: (res: Http2ServerResponse) => void,
): Promise<DevServer> {
  const { middleware, lines, close } = startMiddleware(options)
  const server = createSecureServer({ ...tls, allowHTTP1: true }, (req, res) => {
    before?.(res)
    middleware(req as never, res as never, () => res.writeHead(HOST_STATUS).end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `https://localhost:${port}`,
    port,
    lines,
    async close() {
      await close()
      server.close()
    },
  }
}

export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

export async function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close').catch(() => {})
}

export interface Answer {
  status: number
  headers: IncomingMessage['headers']
  rawHeaders: string[]
  text: string
}

/** A request as a page of the dev server's own sends it; `headers` are added or, with `undefined`, left out. */
export async function ask(
  { port }: { port: number },
  path: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string | undefined>; body?: string | Buffer } = {},
): Promise<Answer> {
  const given: Record<string, string | undefined> = {
    host: `localhost:${port}`,
    'sec-fetch-site': 'same-origin',
    ...headers,
  }
  const sent = Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  const req = httpRequest({ port, host: '127.0.0.1', path, method, headers: sent, agent: false })
  req.end(body)
  const [res] = (await once(req, 'response')) as [IncomingMessage]
  // An answer that comes before the whole body went up may end the connection under it.
  req.on('error', () => {})
  let text = ''
  for await (const chunk of res.setEncoding('latin1')) text += chunk
  return { status: res.statusCode ?? 0, headers: res.headers, rawHeaders: res.rawHeaders, text }
}

/** Sends bytes as they are and returns all that comes back until the other side closes, or `until` is found. */
export async function sendRaw({ port }: { port: number }, bytes: string, until?: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  let text = ''
  socket.setEncoding('latin1')
  const done = new Promise<void>((resolve) => {
    socket.on('close', () => resolve())
    socket.on('data', (chunk: string) => {
      text += chunk
      if (until !== undefined && text.includes(until)) resolve()
    })
  })
  socket.write(bytes, 'latin1')
  await done
  socket.destroy()
  return text
}

/** The JSON that a raw response carries. */
export function jsonIn(raw: string): { headers: Record<string, string | undefined>; text: string } {
  return JSON.parse(/\{.*\}/s.exec(raw)?.[0] ?? '') as ReturnType<typeof jsonIn>
}

/** An upstream that tells what it was asked, as JSON. */
export async function startEcho(answer?: (req: IncomingMessage, res: ServerResponse) => boolean): Promise<{
  port: number
  origin: string
  requests: { method: string; url: string; headers: IncomingMessage['headers'] }[]
  server: Server
  close(): Promise<void>
}> {
  const requests: { method: string; url: string; headers: IncomingMessage['headers'] }[] = []
  const server = createServer((req, res) => {
    requests.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers })
    if (answer?.(req, res) === true) return
    let text = ''
    req.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
    req.on('error', () => {})
    req.on('end', () => {
      res.setHeader('content-type', 'application/json')
      res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers, text }))
    })
  })
  const port = await listen(server)
  return { port, origin: `http://127.0.0.1:${port}`, requests, server, close: () => stop(server) }
}
