/** One exchange, byte by byte: what goes up, what comes back, what never does. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import express from 'express'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import createMiddleware from '../../src/middleware'
import {
  ask,
  type DevServer,
  HOST_STATUS,
  jsonIn,
  listen,
  sendRaw,
  startDevServer,
  startEcho,
  stop,
} from './dev-server'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Upstream = Awaited<ReturnType<typeof startEcho>>

async function start(
  answer?: Parameters<typeof startEcho>[0],
): Promise<{ server: DevServer; upstream: Upstream; relay: string }> {
  const upstream = await startEcho(answer)
  // What explaining a call asks the API is none of the page's requests.
  const server = await startDevServer({ targets: { '/api': upstream.origin }, explain: false })
  closing.push(upstream.close, server.close)
  return { server, upstream, relay: `/__cors-dev/to/http/127.0.0.1:${upstream.port}` }
}

/** An upstream that answers each connection with bytes, and keeps what it was sent. */
async function startRawUpstream(
  answer: (socket: Socket, received: string) => void,
): Promise<{ server: DevServer; received: () => string; open: Set<Socket> }> {
  let received = ''
  const open = new Set<Socket>()
  const upstream = createTcpServer((socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk
      answer(socket, chunk)
    })
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const server = await startDevServer({
    targets: { '/api': `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` },
  })
  closing.push(() => {
    for (const socket of open) socket.destroy()
    upstream.close()
  }, server.close)
  return { server, received: () => received, open }
}

const HEAD = (port: number): string => `Host: localhost:${port}\r\nSec-Fetch-Site: same-origin\r\n`

