/** A target that redirects chooses where the browser goes next; what the page sent was not meant for there. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchChromium } from '../e2e/chromium'
import { type Host, startHost } from '../e2e/hosts'
import { SECRET } from './corpus'

interface Arrival {
  url: string
  method: string
  headers: IncomingHttpHeaders
}

/** A server that keeps what arrives, and redirects where `?to=` says, with the status that `?status=` says. */
class Site {
  readonly arrivals: Arrival[] = []
  readonly server: Server
  origin = ''
  /** Where `/loop` leads; to itself unless said. */
  loop: string | undefined

  constructor(answer?: (res: ServerResponse, headers: IncomingHttpHeaders) => void) {
    this.server = createServer((req, res) => {
      // What the dev server asks on its own to explain CORS is no redirect, nor is a document's icon.
      const isAside = req.headers['access-control-request-method'] !== undefined || req.url === '/favicon.ico'
      if (!isAside) this.arrivals.push({ url: req.url ?? '', method: req.method ?? '', headers: req.headers })
      answer?.(res, req.headers)
      const { searchParams } = new URL(req.url ?? '/', 'http://site')
      const isLoop = req.url?.endsWith('/loop') === true
      const to = isLoop ? (this.loop ?? req.url) : searchParams.get('to')
      if (to != null) res.writeHead(Number(searchParams.get('status') ?? 302), { location: to })
      res.end('arrived')
    })
  }

