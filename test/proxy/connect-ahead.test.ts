/** Connections that stand before the first call of a page: counted where they arrive. */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server } from 'node:https'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterEach, expect, it } from 'vitest'
import createMiddleware from '../../src/middleware'
import type { CorsDevOptions } from '../../src/options/types'
import { createSocketAhead } from '../../src/proxy/socket-ahead'
import { selfSignedCertificate } from '../e2e/certificate'
import { ask, HOST_STATUS, listen, stop } from './dev-server'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Api {
  origin: string
  /** TLS connections so far. */
  connections: number
  /** Of them, those that are open. */
  open: Set<TLSSocket>
  requests: string[]
  server: Server
  /** Lets go of what no request is under way on. */
  hangUp(): Promise<void>
}

async function startApi(): Promise<Api> {
  const server = createServer(await selfSignedCertificate(['localhost']), (req, res) => {
    api.requests.push(`${req.method} ${req.url}`)
    // What a preflight asks for, so that found targets are called directly.
    res.writeHead(200, {
      'access-control-allow-origin': req.headers.origin ?? '*',
      'access-control-allow-credentials': 'true',
    })
    res.end('ok')
  })
  const api: Api = {
    origin: '',
    connections: 0,
    open: new Set(),
    requests: [],
    server,
    async hangUp() {
      for (const socket of api.open) socket.destroy()
      await expect.poll(() => api.open.size).toBe(0)
    },
  }
  server.on('secureConnection', (socket) => {
    api.connections++
    api.open.add(socket)
    socket.on('close', () => api.open.delete(socket))
  })
  api.origin = `https://localhost:${await listen(server)}`
  closing.push(() => stop(server))
  return api
}

function newProject(): string {
  const root = mkdtempSync(join(tmpdir(), 'cors-dev-'))
  closing.push(() => rmSync(root, { recursive: true, force: true }))
  return root
}

/** A dev server, and what a browser does with it. */
async function startDevServer(
  root: string,
  options: CorsDevOptions,
): Promise<{ port: number; openPage(): Promise<void>; close(): Promise<void> }> {
  const silent = (): void => {}
  const logger = { info: silent, warn: silent, error: silent }
  const { middleware, close } = createMiddleware({ explain: false, ...options, root, logger })
  const server = createHttpServer((req, res) => middleware(req, res, () => res.writeHead(HOST_STATUS).end()))
  const port = await listen(server)
  let isOpen = true
  const closeOnce = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    await close()
    await stop(server)
  }
  closing.push(closeOnce)
  return {
    port,
    async openPage() {
      await ask({ port }, '/', { headers: { accept: 'text/html', 'sec-fetch-dest': 'document' } })
    },
    close: closeOnce,
  }
}

it('the first call of a page that is loaded again finds its connection standing', async () => {
  const api = await startApi()
  const server = await startDevServer(newProject(), { targets: { '/api': api.origin } })
  await server.openPage()
  await ask(server, '/api/first')
  expect([api.connections, api.requests]).toEqual([1, ['GET /api/first']])
  await api.hangUp()

  await server.openPage()
  await expect.poll(() => api.connections).toBe(2)
  expect(api.requests).toEqual(['GET /api/first'])
  await ask(server, '/api/second')
  await ask(server, '/api/third')
  expect([api.connections, api.requests.length]).toEqual([2, 3])
})

it('a call that comes while the connection is made waits for it', async () => {
  const api = await startApi()
  const server = await startDevServer(newProject(), { targets: { '/api': api.origin } })
  await ask(server, '/api/first')
  await api.hangUp()
  const [, answer] = await Promise.all([server.openPage(), ask(server, '/api/second')])
  expect([answer.text, api.connections]).toEqual(['ok', 2])
})

it('no second one is made while one stands', async () => {
  const api = await startApi()
  const server = await startDevServer(newProject(), { targets: { '/api': api.origin } })
  await ask(server, '/api/first')
  for (let page = 0; page < 5; page++) await server.openPage()
  await ask(server, '/api/second')
  expect(api.connections).toBe(1)
  await api.hangUp()
  for (let page = 0; page < 5; page++) await server.openPage()
  await expect.poll(() => api.connections).toBe(2)
  await ask(server, '/api/third')
  expect(api.connections).toBe(2)
})

it('is remembered over a restart, relayed targets too', async () => {
  const [api, other] = [await startApi(), await startApi()]
  const root = newProject()
  const options = { targets: { '/api': api.origin, '/other': other.origin } }
  const relayed = { targets: [api.origin] }
  for (const [given, path] of [
    [options, '/api/x'],
    [relayed, `/__cors-dev/to/${api.origin.replace('://', '/')}/x`],
  ] as const) {
    const first = await startDevServer(root, given)
    expect((await ask(first, path)).status).toBe(200)
    // Nothing is said to it: dev servers are killed.
    const before = api.connections
    const second = await startDevServer(root, given)
    await expect.poll(async () => (await second.openPage(), api.connections)).toBe(before + 1)
    await first.close()
    await second.close()
  }
  expect(other.connections).toBe(0)
})