describe('what goes up', () => {
  it('names the target as Host and keeps what belongs to the hop between page and dev server', async () => {
    const { server } = await start()
    const raw = await sendRaw(
      server,
      `GET /api/x HTTP/1.1\r\n${HEAD(server.port)}Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\nTE: trailers\r\n` +
        'Proxy-Authorization: Basic eA==\r\nProxy-Connection: keep-alive\r\nTrailer: X-T\r\nUpgrade-Insecure-Requests: 1\r\nX-End: 1\r\n\r\n',
    )
    const { headers } = jsonIn(raw)
    for (const name of ['x-hop', 'keep-alive', 'te', 'proxy-authorization', 'proxy-connection', 'trailer', 'upgrade']) {
      expect(headers[name], name).toBeUndefined()
    }
    expect([headers['x-end'], headers['upgrade-insecure-requests']]).toEqual(['1', '1'])
    expect(headers.host).not.toContain('localhost')
  })

  it('is one request, whatever its body looks like', async () => {
    const smuggled = 'GET /admin HTTP/1.1\r\nHost: x\r\n\r\n'
    for (const method of ['DELETE', 'OPTIONS', 'GET', 'POST']) {
      for (const coding of ['chunked', 'ChunKed']) {
        const { server, upstream } = await start()
        const raw = await sendRaw(
          server,
          `${method} /api/x HTTP/1.1\r\n${HEAD(server.port)}Connection: close\r\nTransfer-Encoding: ${coding}\r\n\r\n` +
            `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
        )
        expect(raw).toMatch(/^HTTP\/1\.1 200/)
        expect(jsonIn(raw).text).toBe(smuggled)
        expect(upstream.requests.map(({ url }) => url)).toEqual(['/api/x'])
      }
    }
  })

  it('is a body to the last byte, of known length or chunked', async () => {
    const bytes = randomBytes(3_000_000)
    const { server } = await start((req, res) => {
      const hash = createHash('sha256')
      req
        .on('data', (chunk) => hash.update(chunk))
        .on('end', () => res.end(`${req.headers['content-length']} ${hash.digest('hex')}`))
      return true
    })
    const digest = createHash('sha256').update(bytes).digest('hex')
    expect(
      (await ask(server, '/api/x', { method: 'POST', headers: { 'content-length': '3000000' }, body: bytes })).text,
    ).toBe(`3000000 ${digest}`)
    expect(
      (await ask(server, '/api/x', { method: 'POST', headers: { 'transfer-encoding': 'chunked' }, body: bytes })).text,
    ).toBe(`undefined ${digest}`)
  })

  it('answers Expect here', async () => {
    const { server } = await start()
    const raw = await sendRaw(
      server,
      `POST /api/x HTTP/1.1\r\n${HEAD(server.port)}Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi`,
    )
    expect(raw).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/)
    expect(jsonIn(raw).headers.expect).toBeUndefined()
  })

  it('passes a real OPTIONS on, and answers a preflight itself', async () => {
    const { server, upstream } = await start()
    const page = { origin: 'http://localhost:1' }
    expect((await ask(server, '/api/x', { method: 'OPTIONS', headers: page })).status).toBe(200)
    expect(upstream.requests.length).toBe(1)
    const { status, headers } = await ask(server, '/api/x', {
      method: 'OPTIONS',
      headers: {
        ...page,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization,x-a',
      },
    })
    expect(status).toBe(204)
    expect(headers).toMatchObject({
      'access-control-allow-origin': page.origin,
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'authorization, x-a',
      'access-control-allow-credentials': 'true',
    })
    expect(upstream.requests.length).toBe(1)
  })

  it('is put together again where a body parser ate it', async () => {
    const upstream = await startEcho()
    const { middleware, close } = createMiddleware({
      targets: { '/api': upstream.origin },
      logger: { info() {}, warn() {}, error() {} },
    })
    const server = createServer(
      express().use(express.json(), express.urlencoded(), express.raw({ type: 'image/*' }), middleware),
    )
    const port = await listen(server)
    closing.push(upstream.close, close, () => stop(server))
    const send = async (type: string, body: string): Promise<string> =>
      (await ask({ port }, '/api/x', { method: 'POST', headers: { 'content-type': type }, body })).text
    expect(JSON.parse(await send('application/json', '{"a": [1]}')).text).toBe('{"a":[1]}')
    expect(JSON.parse(await send('application/x-www-form-urlencoded', 'a=1&b=%20&a=2')).text).toBe('a=1&a=2&b=%20')
    expect(JSON.parse(await send('image/png', 'bytes')).text).toBe('bytes')
    expect(JSON.parse(await send('text/plain', 'untouched')).text).toBe('untouched')
  })
})

describe('who led a person here', () => {
  const document = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', referer: 'https://other.example/' }

  it.each(['cross-site', 'same-site'])('is told as it is, where that is another site: %s', async (site) => {
    const { server, upstream } = await start()
    await ask(server, '/api/x', { headers: { ...document, 'sec-fetch-site': site } })
    expect(upstream.requests[0]?.headers).toMatchObject({ referer: document.referer, 'sec-fetch-site': site })
  })

  it('is the target itself, where it is the page', async () => {
    const { server, upstream } = await start()
    await ask(server, '/api/x', { headers: { ...document, 'sec-fetch-site': 'same-origin' } })
    expect(upstream.requests[0]?.headers.referer).toBe(`${upstream.origin}/`)
  })
})

describe('a login that the browser itself asks for', () => {
  const challenges = ['Basic realm="Members, "', 'Negotiate', 'NTLM TlRMTVNTUAAC, Bearer realm="https://auth.test/"']

  it('is one for this target, by what was typed and nothing else', async () => {
    const { server, upstream, relay } = await start((_req, res) => {
      res.writeHead(401, { 'www-authenticate': challenges }).end()
      return true
    })
    const { headers } = await ask(server, '/api/x')
    expect(headers['www-authenticate']).toBe(
      `Basic realm="${upstream.origin} Members, ", Bearer realm="https://auth.test/"`,
    )
    for (const way of [relay, relay.replace('/to/', '/anon/')]) {
      expect((await ask(server, `${way}/x`)).headers['www-authenticate']).toBe('Bearer realm="https://auth.test/"')
    }
    expect(server.lines.filter((line) => line.includes('asks for a login by Negotiate'))).toHaveLength(1)
  })
})

describe('what comes back', () => {
  it('is the head that the API sent, without what would act on the origin of the page', async () => {
    const { server, relay } = await start((_req, res) => {
      res.writeHead(207, 'Many Things', [
        ...['X-Kept', 'yes', 'X-Kept', 'twice', 'WWW-Authenticate', 'Bearer', 'Clear-Site-Data', '"*"'],
        ...[
          'Strict-Transport-Security',
          'max-age=1',
          'Service-Worker-Allowed',
          '/',
          'Refresh',
          '0; url=/',
          'Alt-Svc',
          'h3=":1"',
        ],
        ...[
          'Access-Control-Allow-Origin',
          '*',
          'Access-Control-Allow-Origin',
          'http://a',
          'Report-To',
          '{}',
          'NEL',
          '{}',
        ],
        ...['Connection', 'X-Hop', 'X-Hop', '1', 'Reporting-Endpoints', 'a="/"'],
      ])
      res.end('body')
      return true
    })
    for (const path of ['/api/x', `${relay}/x`]) {
      const { status, headers } = await ask(server, path)
      expect([status, headers['x-kept'], headers['www-authenticate']]).toEqual([207, 'yes, twice', 'Bearer'])
      for (const name of [
        'clear-site-data',
        'strict-transport-security',
        'service-worker-allowed',
        'refresh',
        'alt-svc',
        'access-control-allow-origin',
        'report-to',
        'nel',
        'reporting-endpoints',
        'x-hop',
      ]) {
        expect(headers[name], name).toBeUndefined()
      }
      expect(headers['cross-origin-resource-policy']).toBe('same-origin')
    }
    const { headers } = await ask(server, `${relay}/x`)
    expect([headers['content-security-policy'], headers['x-content-type-options']]).toEqual(['sandbox', 'nosniff'])
  })

  it('arrives before its upload is complete, where the API answers early', async () => {
    const { server } = await start((_req, res) => {
      res.writeHead(413).end('too large')
      return true
    })
    const { status, text } = await ask(server, '/api/x', { method: 'POST', body: Buffer.alloc(20_000_000) })
    expect([status, text]).toEqual([413, 'too large'])
  })

  it('ends at the upstream when the page goes away', async () => {
    let isClosed: Promise<unknown> | undefined
    const { server } = await start((req, res) => {
      isClosed = once(res, 'close')
      res.writeHead(200).write('first')
      return req.url !== '/'
    })
    const req = request({
      port: server.port,
      host: '127.0.0.1',
      path: '/api/x',
      headers: { host: `localhost:${server.port}`, 'sec-fetch-site': 'same-origin' },
    })
    req.on('error', () => {}).end()
    const [res] = await once(req, 'response')
    res.on('error', () => {})
    await once(res, 'data')
    req.destroy()
    await isClosed
  })

  it('is cut where the API breaks off, and nothing is written into it', async () => {
    const { server } = await startRawUpstream((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', () => socket.resetAndDestroy())
    })
    const raw = await sendRaw(server, `GET /api/x HTTP/1.1\r\n${HEAD(server.port)}\r\n`)
    expect(raw.split('\r\n\r\n')[1]).not.toContain('0\r\n')
    expect(raw).not.toMatch(/error/i)
  })

  it('is one answer to one request, whatever else the API sends', async () => {
    const { server } = await startRawUpstream((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\noneHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nunasked')
    })
    expect((await ask(server, '/api/1')).text).toBe('one')
    expect((await ask(server, '/api/2')).text).toBe('one')
  })

  it.each([
    'garbage\r\n\r\n',
    'HTTP/1.1 200 OK\r\nBad Header\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n',
    '',
  ])('is a 502 where the API speaks no HTTP: %j', async (bytes) => {
    const { server } = await startRawUpstream((socket) => socket.end(bytes))
    expect((await ask(server, '/api/x')).status).toBe(502)
  })

  it.each(['Não encontrado', '見つかりません', '\u0001'])('takes a reason phrase as it comes: %j', async (phrase) => {
    const { server } = await startRawUpstream((socket) =>
      socket.write(Buffer.from(`HTTP/1.1 404 ${phrase}\r\nContent-Length: 2\r\n\r\nno`)),
    )
    expect((await ask(server, '/api/x')).status).toBe(404)
  })

  it('skips informational responses', async () => {
    const { server } = await startRawUpstream((socket) =>
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    )
    expect(await ask(server, '/api/x')).toMatchObject({ status: 200, text: 'ok' })
  })
})

describe('redirects', () => {
  it('lead back under the path route, the relay, or away', async () => {
    const { server, upstream, relay } = await start((req, res) => {
      const to = new URL(req.url ?? '', 'http://x').searchParams.get('to') ?? ''
      res.writeHead(302, { location: to }).end()
      return true
    })
    const location = async (path: string, to: string): Promise<string | undefined> =>
      (await ask(server, `${path}?to=${encodeURIComponent(to)}`)).headers.location
    expect(await location('/api/x', '/api/y?z#f')).toBe('/api/y?z#f')
    expect(await location('/api/x', `${upstream.origin}/api/y`)).toBe('/api/y')
    expect(await location(`${relay}/x`, 'y')).toBe(`${relay}/y`)
    expect(await location(`${relay}/x`, 'https://elsewhere.example/y')).toBe('https://elsewhere.example/y')
    expect(await location('/api/x', 'https://elsewhere.example/y')).toBe('https://elsewhere.example/y')
  })

  it('alone change the Location of a relayed answer: a 201 names what the page will call', async () => {
    const { server, relay } = await start((_req, res) => {
      res.writeHead(201, { location: '/files/1', 'content-location': '/files/1?v=2' }).end()
      return true
    })
    const { headers } = await ask(server, `${relay}/files`)
    expect([headers.location, headers['content-location']]).toEqual(['/files/1', '/files/1?v=2'])
    expect(headers['cache-control']).toBeUndefined()
  })

  it('to another target carry a nonce that none can make up or turn elsewhere', async () => {
    const one = await startEcho((_req, res) => {
      res.writeHead(301, { location: `${two.origin}/end` }).end()
      return true
    })
    const two = await startEcho()
    const server = await startDevServer({ targets: [one.origin, two.origin], explain: false })
    closing.push(one.close, two.close, server.close)
    const { headers } = await ask(server, `/__cors-dev/to/http/127.0.0.1:${one.port}/x`, {
      headers: { authorization: 'Bearer t' },
    })
    expect(headers.location).toMatch(new RegExp(`^/__cors-dev/hop/[\\w-]{22}/to/http/127.0.0.1:${two.port}/end$`))
    expect(headers['cache-control']).toBe('no-store')
    const location = headers.location ?? ''
    for (const expected of ['null', server.origin]) {
      const sent = { authorization: 'Bearer t', referer: `${server.origin}/page?x` }
      const seen = JSON.parse((await ask(server, location, { headers: sent })).text)
      const { authorization, origin, referer } = seen.headers
      expect([authorization, origin, referer]).toEqual([undefined, expected, `${server.origin}/`])
    }
    const forged = location.replace(/hop\/./, (text) => (text.endsWith('A') ? 'hop/B' : 'hop/A'))
    const turned = location.replace(String(two.port), String(one.port))
    const before = one.requests.length + two.requests.length
    for (const path of [forged, turned]) expect((await ask(server, path)).status).toBe(404)
    expect(one.requests.length + two.requests.length).toBe(before)
  })
})

describe('targets that refuse strangers', () => {
  it('are asked once more with their own origin, all else the same, and known from then on', async () => {
    const upstream = await startEcho((req, res) => {
      if (req.headers.origin === upstream.origin) return false
      res.writeHead(403).end()
      return true
    })
    const server = await startDevServer({
      targets: [
        { url: upstream.origin, proxy: { on: { proxyReq: (proxyReq) => void proxyReq.setHeader('x-key', 'kept') } } },
      ],
    })
    closing.push(upstream.close, server.close)
    for (const _ of ['first', 'second', 'third']) {
      const { status, text } = await ask(server, `/__cors-dev/to/http/127.0.0.1:${upstream.port}/x`)
      expect([status, JSON.parse(text).headers['x-key']]).toEqual([200, 'kept'])
    }
    expect(upstream.requests.length).toBe(4)
  })
})

describe('the session', () => {
  const sessionIn = (answer: { headers: Record<string, unknown> }): string | undefined =>
    /__cors_dev_[0-9a-f]{8}=[^;]+/.exec(String(answer.headers['set-cookie']))?.[0]

  it('comes with the page, but not where another site leads to it', async () => {
    const { server } = await start()
    const page = { accept: 'text/html', 'sec-fetch-dest': 'document' }
    expect(sessionIn(await ask(server, '/', { headers: { ...page, 'sec-fetch-site': 'none' } }))).toBeDefined()
    expect(sessionIn(await ask(server, '/', { headers: { ...page, 'sec-fetch-site': 'cross-site' } }))).toBeUndefined()
    const lan = { accept: 'text/html', 'sec-fetch-site': undefined }
    expect(sessionIn(await ask(server, '/', { headers: lan }))).toBeDefined()
    const led = { ...lan, referer: 'http://login.example/' }
    expect(sessionIn(await ask(server, '/', { headers: led }))).toBeUndefined()
  })

  it("is one for all first calls of a page that another server renders, and no one else's", async () => {
    const { server, relay } = await start()
    const call = (origin: string, cookie?: string): ReturnType<typeof ask> =>
      ask(server, `${relay}/x`, { headers: { origin, 'sec-fetch-site': 'same-site', cookie } })
    const sessions = (await Promise.all([1, 2, 3].map(() => call('http://localhost:8000')))).map(sessionIn)
    expect(new Set(sessions).size).toBe(1)
    expect(sessionIn(await call('http://localhost:8001'))).not.toBe(sessions[0])
    expect(sessionIn(await call('http://localhost:8000', sessions[0]))).toBeUndefined()
    expect(sessionIn(await call('http://localhost:8000'))).not.toBe(sessions[0])
  })

  it('does not come with a page that is called by a name of somebody else', async () => {
    const { server } = await start()
    for (const host of [
      `evil.example:${server.port}`,
      `0.0.0.0:${server.port}`,
      `127.1:${server.port}`,
      '[::1',
      'a b',
    ]) {
      const raw = await sendRaw(
        server,
        `GET / HTTP/1.1\r\nHost: ${host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`,
      )
      expect(raw, host).toContain(String(HOST_STATUS))
      expect(raw, host).not.toMatch(/set-cookie/i)
    }
  })

  it('never goes up, not even to the server that rendered the page', async () => {
    const upstream = await startEcho()
    const target = `http://localhost:${upstream.port}`
    const server = await startDevServer({ targets: { '/api': target, '/remote': upstream.origin }, explain: false })
    closing.push(upstream.close, server.close)
    const cookiesOf = async (path: string, origin: string): Promise<string | undefined> => {
      const cookie = `__cors_dev_0123abcd=key; __cors_dev_0123456789abcdef_sid=1; theirs=1`
      const headers = { origin, 'sec-fetch-site': 'same-site', cookie }
      return JSON.parse((await ask(server, path, { headers })).text).headers.cookie
    }
    expect(await cookiesOf('/api/x', target)).toBe('theirs=1')
    // Nor do the cookies of this host go to a server on another, whosever page asks.
    expect(await cookiesOf('/remote/x', upstream.origin)).toBeUndefined()
  })
})

describe('what is refused', () => {
  it.each([
    '/api/../admin',
    '/api/%2e%2e/admin',
    '/api/..%2fadmin',
    '/api/..%5cadmin',
    '/api/%252e%252e/admin',
    '/api\\..\\admin',
    '/api/x#y',
    'http://169.254.169.254/latest/meta-data',
  ])('the request target %s', async (target) => {
    const { server, upstream } = await start()
    const raw = await sendRaw(server, `GET ${target} HTTP/1.1\r\n${HEAD(server.port)}Connection: close\r\n\r\n`)
    expect(raw).toMatch(/^HTTP\/1\.1 400 /)
    const upgrade = await sendRaw(
      server,
      `GET ${target} HTTP/1.1\r\n${HEAD(server.port)}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      '\r\n\r\n',
    )
    expect(upgrade).toMatch(/^HTTP\/1\.1 400 /)
    expect(upstream.requests).toEqual([])
  })

  it.each([
    'http/169.254.169.254',
    'http/localhost:1',
    'https/user@127.0.0.1',
    'ftp/127.0.0.1',
    'http/127.0.0.1.evil.example',
  ])('an address that no target names: %s', async (authority) => {
    const { server, upstream } = await start()
    expect((await ask(server, `/__cors-dev/to/${authority}/x`)).status).toBe(404)
    expect(upstream.requests).toEqual([])
  })

  it('an unknown target, in a way that an admitted page can read', async () => {
    const { server } = await start()
    const { status, headers } = await ask(server, '/__cors-dev/to/http/127.0.0.1:1/x', {
      headers: { origin: 'http://localhost:1' },
    })
    expect([status, headers['access-control-allow-origin']]).toEqual([404, 'http://localhost:1'])
  })

  it('an upgrade, and its socket closes whatever else was sent', async () => {
    const { server } = await start()
    const raw = await sendRaw(
      server,
      `GET /api/ws HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nlate`,
    )
    expect(raw).toMatch(/^HTTP\/1\.1 403 /)
  })

  it('a request that comes round again', async () => {
    const front = createServer()
    const port = await listen(front)
    const { middleware, close } = createMiddleware({
      targets: { '/api': `http://127.0.0.1:${port}` },
      logger: { info() {}, warn() {}, error() {} },
    })
    front.on('request', (req, res) => {
      req.headers['sec-fetch-site'] = 'same-origin'
      middleware(req, res, () => res.writeHead(HOST_STATUS).end())
    })
    closing.push(close, () => stop(front))
    expect((await ask({ port }, '/api/x')).status).toBe(508)
  })

  it('headers beyond what Node takes, and lives on', async () => {
    const { server } = await start()
    expect((await ask(server, '/api/x', { headers: { 'x-long': 'x'.repeat(20_000) } })).status).toBe(431)
    expect((await ask(server, '/api/x')).status).toBe(200)
  })
})

it('says at the first 401 of the relay that logins of the browser do not reach it', async () => {
  const { server, relay } = await start((_req, res) => {
    res.writeHead(401).end()
    return true
  })
  await ask(server, '/api/x')
  expect(server.lines.filter((line) => /\b401\b/.test(line))).toEqual([])
  for (const _ of ['first', 'second']) await ask(server, `${relay}/x`)
  expect(server.lines.filter((line) => line.includes('Log in through the page'))).toHaveLength(1)
})

it('100 requests at once get 100 answers, each its own', async () => {
  const { server } = await start()
  const answers = await Promise.all(Array.from({ length: 100 }, (_, id) => ask(server, `/api/${id}`)))
  expect(answers.map(({ text }) => JSON.parse(text).url)).toEqual(Array.from({ length: 100 }, (_, id) => `/api/${id}`))
})

it('a socket to the page that is half open ends with the upstream', async () => {
  const { server, open } = await startRawUpstream((socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello')
  })
  await ask(server, '/')
  const page = connect(server.port, '127.0.0.1')
  page.write(`GET /api/ws HTTP/1.1\r\n${HEAD(server.port)}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
  let text = ''
  page.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  await expect.poll(() => text).toMatch(/101 [\s\S]*hello$/)
  page.destroy()
  await expect.poll(() => open.size).toBe(0)
})

it('what is still open ends with the middleware', async () => {
  const { server, open } = await startRawUpstream((socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello')
  })
  await ask(server, '/')
  const page = connect(server.port, '127.0.0.1').on('error', () => {})
  page.write(`GET /api/ws HTTP/1.1\r\n${HEAD(server.port)}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
  await once(page, 'data')
  const closed = once(page, 'close')
  await server.close()
  await closed
  await expect.poll(() => open.size).toBe(0)
})

it('a slow page slows the API down, also where a handler watches', async () => {
  const upstream = await startEcho((_req, res) => {
    const chunk = Buffer.alloc(1_000_000)
    let sent = 0
    const more = (): void => {
      while (sent < 200 && res.write(chunk)) sent++
    }
    Object.assign(upstream, { sent: () => sent })
    res.on('drain', more)
    more()
    return true
  })
  const server = await startDevServer({
    targets: { '/api': { url: upstream.origin, proxy: { on: { proxyRes() {} } } } },
  })
  closing.push(upstream.close, server.close)
  const page = connect(server.port, '127.0.0.1')
  page.write(`GET /api/x HTTP/1.1\r\n${HEAD(server.port)}\r\n`)
  await once(page, 'readable')
  const sent = (upstream as unknown as { sent(): number }).sent
  let before = -1
  await expect
    .poll(() => [before, (before = sent())].every((count) => count === before) && before >= 0, { interval: 300 })
    .toBe(true)
  expect(sent()).toBeLessThan(100)
  page.destroy()
})

it('the runtime is answered behind a body parser', async () => {
  const upstream = await startEcho()
  const { middleware, close } = createMiddleware({
    targets: [{ url: upstream.origin, relay: 'as-needed' }],
    logger: { info() {}, warn() {}, error() {} },
  })
  const server = createServer(express().use(express.json(), middleware))
  const port = await listen(server)
  closing.push(upstream.close, close, () => stop(server))
  const question = {
    url: `${upstream.origin}/x`,
    method: 'GET',
    headers: [],
    credentials: false,
    forcesPreflight: false,
  }
  const { text } = await ask({ port }, '/__cors-dev/decision', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(question),
  })
  expect(JSON.parse(text)).toEqual({ route: 'relay' })
})
