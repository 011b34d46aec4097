/** What the terminal says about calls that work here is what the browser's console says about the same calls without us. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from './chromium'
import { type Host, startHost } from './hosts'

type Headers = Record<string, string>

/** For each path what is sent with a preflight response and with any other. */
const POLICIES: Record<string, { preflight?: Headers; status?: number; actual?: Headers }> = {
  '/none': {},
  '/wildcard': { actual: { 'access-control-allow-origin': '*' } },
  '/other': { actual: { 'access-control-allow-origin': 'https://other.example' } },
  '/several': { actual: { 'access-control-allow-origin': 'https://a.example, https://b.example' } },
  '/garbage': { actual: { 'access-control-allow-origin': 'yes' } },
  '/preflight-none': {},
  '/preflight-status': { status: 405, preflight: { 'access-control-allow-origin': '*' } },
  '/preflight-redirect': { status: 302, preflight: { 'access-control-allow-origin': '*', location: '/none' } },
  '/preflight-method': { preflight: { 'access-control-allow-origin': '*', 'access-control-allow-methods': 'GET' } },
  '/preflight-header': { preflight: { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'x-b' } },
  '/preflight-garbage': { preflight: { 'access-control-allow-origin': '*', 'access-control-allow-methods': 'PUT;' } },
  '/preflight-wildcard': { preflight: { 'access-control-allow-origin': '*', 'access-control-allow-methods': '*' } },
}

interface Init {
  method?: string
  headers?: Headers
  body?: string
  credentials?: 'include'
}