it('what the last page did not use is forgotten', async () => {
  const [api, other] = [await startApi(), await startApi()]
  const root = newProject()
  const options = { targets: { '/api': api.origin, '/other': other.origin } }
  const first = await startDevServer(root, options)
  await ask(first, '/api/x')
  await ask(first, '/other/x')
  await first.openPage()
  await ask(first, '/other/x')
  await first.openPage()
  await api.hangUp()
  await first.openPage()
  await first.close()
  const before = [api.connections, other.connections]
  const second = await startDevServer(root, options)
  await second.openPage()
  await expect.poll(() => other.connections).toBe(before[1]! + 1)
  expect(api.connections).toBe(before[0])
})

it('a target that is called directly is left alone', async () => {
  const api = await startApi()
  const server = await startDevServer(newProject(), { targets: [{ url: api.origin, relay: 'as-needed' }] })
  const page = `http://localhost:${server.port}`
  // One kind of call was relayed before another was found to need no relay.
  await ask(server, `/__cors-dev/to/${api.origin.replace('://', '/')}/x`)
  const question = { url: `${api.origin}/x`, method: 'GET', headers: [], credentials: false, forcesPreflight: false }
  const { text } = await ask(server, '/__cors-dev/decision', {
    method: 'POST',
    headers: { origin: page, 'content-type': 'application/json' },
    body: JSON.stringify(question),
  })
  expect(JSON.parse(text)).toEqual({ route: 'direct' })
  await api.hangUp()
  const before = api.connections
  await server.openPage()
  // A path route to the same place shows that all there was to do is done.
  const other = await startApi()
  const witness = await startDevServer(newProject(), { targets: { '/api': other.origin } })
  await ask(witness, '/api/x')
  await other.hangUp()
  await witness.openPage()
  await expect.poll(() => other.connections).toBe(2)
  expect(api.connections).toBe(before)
})

it('a server on this machine without TLS is connected to when it is needed', async () => {
  let connections = 0
  const api = createHttpServer((_req, res) => res.end('ok'))
  api.on('connection', () => connections++)
  const origin = `http://localhost:${await listen(api)}`
  const secure = await startApi()
  closing.push(() => stop(api))
  const server = await startDevServer(newProject(), { targets: { '/api': origin, '/secure': secure.origin } })
  await ask(server, '/api/x')
  await ask(server, '/secure/x')
  api.closeAllConnections()
  await secure.hangUp()
  await server.openPage()
  await expect.poll(() => secure.connections).toBe(2)
  expect(connections).toBe(1)
})

it('a server that drops the connection before its first use is asked once more', async () => {
  const api = await startApi()
  const server = await startDevServer(newProject(), { targets: { '/api': api.origin } })
  await ask(server, '/api/first')
  await api.hangUp()
  await server.openPage()
  await expect.poll(() => api.connections).toBe(2)
  // As soon as the request is seen, before any of it is read.
  for (const socket of api.open) socket.prependOnceListener('data', () => socket.destroy())
  expect((await ask(server, '/api/second')).status).toBe(200)
  expect(api.connections).toBe(3)
})

it('an unused one is let go after a while, or when the server lets go', async () => {
  const open = new Set<Socket>()
  let accepted = 0
  const upstream = createTcpServer((socket) => {
    accepted++
    open.add(socket)
    socket.on('close', () => open.delete(socket)).on('error', () => {})
    socket.resume()
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  closing.push(() => upstream.close())
  const { port } = upstream.address() as AddressInfo
  const where = { hostname: '127.0.0.1', protocol: 'http:', port: String(port) }
  const start = (idleTimeout: number): ReturnType<typeof createSocketAhead> =>
    createSocketAhead((_, callback) => {
      const socket = connect(port, '127.0.0.1', () => callback(null, socket))
    }, idleTimeout)

  const impatient = start(1)
  impatient.open(where)
  await expect.poll(() => [accepted, open.size]).toEqual([1, 0])
  expect(impatient.take(() => {})).toBe(false)

  const patient = start(60_000)
  for (const letGo of [(socket: Socket) => socket.end(), (socket: Socket) => socket.write('HTTP/1.1 408 \r\n\r\n')]) {
    patient.open(where)
    await expect.poll(() => open.size).toBe(1)
    for (const socket of open) letGo(socket)
    await expect.poll(() => open.size).toBe(0)
  }
  patient.open(where)
  await expect.poll(() => open.size).toBe(1)
  patient.close()
  await expect.poll(() => open.size).toBe(0)
})