  async listen(): Promise<void> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    this.origin = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  close(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}

/** A third site, which no target names and which allows everybody everything. */
const third = new Site((res, { origin }) => {
  res.setHeader('access-control-allow-origin', origin ?? '*')
  res.setHeader('access-control-allow-credentials', 'true')
  res.setHeader('access-control-allow-headers', 'authorization, x-a')
})
const first = new Site()
const other = new Site()
const guarded = new Site()

let browser: Browser
let host: Host
let page: Page

beforeAll(async () => {
  await Promise.all([first, other, guarded, third].map((site) => site.listen()))
  ;[browser, host] = await Promise.all([
    launchChromium(),
    startHost('vite', {
      options: {
        targets: {
          '/first': first.origin,
          '/other': other.origin,
          '/guarded': { url: guarded.origin, proxy: { headers: { 'x-api-key': SECRET }, auth: 'me:secret' } },
        },
      },
    }),
  ])
  page = await browser.newPage()
  await page.goto(host.url)
})

afterAll(async () => {
  for (const site of [first, other, guarded, third]) site.close()
  await Promise.all([browser?.close(), host?.close()])
})

beforeEach(() => {
  for (const site of [first, other, guarded, third]) site.arrivals.length = 0
})

/** Calls with a token, and tells whether an answer came. */
function call(
  url: string,
  init: { method?: string; credentials?: RequestCredentials; headers?: Record<string, string> } = {},
): Promise<string> {
  return page.evaluate(
    ([url, init]) =>
      fetch(url, {
        ...init,
        headers: { authorization: 'Bearer token', ...init.headers },
      }).then(
        (response) => response.text(),
        (error: Error) => error.name,
      ),
    [url, init] as const,
  )
}

/** The ways of the page to the first target, and all the ways that it can name another. */
const starts = {
  'the relay with credentials': () => [`${first.origin}/x`, { credentials: 'include' }] as const,
  'the relay without': () => [`${first.origin}/x`, { credentials: 'omit' }] as const,
  'a path route': () => ['/first/x', {}] as const,
}
const namings: Record<string, (site: Site, path: string) => string> = {
  'by its own address': (site, path) => `${site.origin}${path}/x`,
  'by its path on the dev server': (_, path) => `${host.origin}${path}/x`,
  'by its relay on the dev server': (site, path) =>
    `${host.origin}/__cors-dev/to/${site.origin.replace('://', '/')}${path}/x`,
  'by its other relay': (site, path) => `${host.origin}/__cors-dev/anon/${site.origin.replace('://', '/')}${path}/x`,
  'by a made-up hop': (site, path) =>
    `${host.origin}/__cors-dev/hop/${'A'.repeat(22)}/to/${site.origin.replace('://', '/')}${path}/x`,
  'by another name of the dev server': (_, path) => `${host.origin.replace('localhost', '127.0.0.1')}${path}/x`,
  'by another spelling': (_, path) => `//${new URL(host.origin).host.toUpperCase()}${path}/x`,
}

describe.each(Object.entries(starts))('a token that went by %s', (_start, start) => {
  it.each(Object.entries(namings))('does not reach another target, named %s', async (_naming, nameOf) => {
    for (const status of [301, 302, 303, 307, 308]) {
      const [url, init] = start()
      await call(`${url}?status=${status}&to=${encodeURIComponent(nameOf(other, '/other'))}`, {
        ...init,
        method: status === 307 ? 'POST' : 'GET',
      })
    }
    expect(first.arrivals.map(({ headers }) => headers.authorization)).toEqual(Array(5).fill('Bearer token'))
    expect(other.arrivals.filter(({ headers }) => headers.authorization !== undefined)).toEqual([])
  })

  it.each(Object.entries(namings))('calls forth no secret of another target, named %s', async (_naming, nameOf) => {
    const [url, init] = start()
    await call(`${url}?to=${encodeURIComponent(nameOf(guarded, '/guarded'))}`, init)
    expect(
      guarded.arrivals.filter(
        ({ headers }) => headers['x-api-key'] !== undefined || headers.authorization !== undefined,
      ),
    ).toEqual([])
  })

  it('does not reach a third site, nor come back from there', async () => {
    for (const back of [`${host.origin}/other/x`, `${other.origin}/other/x`, `${host.origin}/guarded/x`]) {
      const [url, init] = start()
      const away = `${third.origin}/x?to=${encodeURIComponent(back)}`
      await call(`${url}?to=${encodeURIComponent(away)}`, init)
    }
    expect(
      third.arrivals.filter(({ method, headers }) => method !== 'OPTIONS' && headers.authorization !== undefined),
    ).toEqual([])
    for (const { headers } of [...other.arrivals, ...guarded.arrivals]) {
      expect([headers.authorization, headers['x-api-key']]).toEqual([undefined, undefined])
    }
  })

  it('does not come back once it was lost', async () => {
    const [url, init] = start()
    const [back] = starts['the relay with credentials']()
    const on = `${other.origin}/other/x?to=${encodeURIComponent(`${back}?back`)}`
    await call(`${url}?to=${encodeURIComponent(on)}`, init)
    expect(first.arrivals.map(({ headers }) => headers.authorization)).toEqual(['Bearer token', undefined])
  })
})

it('a redirect to another target arrives, tainted, and is read as a direct call would be', async () => {
  expect(
    await call(`${first.origin}/x?to=${encodeURIComponent(`${other.origin}/y`)}`, { headers: { 'x-a': '1' } }),
  ).toBe('arrived')
  const [{ url, headers } = { url: '', headers: {} as IncomingHttpHeaders }] = other.arrivals
  expect([url, headers.origin, headers['x-a']]).toEqual(['/y', 'null', '1'])
})

it('a relayed call is not led to the pages of the dev server, and the log says so', async () => {
  expect(await call(`${first.origin}/x?to=${encodeURIComponent(`${host.origin}/index.html`)}`)).toBe('TypeError')
  await host.waitForLog(/redirects relayed calls to this dev server/)
})

it('a target that asks for a secret of its own gets it from the page, and the log says why not from a redirect', async () => {
  await call(`${guarded.origin}/x`, { headers: { authorization: '' } })
  expect(guarded.arrivals.map(({ headers }) => headers['x-api-key'])).toEqual([SECRET])
  await call(`${first.origin}/x?to=${encodeURIComponent(`${guarded.origin}/x`)}`)
  await host.waitForLog(/another target redirected a call to .* without the headers that targets\["\/guarded"\] adds/)
})

it('a document is not led by a redirect to where a secret is added', async () => {
  const opened = await browser.newPage()
  await opened.goto(`${host.origin}/first/x?to=${encodeURIComponent(`${host.origin}/guarded/x`)}`)
  await opened.goto(`${host.origin}/first/x?to=${encodeURIComponent(`${guarded.origin}/guarded/x`)}`)
  expect(guarded.arrivals.length).toBe(2)
  expect(guarded.arrivals.filter(({ headers }) => headers['x-api-key'] !== undefined)).toEqual([])
  await opened.close()
})

it('a redirect that leads to itself, or round through another target, ends', async () => {
  for (const url of [`${first.origin}/loop`, '/first/loop']) expect(await call(url)).toBe('TypeError')
  first.loop = `${other.origin}/loop`
  other.loop = `${first.origin}/loop`
  for (const url of [`${first.origin}/loop`, '/first/loop']) expect(await call(url)).toBe('TypeError')
  // As many steps as the platform takes.
  expect(first.arrivals.length + other.arrivals.length).toBeLessThanOrEqual(4 * 21)
})