const CALLS: [path: string, init: Init][] = [
  ['/none', {}],
  ['/wildcard', { credentials: 'include' }],
  ['/other', {}],
  ['/several', {}],
  ['/garbage', {}],
  ['/preflight-none', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' }],
  ['/preflight-status', { method: 'DELETE' }],
  ['/preflight-redirect', { method: 'PATCH' }],
  ['/preflight-method', { method: 'PROPFIND' }],
  ['/preflight-header', { headers: { 'x-a': '1' } }],
  ['/preflight-garbage', { method: 'REPORT' }],
  ['/preflight-wildcard', { method: 'MKCOL', credentials: 'include' }],
]

interface Asked {
  url: string
  origin: string | undefined
  headers: IncomingMessage['headers']
}

async function startApi(): Promise<{ server: Server; origin: string; preflights: Asked[] }> {
  const preflights: Asked[] = []
  const server = createServer((req, res) => {
    const { preflight, status = 204, actual } = POLICIES[req.url ?? ''] ?? {}
    const isPreflight = req.method === 'OPTIONS'
    if (isPreflight) preflights.push({ url: req.url ?? '', origin: req.headers.origin, headers: req.headers })
    for (const [name, value] of Object.entries((isPreflight ? preflight : actual) ?? {})) res.setHeader(name, value)
    if (req.url === '/fine') {
      res.setHeader('access-control-allow-origin', req.headers.origin ?? '*')
      res.setHeader('access-control-allow-methods', 'PUT')
    }
    res.writeHead(isPreflight ? status : 200).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, preflights }
}

describe('in vite', () => {
  let api: Awaited<ReturnType<typeof startApi>>
  let host: Host
  let plain: Host
  let browser: Browser
  let relayed: Page
  let direct: Page
  const said: string[] = []

  beforeAll(async () => {
    ;[api, browser] = await Promise.all([startApi(), launchChromium()])
    host = await startHost('vite', { options: { targets: [api.origin] } })
    plain = await startHost('vite', { plain: true })
    ;[relayed, direct] = await Promise.all([browser.newPage(), browser.newPage()])
    direct.on('console', (message) => said.push(message.text()))
    await Promise.all([relayed.goto(host.url), direct.goto(plain.url)])
  })

  afterAll(async () => {
    api?.server.closeAllConnections()
    api?.server.close()
    await Promise.all([browser?.close(), host?.close(), plain?.close()])
  })

  const call = (page: Page, path: string, init: Init): Promise<number | string> =>
    page.evaluate(
      ([url, given]) =>
        fetch(url, given).then(
          ({ status }) => status,
          (error: Error) => error.name,
        ),
      [api.origin + path, init] as const,
    )

  it.each(CALLS)('the terminal quotes what the console says of %s', async (path, init) => {
    const before = said.length
    expect(await call(direct, path, init)).toBe('TypeError')
    await expect.poll(() => said.slice(before).join('\n'), { timeout: 10_000 }).toContain('blocked by CORS policy')
    const text = said.slice(before).find((line) => line.includes('blocked by CORS policy')) ?? ''

    const from = host.logs().length
    expect(await call(relayed, path, init)).toBe(200)
    const notice = await host.waitForLog(new RegExp(`\\] \\w+ ${api.origin}${path} would be blocked`), from)
    await host.waitForLog(/^ {2}Have /, host.logs().indexOf(notice))
    const words = host.logs()[host.logs().indexOf(notice) + 1]?.trim() ?? ''
    expect(words).not.toBe('')
    expect(text).toBe(
      `Access to fetch at '${api.origin}${path}' from origin '${plain.origin}' has been blocked by CORS policy: ${words}`,
    )
  })

  it.each(CALLS.filter(([path]) => path.startsWith('/preflight')))(
    'the dev server asks of %s what Chromium asked',
    (path) => {
      const asked = (by: string): IncomingMessage['headers'] | undefined => {
        const [first, ...others] = api.preflights.filter(({ url, origin }) => url === path && origin === by)
        expect(others).toEqual([])
        return first?.headers
      }
      const comparable = (headers: IncomingMessage['headers'] = {}): IncomingMessage['headers'] => ({
        ...headers,
        origin: '',
        referer: headers.referer?.replace(/\d+/, 'port'),
        // This one is headless, and of its own version.
        'user-agent': headers['user-agent']?.replace(/(?:Headless)?Chrome\/\d+/, 'Chrome/'),
        'accept-language': headers['accept-language']?.replace(/;.*/, ''),
      })
      expect(comparable(asked(host.origin))).toEqual(comparable(asked(plain.origin)))
    },
  )

  it.each([
    ['a listener for the progress of an upload', '/preflight-listener', true],
    ['a stream for a body', '/preflight-stream', false],
  ])('%s makes the dev server ask, too', async (_name, path, isXhr) => {
    const from = host.logs().length
    await relayed.evaluate(
      async ([url, listens]) => {
        if (!listens) {
          const body = new Response('a').body
          return void (await fetch(url, {
            method: 'POST',
            body,
            duplex: 'half',
            credentials: 'include',
          } as RequestInit))
        }
        const xhr = new XMLHttpRequest()
        xhr.open('POST', url)
        xhr.upload.onprogress = () => {}
        xhr.send('a')
        await new Promise((resolve) => (xhr.onloadend = resolve))
      },
      [api.origin + path, isXhr] as const,
    )
    await host.waitForLog(new RegExp(`POST ${api.origin}${path} would be blocked`), from)
    // Either way it is the same preflight: whoever is first asks it.
    const asked = api.preflights.filter(({ headers }) => headers['access-control-request-method'] === 'POST')
    expect(asked).toHaveLength(1)
    expect(asked[0]?.headers).not.toHaveProperty('access-control-request-headers')
  })

  it('the terminal is quiet about what works without the dev server, too', async () => {
    const init = { method: 'PUT' }
    expect(await call(direct, '/fine', init)).toBe(200)
    const from = host.logs().length
    expect(await call(relayed, '/fine', init)).toBe(200)
    expect(await call(relayed, '/fine', {})).toBe(200)
    await expect
      .poll(() => api.preflights.filter(({ url, origin }) => url === '/fine' && origin === host.origin))
      .toHaveLength(1)
    // Another kind of call, which is blocked: whatever there was to say about those before it has been said by then.
    await call(relayed, '/none', { headers: { 'x-last': '1' } })
    await host.waitForLog(/\/none would be blocked/, from)
    expect(
      host
        .logs()
        .slice(from)
        .filter((line) => line.includes('/fine')),
    ).toEqual([])
  })
})
