/** Every option, seen from outside: each of these fails when its option is ignored. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { responseInterceptor } from 'http-proxy-middleware'
import { afterEach, expect, it, vi } from 'vitest'
import type { CorsDevOptions, TargetOptions } from '../../src/options/types'
import { selfSignedCertificate } from '../e2e/certificate'
import { ask, type DevServer, HOST_STATUS, listen, sendRaw, startDevServer, startEcho, stop } from './dev-server'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(
  target: Partial<TargetOptions> = {},
  options: CorsDevOptions = {},
): Promise<{ server: DevServer; upstream: Awaited<ReturnType<typeof startEcho>>; relay: string }> {
  const upstream = await startEcho()
  closing.push(upstream.close)
  const server = await startDevServer({ targets: { '/api': { url: upstream.origin, ...target } }, ...options })
  closing.push(server.close)
  return { server, upstream, relay: `/__cors-dev/to/http/127.0.0.1:${upstream.port}` }
}

const PAGE = 'https://app.example.com'

it('targets: a path is kept, put behind the path of the target, and dropped by stripPrefix', async () => {
  const upstream = await startEcho()
  const server = await startDevServer({
    targets: {
      '/api': upstream.origin,
      '/v1': `${upstream.origin}/base`,
      '/strip': { url: `${upstream.origin}/base/`, stripPrefix: true },
      '^/re[0-9]+/': upstream.origin,
    },
  })
  closing.push(upstream.close, server.close)
  const seen = async (path: string): Promise<string> => JSON.parse((await ask(server, path)).text).url
  expect(await seen('/api/a%2Fb?q=%20')).toBe('/api/a%2Fb?q=%20')
  expect(await seen('/v1/x')).toBe('/base/v1/x')
  expect(await seen('/strip/x')).toBe('/base/x')
  expect(await seen('/strip')).toBe('/base')
  expect(await seen('/strip//evil.example/x')).toBe('/base//evil.example/x')
  expect(await seen('/re12/x')).toBe('/re12/x')
  expect((await ask(server, '/apiary')).status).toBe(HOST_STATUS)
  expect((await ask(server, '/api.ts')).status).toBe(HOST_STATUS)
})

it('targets: a first answer of 404 brings the hint that the path is kept, unless it is not', async () => {
  const upstream = createServer((_req, res) => res.writeHead(404).end())
  const url = `http://127.0.0.1:${await listen(upstream)}`
  const server = await startDevServer({ targets: { '/api': url, '/strip': { url, stripPrefix: true } } })
  closing.push(() => stop(upstream), server.close)
  for (const path of ['/strip/x', '/api/x', '/api/y']) await ask(server, path)
  const hints = server.lines.filter((line) => line.includes('the path is kept'))
  expect(hints).toEqual([expect.stringContaining(`write { url: '${url}', stripPrefix: true } in targets["/api"].`)])
})

it('targets: IPv6 literals, internationalized hosts, and localhost in whichever family the API listens', async () => {
  const upstream = createServer((req, res) => res.end(`${req.headers.host} ${req.url}`)).listen(0, '::1')
  await once(upstream, 'listening')
  const { port } = upstream.address() as AddressInfo
  const server = await startDevServer({
    targets: {
      '/six': `http://[::1]:${port}/base`,
      '/idn': `http://bücher.localhost:${port}`,
      '/name': `ws://localhost:${port}`,
    },
  })
  closing.push(() => stop(upstream), server.close)
  const text = async (path: string): Promise<string> => (await ask(server, path)).text
  expect(await text('/six/x')).toBe(`[::1]:${port} /base/six/x`)
  expect(await text(`/__cors-dev/to/http/[::1]:${port}/x`)).toBe(`[::1]:${port} /x`)
  expect(await text(`/__cors-dev/to/http/xn--bcher-kva.localhost:${port}/x`)).toBe(`xn--bcher-kva.localhost:${port} /x`)
  expect(await text('/idn/x')).toBe(`xn--bcher-kva.localhost:${port} /idn/x`)
  expect(await text('/name/x')).toBe(`localhost:${port} /name/x`)
})

it('origins: loopback pages by default, others when named, and nobody else', async () => {
  const { server } = await start({}, { origins: ['loopback', PAGE] })
  for (const origin of ['http://localhost:1', 'http://127.0.0.1:8000', PAGE]) {
    const { status, headers } = await ask(server, '/api/x', { headers: { origin, 'sec-fetch-site': 'cross-site' } })
    expect([status, headers['access-control-allow-origin'], headers['access-control-allow-credentials']]).toEqual([
      200,
      origin,
      'true',
    ])
    expect(headers.vary).toMatch(/Origin/)
    expect(headers['access-control-expose-headers']).toContain('content-type')
  }
  const { status, headers } = await ask(server, '/api/x', { headers: { origin: 'https://evil.example' } })
  expect([status, headers['access-control-allow-origin']]).toEqual([403, undefined])
})

it('origins: without loopback, a page on another local port is refused', async () => {
  const { server, upstream } = await start({}, { origins: [] })
  expect((await ask(server, '/api/x', { headers: { origin: 'http://localhost:1' } })).status).toBe(403)
  expect(upstream.requests).toEqual([])
})

it('productionOrigin: relayed reads carry it', async () => {
  const { server, relay } = await start({}, { productionOrigin: PAGE })
  expect(JSON.parse((await ask(server, `${relay}/x`)).text).headers.origin).toBe(PAGE)
})

it.each([
  [undefined, 'GET', 'page'],
  [undefined, 'POST', 'target'],
  ['target', 'GET', 'target'],
  ['page', 'POST', 'page'],
  ['remove', 'GET', undefined],
] as const)('origin %s: a relayed %s tells the origin of the %s', async (origin, method, expected) => {
  const { server, upstream, relay } = await start(origin ? { origin } : {})
  const headers = { origin: server.origin, referer: `${server.origin}/deep/page?secret` }
  const seen = JSON.parse((await ask(server, `${relay}/x`, { method, headers })).text).headers
  const value = expected === 'page' ? server.origin : expected === 'target' ? upstream.origin : undefined
  expect(seen.origin).toBe(value)
  expect(seen.referer).toBe(value && `${value}/`)
})

it('origin: on a path route it is the target itself', async () => {
  const { server, upstream } = await start()
  const seen = JSON.parse((await ask(server, '/api/x', { headers: { origin: server.origin } })).text).headers
  expect(seen.origin).toBe(upstream.origin)
})

it('proxy.headers and proxy.auth: go up, and no other origin may use the route', async () => {
  const { server } = await start({ proxy: { headers: { 'x-key': 'secret' }, auth: 'user:pass' } })
  const seen = JSON.parse((await ask(server, '/api/x', { headers: { 'x-key': 'forged' } })).text).headers
  expect([seen['x-key'], seen.authorization]).toEqual(['secret', `Basic ${btoa('user:pass')}`])
  expect((await ask(server, '/api/x', { headers: { origin: 'http://localhost:1' } })).status).toBe(403)
})

it('proxy.on: handlers see and change the request and the response', async () => {
  const events: string[] = []
  const { server } = await start({
    proxy: {
      on: {
        start: () => void events.push('start'),
        proxyReq: (proxyReq) => {
          events.push(`proxyReq ${proxyReq.path}`)
          proxyReq.setHeader('x-added', 'yes')
          proxyReq.removeHeader('x-removed')
        },
        proxyRes: (proxyRes, _req, res) => {
          res.setHeader('x-set-on-response', 'yes')
          events.push(`proxyRes ${proxyRes.statusCode}`)
          proxyRes.headers['x-from-handler'] = 'yes'
        },
        end: () => void events.push('end'),
      },
    },
  })
  const { headers, text } = await ask(server, '/api/x', { headers: { 'x-removed': '1' } })
  const seen = JSON.parse(text).headers
  expect([seen['x-added'], seen['x-removed'], headers['x-from-handler']]).toEqual(['yes', undefined, 'yes'])
  expect(headers['x-set-on-response']).toBe('yes')
  expect(events).toEqual(['start', 'proxyReq /api/x', 'proxyRes 200', 'end'])
})

it('proxy.on.error: is told of a failure, and may answer it', async () => {
  const server = await startDevServer({
    targets: {
      '/dead': {
        url: 'http://127.0.0.1:9',
        proxy: { on: { error: (_error, _req, res) => void ('writeHead' in res && res.writeHead(599).end('mine')) } },
      },
    },
  })
  closing.push(server.close)
  expect(await ask(server, '/dead/x')).toMatchObject({ status: 599, text: 'mine' })
})

it('proxy.selfHandleResponse: a responseInterceptor rewrites the body', async () => {
  const { server } = await start({
    proxy: {
      selfHandleResponse: true,
      on: { proxyRes: responseInterceptor(async (body) => String(body).replace('GET', 'got')) },
    },
  })
  expect((await ask(server, '/api/x')).text).toContain('"method":"got"')
})

it("proxy.pathFilter: what it declines is the host's", async () => {
  const { server, upstream } = await start({ proxy: { pathFilter: ['/api/**', '!/api/own/**'] } })
  expect((await ask(server, '/api/own/x')).status).toBe(HOST_STATUS)
  const upgrade = `GET /api/own/ws HTTP/1.1\r\nHost: localhost:${server.port}\r\nSec-Fetch-Site: same-origin\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`
  expect(await sendRaw(server, upgrade)).toMatch(/^HTTP\/1\.1 404 /)
  expect(upstream.requests).toEqual([])
  expect((await ask(server, '/api/x')).status).toBe(200)
})

it('proxy.pathRewrite: changes the path, and cannot split the request', async () => {
  const { server, upstream } = await start({
    proxy: {
      pathRewrite: (path) => (path.includes('split') ? '/x HTTP/1.1\r\nEvil: 1\r\n' : path.replace('/api', '/v2')),
    },
  })
  expect(JSON.parse((await ask(server, '/api/x')).text).url).toBe('/v2/x')
  const before = upstream.requests.length
  expect((await ask(server, '/api/split')).status).toBe(500)
  expect(upstream.requests.length).toBe(before)
})

it('proxy.pathRewrite: may drop the prefix that stripPrefix drops', async () => {
  const { server } = await start({ stripPrefix: true, proxy: { pathRewrite: { '^/api': '' } } })
  expect(JSON.parse((await ask(server, '/api/users')).text).url).toBe('/users')
})

it('proxy.plugins: get the server of http-proxy-middleware', async () => {
  const plugin = vi.fn()
  const { server } = await start({ proxy: { plugins: [plugin] } })
  await ask(server, '/api/x')
  expect(plugin).toHaveBeenCalledOnce()
})

it('proxy.xfwd: tells who asked', async () => {
  const { server } = await start({ proxy: { xfwd: true } })
  const seen = JSON.parse((await ask(server, '/api/x')).text).headers
  expect(seen).toMatchObject({ 'x-forwarded-proto': 'http', 'x-forwarded-host': `localhost:${server.port}` })
  expect(seen['x-forwarded-for']).toMatch(/127\.0\.0\.1$/)
  expect(JSON.parse((await ask((await start()).server, '/api/x')).text).headers['x-forwarded-for']).toBeUndefined()
})

it('proxy.timeout: an idle page is let go', async () => {
  const { server } = await start({ proxy: { timeout: 50 } })
  const upload = ask(server, '/api/x', { method: 'POST', headers: { 'content-length': '10' }, body: 'half' })
  await expect(upload).rejects.toThrow()
})

it('proxy.proxyTimeout: an API that does not answer is given up', async () => {
  const upstream = await startEcho(() => true)
  const server = await startDevServer({ targets: { '/api': { url: upstream.origin, proxy: { proxyTimeout: 100 } } } })
  closing.push(upstream.close, server.close)
  expect((await ask(server, '/api/x')).status).toBe(504)
})

it('proxy.secure and proxy.ssl: certificates are checked, trusted and shown as told', async () => {
  const { key, cert } = await selfSignedCertificate(['localhost'])
  const upstream = createSecureServer(
    { key, cert, ca: cert, requestCert: true, rejectUnauthorized: false },
    (req, res) => {
      res.end(String((req.socket as TLSSocket).authorized))
    },
  )
  const url = `https://localhost:${await listen(upstream)}`
  const server = await startDevServer({
    targets: {
      '/default': url,
      '/strict': { url: url.replace('localhost', '127.0.0.1'), proxy: { secure: true } },
      '/client': { url, proxy: { secure: true, ssl: { ca: cert, key, cert } } },
    },
  })
  closing.push(() => stop(upstream), server.close)
  expect(await ask(server, '/default/x')).toMatchObject({ status: 200, text: 'false' })
  expect((await ask(server, '/strict/x')).status).toBe(502)
  expect(await ask(server, '/client/x')).toMatchObject({ status: 200, text: 'true' })
})

it('relay: never keeps a target off the relay, as-needed and always are told to the page', async () => {
  const targets = { a: 'http://a.example.com', b: 'http://b.example.com', c: 'http://c.example.com' }
  const server = await startDevServer({
    targets: [targets.a, { url: targets.b, relay: 'as-needed' }, { url: targets.c, relay: 'never' }],
  })
  closing.push(server.close)
  const { text } = await ask(server, '/__cors-dev/client.js')
  expect(text).toContain('"http://a.example.com":"always"')
  expect(text).toContain('"http://b.example.com":"as-needed"')
  expect(text).not.toContain('c.example.com')
  expect((await ask(server, '/__cors-dev/to/http/c.example.com/x')).status).toBe(404)
})
