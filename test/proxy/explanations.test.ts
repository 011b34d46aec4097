/** What the dev server asks behind a call's back, and what the terminal says of it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import createMiddleware from '../../src/middleware'
import { IN_PLUGIN } from '../../src/options/advice'
import type { CorsDevOptions } from '../../src/options/types'
import { RecordedExchange, type ExchangeRecord } from '../../src/exchange/recorded-exchange'
import { createExplanations } from '../../src/proxy/explanations'
import { createPreflights, type PreflightsInput } from '../../src/proxy/preflights'
import { createTargetLog } from '../../src/proxy/target-log'
import type { Target } from '../../src/targets/target'
import { type Answer, ask, type DevServer, startDevServer, startEcho } from './dev-server'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Upstream = Awaited<ReturnType<typeof startEcho>>
type Init = NonNullable<Parameters<typeof ask>[2]>

interface Setup {
  upstream: Upstream
  server: DevServer
  /** A relayed call with credentials, as the page's `fetch()` makes it. */
  relayed(path: string, init?: Init): Promise<Answer>
  called(path: string, init?: Init): Promise<Answer>
  preflights(): Upstream['requests']
  notices(): string[]
}

async function setup(
  answer?: (req: IncomingMessage, res: ServerResponse) => boolean,
  options: (origin: string) => CorsDevOptions = (origin) => ({ targets: { '/api': origin } }),
): Promise<Setup> {
  const upstream = await startEcho(answer)
  const server = await startDevServer(options(upstream.origin))
  closing.push(upstream.close, server.close)
  const called = (path: string, { headers, ...init }: Init = {}): Promise<Answer> =>
    ask(server, path, { ...init, headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', ...headers } })
  return {
    upstream,
    server,
    called,
    relayed: (path, init) => called(`/__cors-dev/to/http/127.0.0.1:${upstream.port}${path}`, init),
    preflights: () => upstream.requests.filter(({ method }) => method === 'OPTIONS'),
    notices: () => server.lines.filter((line) => line.includes('would be blocked')),
  }
}

/** Answers as a server that was set up for every call of the page's. */
function allowing(req: IncomingMessage, res: ServerResponse): boolean {
  res.setHeader('access-control-allow-origin', req.headers.origin ?? '*')
  res.setHeader('access-control-allow-credentials', 'true')
  res.setHeader('vary', 'Origin')
  if (req.method !== 'OPTIONS') return false
  res.setHeader('access-control-allow-methods', req.headers['access-control-request-method'] ?? '')
  res.setHeader('access-control-allow-headers', req.headers['access-control-request-headers'] ?? '')
  res.writeHead(204).end()
  return true
}

const JSON_PUT: Init = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' }

/** A call that is asked about for certain: when its preflight is there, so are those of the calls before it. */
async function mark({ relayed, preflights }: Setup): Promise<void> {
  await relayed('/mark', { method: 'PATCH' })
  await vi.waitFor(() => expect(preflights().map(({ url }) => url)).toContain('/mark'))
}

describe('a preflight', () => {
  it('is asked after the call, and is the one that Chromium would have sent', async () => {
    const { upstream, server, relayed, preflights } = await setup()
    await relayed('/users?page=1', {
      ...JSON_PUT,
      headers: { ...JSON_PUT.headers, authorization: 'Bearer hunter2', 'x-b': '1', 'X-A': '2', accept: '*/*' },
    })
    await vi.waitFor(() => expect(preflights()).toHaveLength(1))
    expect(upstream.requests.map(({ method }) => method)).toEqual(['PUT', 'OPTIONS'])
    const [{ url, headers } = { url: '', headers: {} }] = preflights()
    expect(url).toBe('/users?page=1')
    expect(headers).toMatchObject({
      accept: '*/*',
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization,content-type,x-a,x-b',
      origin: server.origin,
      referer: `${server.origin}/`,
      'sec-fetch-mode': 'cors',
      'sec-fetch-site': 'cross-site',
      'sec-fetch-dest': 'empty',
    })
    for (const name of ['authorization', 'cookie', 'content-type', 'x-a', 'via'])
      expect(headers).not.toHaveProperty(name)
  })

  it('comes from where the page will be, if that is configured', async () => {
    const { relayed, preflights } = await setup(undefined, (origin) => ({
      targets: [origin],
      productionOrigin: 'https://app.example.com',
    }))
    await relayed('/users', JSON_PUT)
    await vi.waitFor(() => expect(preflights()).toHaveLength(1))
    expect(preflights()[0]?.headers.origin).toBe('https://app.example.com')
    expect(JSON.stringify(preflights()[0]?.headers)).not.toContain('localhost')
  })

  it('is asked once for a method and set of header names, whatever the URL, the values and the way', async () => {
    const one = await setup()
    const { relayed, called, preflights } = one
    await Promise.all(Array.from({ length: 20 }, (_, i) => relayed(`/users/${i}`, JSON_PUT)))
    for (const value of ['1', '2']) await relayed('/users', { headers: { 'x-a': value } })
    await called('/api/users', JSON_PUT)
    await called(`/__cors-dev/anon/http/127.0.0.1:${one.upstream.port}/users`, JSON_PUT)
    await mark(one)
    expect(
      preflights().map(({ headers }) => [
        headers['access-control-request-method'],
        headers['access-control-request-headers'],
      ]),
    ).toEqual([
      ['PUT', 'content-type'],
      ['GET', 'x-a'],
      ['PATCH', undefined],
    ])
  })

  it('is asked once more of another path where one says only that it is none', async () => {
    const one = await setup((req, res) => {
      if (req.method !== 'OPTIONS' || req.url !== '/users') return false
      res.writeHead(307, { location: '/users/?token=secret' }).end()
      return true
    })
    const { called, preflights, notices, upstream } = one
    const paths = (): (string | undefined)[] => preflights().map(({ url }) => url)
    await one.relayed('/users', JSON_PUT)
    await vi.waitFor(() => expect(notices()).toHaveLength(1))
    expect(notices()[0]).toContain(` Or call ${upstream.origin}/users/ at once`)
    expect(notices()[0]).not.toContain('secret')
    // Calls of another kind, so that they are looked at again.
    await called(`/__cors-dev/anon/http/127.0.0.1:${upstream.port}/users`, JSON_PUT)
    await called('/api/teams', JSON_PUT)
    await vi.waitFor(() => expect(paths()).toEqual(['/users', '/api/teams']))
    await mark(one)
    expect(paths()).toEqual(['/users', '/api/teams', '/mark'])
  })

  it.each<[string, string, Init]>([
    ['a bare GET', '/users', {}],
    ['a HEAD', '/users', { method: 'HEAD' }],
    [
      'a form',
      '/users',
      { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a' },
    ],
    ['a text', '/users', { method: 'POST', headers: { 'content-type': 'text/plain;charset=UTF-8' }, body: 'a' }],
    ['a reload', '/users', { headers: { 'cache-control': 'no-cache', pragma: 'no-cache' } }],
    ['a range', '/users', { headers: { range: 'bytes=0-9' } }],
    ['an image', '/users', { headers: { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', 'x-a': '1' } }],
  ])('is not asked for %s', async (_name, path, init) => {
    const one = await setup()
    await one.relayed(path, init)
    await one.called(`/api${path}`, init)
    await mark(one)
    expect(one.preflights()).toHaveLength(1)
  })

  it.each<[name: string, safe: string, unsafe: string]>([
    ['content-type', 'text/plain', 'application/json'],
    ['content-type', 'multipart/form-data; boundary=a', 'multipart/mixed; boundary=a'],
    ['accept', 'application/json', 'application/json; profile="a"'],
    ['accept-language', 'de', 'de(ch)'],
    ['range', 'bytes=0-9', 'bytes=9-0'],
    ['cache-control', 'max-age=0', 'no-store'],
  ])('is asked for a value of %s that has to be asked for, whatever came before', async (name, safe, unsafe) => {
    const { relayed, preflights } = await setup()
    const init = { method: 'POST', body: 'a' }
    for (const value of [safe, unsafe, safe]) await relayed('/users', { ...init, headers: { [name]: value } })
    await vi.waitFor(() => expect(preflights()).toHaveLength(1))
    expect(preflights()[0]?.headers['access-control-request-headers']).toBe(name)
  })

  it('is not asked for a document', async () => {
    const one = await setup()
    await one.called('/api/page', {
      headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'x-a': '1' },
    })
    await mark(one)
    expect(one.preflights()).toHaveLength(1)
  })

  it('is asked where only a stream body makes a browser ask', async () => {
    const upstream = await startEcho()
    const { middleware, close } = createMiddleware({
      targets: [upstream.origin],
      logger: { info() {}, warn() {}, error() {} },
    })
    const server = createHttp2Server((req, res) =>
      middleware(req as unknown as IncomingMessage, res as unknown as ServerResponse, () => res.writeHead(418).end()),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const session = connectHttp2(`http://localhost:${port}`)
    closing.push(
      upstream.close,
      () => new Promise((resolve) => server.close(resolve)),
      () => session.destroy(),
      close,
    )
    const post = async (name: string, headers: Record<string, string>): Promise<void> => {
      const request = session.request({
        ':method': 'POST',
        ':path': `/__cors-dev/to/http/127.0.0.1:${upstream.port}/${name}`,
        'sec-fetch-site': 'same-origin',
        'sec-fetch-mode': 'cors',
        ...headers,
      })
      request.resume().end('body')
      await once(request, 'close')
    }
    await post('sized', { 'content-type': 'text/plain', 'content-length': '4' })
    await post('stream', { 'content-type': 'text/plain' })
    const preflights = (): string[] =>
      upstream.requests.filter(({ method }) => method === 'OPTIONS').map(({ url }) => url)
    await vi.waitFor(() => expect(preflights()).toEqual(['/stream']))
  })

  it('is not asked where explaining is switched off', async () => {
    const { upstream, relayed, server } = await setup(undefined, (origin) => ({
      targets: [origin],
      explain: false,
    }))
    await relayed('/users', JSON_PUT)
    await relayed('/users')
    // The same calls with the option on are known to ask: this one waits as long as those.
    const marker = await setup()
    await marker.relayed('/users', JSON_PUT)
    await mark(marker)
    expect(upstream.requests.map(({ method }) => method)).toEqual(['PUT', 'GET'])
    expect(server.lines.join('\n')).not.toContain('blocked')
  })

  it("is asked of a target by that target's own switch", async () => {
    const quiet = await setup(undefined, (origin) => ({ targets: [{ url: origin, explain: false }] }))
    const told = await setup(undefined, (origin) => ({ targets: [{ url: origin, explain: true }], explain: false }))
    await quiet.relayed('/users', JSON_PUT)
    await mark(told)
    expect(quiet.preflights()).toEqual([])
    expect(quiet.notices()).toEqual([])
  })

  it('is not asked after a call that failed', async () => {
    const one = await setup((req, res) => {
      if (req.url !== '/broken') return false
      res.destroy()
      return true
    })
    expect((await one.relayed('/broken', JSON_PUT).catch(() => undefined))?.status).not.toBe(200)
    await mark(one)
    expect(one.preflights()).toHaveLength(1)
  })

  it('is asked no more often than thirty times a minute', async () => {
    const { relayed, preflights, upstream } = await setup()
    for (let i = 0; i < 40; i++) await relayed('/users', { headers: { [`x-${i}`]: '1' } })
    await vi.waitFor(() => expect(preflights()).toHaveLength(30))
    await relayed('/users', { method: 'DELETE' })
    expect(upstream.requests.at(-1)?.method).toBe('DELETE')
    expect(preflights()).toHaveLength(30)
  })

  it('keeps no call waiting', async () => {
    const { relayed, preflights } = await setup((req) => req.method === 'OPTIONS')
    expect((await relayed('/users', JSON_PUT)).status).toBe(200)
    await vi.waitFor(() => expect(preflights()).toHaveLength(1))
    expect((await relayed('/users', JSON_PUT)).status).toBe(200)
    expect((await relayed('/users', { method: 'DELETE' })).status).toBe(200)
  })

  it('that has told how to route a call is not asked again', async () => {
    const one = await setup(undefined, (origin) => ({ targets: [{ url: origin, relay: 'as-needed' }] }))
    const { called, relayed, preflights, notices } = one
    const question = {
      url: `${one.upstream.origin}/users`,
      method: 'PUT',
      headers: ['content-type'],
      credentials: true,
      forcesPreflight: false,
    }
    const decision = await called('/__cors-dev/decision', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(question),
    })
    expect(JSON.parse(decision.text)).toEqual({ route: 'relay' })
    await relayed('/users', JSON_PUT)
    await vi.waitFor(() => expect(notices()).toHaveLength(1))
    expect(preflights()).toHaveLength(1)
  })
})

describe('a notice', () => {
  it('says what would be blocked, in the words of the browser, and what the server has to send', async () => {
    const { relayed, notices, server, upstream } = await setup()
    await relayed('/users')
    await vi.waitFor(() => expect(notices()).toHaveLength(1))
    expect(notices()[0]?.split('\n')).toEqual([
      `[cors-dev] GET ${upstream.origin}/users would be blocked without the dev server, from ${server.origin}:`,
      "  No 'Access-Control-Allow-Origin' header is present on the requested resource.",
      `  Have ${upstream.origin}/users send Access-Control-Allow-Origin: ${server.origin}, Access-Control-Allow-Credentials: true and Vary: Origin.`,
    ])
  })

  it('comes with a word, once, about the origin that it is judged for', async () => {
    const one = await setup()
    await one.relayed('/users')
    await mark(one)
    await vi.waitFor(() => expect(one.notices()).toHaveLength(2))
    expect(one.server.lines.filter((line) => line.includes('productionOrigin'))).toHaveLength(1)
  })

  it('says of a path route that the server in production may have it, too', async () => {
    const { called, notices } = await setup()
    await called('/api/users', { method: 'DELETE' })
    await vi.waitFor(() => expect(notices()).toHaveLength(1))
    expect(notices()[0]?.split('\n').at(-1)).toContain('Or have the server that serves the page pass it on')
  })

  it('names production where that is known', async () => {
    const { relayed, notices, server } = await setup(undefined, (origin) => ({
      targets: [origin],
      productionOrigin: 'https://app.example.com',
    }))
    await relayed('/users')
    await vi.waitFor(() => expect(notices()).toHaveLength(1))
    expect(server.lines.join('\n')).not.toContain('productionOrigin')
    expect(notices()[0]).toContain('would be blocked in production, from https://app.example.com:')
    expect(notices()[0]).toContain('Access-Control-Allow-Origin: https://app.example.com')
  })

  it('comes once for each kind of call', async () => {
    const one = await setup()
    const { relayed, notices } = one
    for (let i = 0; i < 5; i++) await relayed(`/users/${i}`)
    for (let i = 0; i < 5; i++) await relayed(`/users/${i}`, JSON_PUT)
    await mark(one)
    await vi.waitFor(() => expect(notices()).toHaveLength(3))
    expect(notices().map((line) => /\] (\S+ \S+) /.exec(line)?.[1])).toEqual([
      `GET ${one.upstream.origin}/users/0`,
      `PUT ${one.upstream.origin}/users/0`,
      `PATCH ${one.upstream.origin}/mark`,
    ])
  })

  it('tells no query and no secret', async () => {
    const one = await setup(
      (req, res) => {
        if (req.method === 'OPTIONS' || !req.url?.startsWith('/go')) return false
        res.setHeader('access-control-allow-origin', req.headers.origin ?? '')
        res.setHeader('access-control-allow-credentials', 'true')
        res.writeHead(302, { location: "http://user:hunter2@nowhere.test/?token='hunter2'&b=hunter2" }).end()
        return true
      },
      (origin) => ({
        targets: { '/api': { url: origin, proxy: { headers: { 'x-partner': 'hunter2' }, auth: 'me:hunter2' } } },
      }),
    )
    const { relayed, called, notices, server } = one
    const secrets = { authorization: 'Bearer hunter2', 'x-api-key': 'hunter2', cookie: 'sid=hunter2' }
    await relayed('/users?token=hunter2', { headers: secrets })
    await called('/api/users?token=hunter2', { method: 'DELETE', headers: secrets })
    await relayed('/go?token=hunter2')
    await vi.waitFor(() => expect(notices()).toHaveLength(3))
    expect(notices()[1]).toContain(`DELETE /api/users → ${one.upstream.origin}/api/users would be blocked`)
    expect(server.lines.join('\n')).not.toContain('hunter2')
  })

  it('obeys no server', async () => {
    const { relayed, notices } = await setup((_, res) => {
      res.setHeader('access-control-allow-origin', `http://\x9b2J\x85${'x'.repeat(5_000)}`)
      return false
    })
    await relayed('/users')
    await vi.waitFor(() => expect(notices()).toHaveLength(1))
    expect(notices()[0]).not.toMatch(/[\x80-\x9f]/)
    expect(notices()[0]?.length).toBeLessThan(1_500)
  })

  it.each<[string, Init]>([
    ['GET', {}],
    ['PUT', JSON_PUT],
    ['GET with a header', { headers: { authorization: 'Bearer x', 'x-a': '1' } }],
    ['DELETE', { method: 'DELETE' }],
  ])('on a %s says what is enough', async (_name, init) => {
    const fix: [string, string][] = []
    const answerWithFix = (req: IncomingMessage, res: ServerResponse): boolean => {
      if (req.url === '/mark') return false
      for (const [name, value] of fix) res.setHeader(name, value)
      if (req.method !== 'OPTIONS' || fix.length === 0) return false
      res.writeHead(204).end()
      return true
    }
    const production = { productionOrigin: 'https://app.example.com' }
    const before = await setup(answerWithFix, (origin) => ({ targets: [origin], ...production }))
    await before.relayed('/users', init)
    await vi.waitFor(() => expect(before.notices()).toHaveLength(1))
    const [, , sentence = ''] = before.notices()[0]?.split('\n') ?? []
    for (const [, name = '', value = ''] of sentence.matchAll(
      /((?:Access-Control-Allow-|Vary)[\w-]*): ((?:(?! and |, and |, the same|, Access-|, Vary|\.$).)+)/g,
    )) {
      fix.push([name, value])
    }
    expect(fix.map(([name]) => name)).toContain('Access-Control-Allow-Origin')

    const after = await setup(answerWithFix, (origin) => ({ targets: [origin], ...production }))
    await after.relayed('/users', init)
    await after.relayed('/mark', { method: 'PATCH' })
    await vi.waitFor(() => expect(after.notices()).toHaveLength(1))
    expect(after.notices()[0]).toContain('/mark')
  })

  it.each<[string, (req: IncomingMessage, res: ServerResponse) => boolean]>([['all is well', allowing]])(
    'does not come where %s',
    async (_name, answer) => {
      const one = await setup(answer)
      const { relayed, called, notices, server } = one
      await relayed('/users')
      await relayed('/users', JSON_PUT)
      await relayed('/users', { headers: { authorization: 'Bearer x' } })
      await called('/api/users', JSON_PUT)
      await called('/api/users')
      await mark(one)
      expect(notices()).toEqual([])
      expect(server.lines).toHaveLength(1)
    },
  )

  it('does not come where nobody knows', async () => {
    const one = await setup((req, res) => {
      // Allows calls without credentials alone, and whether the path route's has any nobody sees.
      if (req.method !== 'OPTIONS') return false
      res.setHeader('access-control-allow-origin', '*')
      res.setHeader('access-control-allow-methods', '*')
      res.setHeader('access-control-allow-headers', '*')
      res.writeHead(204).end()
      return true
    })
    await one.called('/api/users', JSON_PUT)
    // The response to its target's own origin says nothing of the page's.
    await one.called(`/__cors-dev/anon/http/127.0.0.1:${one.upstream.port}/users`, JSON_PUT)
    await one.called('/api/users')
    await vi.waitFor(() => expect(one.preflights()).toHaveLength(1))
    await mark(one)
    await vi.waitFor(() => expect(one.notices()).toHaveLength(1))
    expect(one.notices()[0]).toContain('/mark')
  })

  it.each(['target', 'remove'] as const)('does not come where the API is told another origin: %s', async (origin) => {
    const one = await setup(undefined, (url) => ({ targets: [{ url, origin }] }))
    await one.relayed('/users')
    await mark(one)
    await vi.waitFor(() => expect(one.notices()).toHaveLength(1))
    expect(one.notices()[0]).toContain('/mark')
  })

  it('does not come of an answer that only the API itself gets', async () => {
    const one = await setup((req, res) => {
      if (
        req.method === 'OPTIONS' ||
        req.headers.origin === undefined ||
        req.headers.host === new URL(req.headers.origin).host
      )
        return false
      res.writeHead(403).end()
      return true
    })
    expect((await one.relayed('/users')).status).toBe(200)
    await mark(one)
    await vi.waitFor(() => expect(one.notices()).toHaveLength(1))
    expect(one.notices()[0]).toContain('/mark')
  })

  it('takes a redirect to another target for what it is: from there on the origin is "null"', async () => {
    const second = await startEcho((req, res) => {
      res.setHeader('access-control-allow-origin', 'http://localhost')
      res.setHeader('access-control-allow-credentials', 'true')
      if (req.method === 'OPTIONS') res.setHeader('access-control-allow-headers', 'x-a').writeHead(204).end()
      return req.method === 'OPTIONS'
    })
    closing.push(second.close)
    const one = await setup(
      (req, res) => {
        allowing(req, res)
        if (req.method !== 'OPTIONS') res.writeHead(307, { location: `${second.origin}/end` }).end()
        return true
      },
      (origin) => ({ targets: [origin, second.origin] }),
    )
    const headers = { 'x-a': '1' }
    const first = await one.relayed('/start', { headers })
    expect(first.status).toBe(307)
    const { location = '' } = first.headers
    expect(location).toContain('/hop/')
    expect((await one.called(location, { headers })).status).toBe(200)
    await vi.waitFor(() => expect(one.notices()).toHaveLength(1))
    expect(one.notices()[0]).toContain(`GET ${one.upstream.origin}/start would be blocked`)
    expect(one.notices()[0]).toContain("value 'http://localhost' that is not equal to the supplied origin")
    expect(one.notices()[0]).toContain(`Call ${second.origin}/end at once`)
    const asked = second.requests.filter(({ method }) => method === 'OPTIONS')
    expect(asked.map(({ headers }) => headers.origin)).toEqual(['null'])
  })

  it('comes for the redirect and not for what follows where already that would be blocked', async () => {
    const one = await setup((req, res) => {
      if (req.url !== '/start') return false
      res.writeHead(302, { location: '/end' }).end()
      return true
    })
    const { location = '' } = (await one.relayed('/start')).headers
    expect((await one.called(location)).status).toBe(200)
    await mark(one)
    await vi.waitFor(() => expect(one.notices().at(-1)).toContain('/mark'))
    expect(one.notices()).toHaveLength(2)
    expect(one.notices()[0]).toContain('/start')
  })

  it('does not come of what fails in development, too', async () => {
    const locations: Record<string, string> = { '/nowhere': 'http://[', '/mail': 'mailto:x@x.test' }
    const one = await setup((req, res) => {
      if (req.url === '/mark') return false
      const path = req.url ?? ''
      res.setHeader('access-control-allow-origin', req.headers.origin ?? '*')
      res.setHeader('access-control-allow-credentials', 'true')
      res.writeHead(302, { location: locations[path] ?? path }).end()
      return true
    })
    for (const path of Object.keys(locations)) await one.relayed(path)
    let next = (await one.relayed('/loop')).headers.location
    for (let redirects = 1; redirects <= 20 && next !== undefined; redirects++)
      next = (await one.called(next)).headers.location
    expect(next).toBeDefined()
    await mark(one)
    await vi.waitFor(() => expect(one.notices()).toHaveLength(1))
    expect(one.notices()[0]).toContain('PATCH')
  })
})

describe('explanations', () => {
  const TARGET: Target = {
    origin: 'https://api.example.com',
    basePath: '',
    path: undefined,
    stripPrefix: false,
    originPolicy: 'default',
    relay: 'always',
    proxy: {},
    provenance: { source: 'options', name: 'targets[0]' },
  }

  function record(overrides: Partial<ExchangeRecord> = {}): ExchangeRecord {
    return {
      id: 1,
      startedAt: 0,
      duration: 1,
      way: 'to',
      pageOrigin: 'http://localhost:5173',
      credentials: 'include',
      method: 'PUT',
      pageUrl: '/__cors-dev/to/https/api.example.com/users',
      upstreamUrl: 'https://api.example.com/users',
      pageHeaders: { 'sec-fetch-mode': 'cors' },
      requestHeaders: [],
      upstreamResponse: { status: 200, headers: [] },
      ...overrides,
    }
  }

  function bench(dispatch: PreflightsInput['dispatch'] = () => Promise.resolve({ status: 404, headers: [] })) {
    const one = {
      time: 0,
      sent: 0,
      lines: [] as string[],
      add: (overrides?: Partial<ExchangeRecord>): void => {
        const added = record(overrides)
        explanations.add(new RecordedExchange(added), added, TARGET)
      },
    }
    const now = (): number => one.time
    const say = (line: string): void => void one.lines.push(line)
    const preflights = createPreflights({
      now,
      dispatch: (request) => {
        one.sent++
        return dispatch(request)
      },
    })
    const explanations = createExplanations({
      preflights,
      productionOrigin: undefined,
      advice: IN_PLUGIN,
      log: createTargetLog({ info: say, warn: say, error: say }, now),
      now,
    })
    return Object.assign(one, { explanations })
  }

  it('count what they say once, also what came while they asked', async () => {
    const { add, explanations, lines } = bench()
    add()
    add()
    await vi.waitFor(() => expect(lines).toHaveLength(2))
    add()
    add({ pageHeaders: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' } })
    await vi.waitFor(() => expect(explanations.findings()).toMatchObject([{ count: 4, exchange: { id: 1 } }]))
    expect(lines).toHaveLength(2)
  })

  it('ask again after ten minutes, and say nothing new', async () => {
    const one = bench()
    one.add()
    await vi.waitFor(() => expect(one.lines).toHaveLength(2))
    one.time += 9 * 60_000
    one.add()
    await vi.waitFor(() => expect(one.explanations.findings()[0]?.count).toBe(2))
    expect(one.sent).toBe(1)
    one.time += 2 * 60_000
    one.add()
    await vi.waitFor(() => expect(one.sent).toBe(2))
    expect(one.lines).toHaveLength(2)
  })

  it('ask again after half a minute where no answer came', async () => {
    const one = bench(() => Promise.reject(new Error('down')))
    one.add()
    await vi.waitFor(() => expect(one.sent).toBe(1))
    one.time += 31_000
    // Until it is settled that no answer came, the next of its kind has nothing to ask.
    await vi.waitFor(() => {
      one.add()
      expect(one.sent).toBe(2)
    })
    expect(one.lines).toEqual([])
  })

  it('ask four at a time', async () => {
    const waiting: (() => void)[] = []
    const one = bench(() => new Promise((resolve) => waiting.push(() => resolve({ status: 404, headers: [] }))))
    for (let i = 0; i < 9; i++) one.add({ method: `M${i}` })
    for (const sent of [4, 5, 6, 7, 8, 9]) {
      await vi.waitFor(() => expect(one.sent).toBe(sent))
      waiting.shift()?.()
    }
  })

  it('ask and say nothing once they are closed', async () => {
    const waiting: (() => void)[] = []
    const one = bench(() => new Promise((resolve) => waiting.push(() => resolve({ status: 404, headers: [] }))))
    one.add()
    await vi.waitFor(() => expect(one.sent).toBe(1))
    one.add({ method: 'DELETE' })
    one.explanations.close()
    one.add({ method: 'PATCH' })
    waiting.shift()?.()
    const other = bench()
    other.add()
    await vi.waitFor(() => expect(other.lines).toHaveLength(2))
    expect(one.sent).toBe(1)
    expect(one.lines).toEqual([])
  })

  it('remember no more than there is room for', async () => {
    const one = bench()
    for (let i = 0; i < 1_500; i++) one.add({ method: `M${i}` })
    one.add({ way: 'anon', credentials: 'omit' })
    await vi.waitFor(() => expect(one.sent).toBe(30))
    expect(one.explanations.findings().length).toBeLessThanOrEqual(100)
  })
})
