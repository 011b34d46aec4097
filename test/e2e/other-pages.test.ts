/** Pages that the dev server did not serve: whom it works for, and whom it refuses. */
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Api, startApi } from './api'
import { launchChromium } from './chromium'
import { type Host, startHost } from './hosts'

let api: Api
let host: Host
let browser: Browser
let pageServer: Server
let pagePort: number

beforeAll(async () => {
  ;[api, browser] = await Promise.all([startApi(), launchChromium()])
  host = await startHost('vite', {
    options: {
      targets: { '/api': api.origin, '/secret': { url: api.origin, proxy: { headers: { 'x-api-key': 'k' } } } },
    },
    files: { 'src/main.js': 'window.ready = true' },
  })
  pageServer = createServer((req, res) => {
    res.setHeader('content-type', 'text/html')
    res.end(
      req.url === '/bare'
        ? '<title>bare</title>'
        : `<title>rendered by a backend</title>
           <script type="module" src="${host.origin}/@vite/client"></script>
           <script type="module" src="${host.origin}/src/main.js"></script>`,
    )
  })
  pageServer.listen(0, '127.0.0.1')
  await once(pageServer, 'listening')
  pagePort = (pageServer.address() as AddressInfo).port
})

afterAll(async () => {
  pageServer?.closeAllConnections()
  pageServer?.close()
  await Promise.all([browser?.close(), host?.close(), api?.close()])
})

describe('a page that another local server renders, with modules from the dev server', () => {
  let page: Page

  beforeAll(async () => {
    page = await (await browser.newContext()).newPage()
    await page.goto(`http://localhost:${pagePort}/`)
    await page.waitForFunction('window.ready')
  })

  it('calls path routes with credentials and headers of its own', async () => {
    const seen = await page.evaluate(async (origin) => {
      const response = await fetch(`${origin}/api/users`, {
        method: 'PUT',
        credentials: 'include',
        headers: { 'x-custom': 'yes', 'content-type': 'application/json' },
        body: '{}',
      })
      return { by: response.headers.get('x-answered-by'), body: await response.json() }
    }, host.origin)
    expect(seen).toMatchObject({ by: 'the-api', body: { method: 'PUT', headers: { 'x-custom': 'yes' } } })
  })

  it('calls the API by its absolute URL and stays logged in', async () => {
    const seen = await page.evaluate(async (origin) => {
      await fetch(`${origin}/login`, { credentials: 'include', headers: { 'x-custom': 'yes' } })
      const response = await fetch(`${origin}/me`, { credentials: 'include' })
      return { url: response.url, status: response.status, cookie: (await response.json()).cookie }
    }, api.origin)
    expect(seen).toEqual({ url: `${api.origin}/me`, status: 200, cookie: 'session=secret' })
    expect(api.requests.at(-1)?.headers.origin).toBe(`http://localhost:${pagePort}`)
  })

  it('is refused where the route adds a secret', async () => {
    const before = api.requests.length
    const failed = await page.evaluate(
      (origin) =>
        fetch(`${origin}/secret/x`).then(
          () => false,
          () => true,
        ),
      host.origin,
    )
    expect(failed).toBe(true)
    expect(api.requests.length).toBe(before)
    await host.waitForLog(/\/secret\/x was refused.*Add "http:\/\/localhost:\d+" to the plugin's origins/)
  })
})

describe('a page on a foreign origin', () => {
  let page: Page

  beforeAll(async () => {
    const context = await browser.newContext()
    // The browser believes to be on a public site; the network is ours.
    await context.route('http://evil.example/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<p>evil</p>' }),
    )
    page = await context.newPage()
    await page.goto('http://evil.example/')
  })

  it('reads nothing, and the API sees nothing', async () => {
    const before = api.requests.length
    const relay = `${host.origin}/__cors-dev/to/${api.origin.replace('://', '/')}/users`
    const outcomes = await page.evaluate(
      async ([path, relay]) => {
        const tries = [path, relay].flatMap((url) => [
          fetch(url, { credentials: 'include' }),
          fetch(url, { method: 'POST', mode: 'no-cors', body: 'x' }).then((response) => {
            if (response.type === 'opaque') throw new Error('opaque')
          }),
        ])
        const socket = new Promise((resolve, reject) => {
          const ws = new WebSocket(path.replace('http', 'ws'))
          ws.onopen = resolve
          ws.onerror = reject
        })
        const image = new Promise((resolve, reject) => {
          const element = new Image()
          element.onload = resolve
          element.onerror = reject
          element.src = path
        })
        return (await Promise.allSettled([...tries, socket, image])).map(({ status }) => status)
      },
      [`${host.origin}/api/users`, relay] as const,
    )
    expect(new Set(outcomes)).toEqual(new Set(['rejected']))
    expect(api.requests.length).toBe(before)
  })
})

it('refuses a foreign origin with 403 and no CORS header', async () => {
  for (const path of ['/api/users', `/__cors-dev/to/${api.origin.replace('://', '/')}/x`, '/__cors-dev/decision']) {
    const strangers: Record<string, string>[] = [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { host: 'evil.example' },
      { host: '0.0.0.0:80', origin: 'http://0.0.0.0:80' },
      {},
    ]
    for (const headers of strangers) {
      const { status, fields } = await ask(host.origin + path, headers)
      expect([status, Object.keys(fields).filter((name) => name.startsWith('access-control'))]).toEqual([403, []])
    }
  }
})

it('works for a phone on the LAN, over plain http', async () => {
  const address = Object.values(networkInterfaces())
    .flat()
    .find((one) => one && !one.internal && one.family === 'IPv4')?.address
  // A machine without a network has no LAN; browsers treat a plain-http name the same way: no Sec-Fetch-* headers.
  const lan = address ?? 'phone-view.example'
  const lanHost = await startHost('vite', {
    options: { targets: { '/api': api.origin } },
    config: 'server: { host: "0.0.0.0", allowedHosts: ["phone-view.example"] },',
  })
  try {
    const { port } = new URL(lanHost.origin)
    const phone = await launchChromium([`--host-resolver-rules=MAP ${lan} 127.0.0.1`])
    const page = await phone.newPage()
    await page.goto(`http://${lan}:${port}/`)
    const seen = await page.evaluate(async (origin) => {
      const body = await (await fetch(`${origin}/users`)).json()
      await fetch(`${origin}/login`, { credentials: 'include' })
      const me = await (await fetch(`${origin}/me`, { credentials: 'include' })).json()
      return {
        isSecure: isSecureContext,
        path: (await (await fetch('/api/x')).json()).url,
        url: body.url,
        cookie: me.cookie,
      }
    }, api.origin)
    expect(seen).toEqual({ isSecure: false, path: '/api/x', url: '/users', cookie: 'session=secret' })
    await phone.close()

    const stranger = await ask(`http://127.0.0.1:${port}/api/x`, { host: `${lan}:${port}` })
    expect(stranger.status).toBe(403)
  } finally {
    await lanHost.close()
  }
})

/** A request with the headers of our choice, `Host` included. */
async function ask(
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number; fields: Record<string, unknown> }> {
  const req = request(url, { headers })
  req.end()
  const [res] = await once(req, 'response')
  res.resume()
  return { status: res.statusCode, fields: res.headers }
}
