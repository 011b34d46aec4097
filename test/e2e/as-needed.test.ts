/** Targets that were found and not named: called directly where they allow it, and through the relay where they don't. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Api, startApi } from './api'
import { launchChromium } from './chromium'
import { type Host, startHost } from './hosts'

/** An API that allows every origin, with credentials and without PUT, and counts who asks. */
async function startOpenApi(): Promise<{ server: Server; origin: string; methods: string[] }> {
  const methods: string[] = []
  const server = createServer((req, res) => {
    methods.push(`${req.method}${req.headers.via ? ' through the relay' : ''}`)
    res.setHeader('access-control-allow-origin', req.headers.origin ?? '*')
    res.setHeader('access-control-allow-credentials', 'true')
    res.setHeader('access-control-allow-headers', 'x-known')
    if (req.headers.origin === undefined) res.removeHeader('access-control-allow-credentials')
    res.end(req.method === 'OPTIONS' ? '' : '{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, methods }
}

const SOURCES = {
  vite: {
    main: 'window.addresses = [import.meta.env.VITE_OPEN, import.meta.env.VITE_CLOSED]',
    project: (open: string, closed: string) => ({
      files: {
        '.env.local': `# found here\nVITE_OPEN=${open}\nVITE_CLOSED="${closed}/v1"\nSECRET=http://127.0.0.1:1\n`,
      },
    }),
  },
  'webpack-cli': {
    main: 'window.addresses = [process.env.OPEN, process.env.CLOSED]',
    project: (open: string, closed: string) => ({
      config: `plugins: [
        new (require('html-webpack-plugin'))({ template: './index.html' }), corsDev(),
        new (require('webpack').DefinePlugin)({ 'process.env.OPEN': ${JSON.stringify(JSON.stringify(open))} }),
        new (require('webpack').EnvironmentPlugin)({ CLOSED: '${closed}/v1' }),
      ],`,
    }),
  },
} as const

describe.each(['vite', 'webpack-cli'] as const)('in %s', (kind) => {
  let closed: Api
  let open: Awaited<ReturnType<typeof startOpenApi>>
  let host: Host
  let browser: Browser
  let page: Page
  const red: string[] = []

  beforeAll(async () => {
    ;[closed, open, browser] = await Promise.all([startApi(), startOpenApi(), launchChromium()])
    const { main, project } = SOURCES[kind]
    const { files, config }: { files?: Record<string, string>; config?: string } = project(open.origin, closed.origin)
    host = await startHost(kind, {
      files: { 'src/main.js': main, ...files },
      ...(config === undefined ? {} : { config }),
    })
    page = await browser.newPage()
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) red.push(message.text())
    })
    await page.goto(host.url)
    await page.waitForFunction('window.addresses')
  })

  afterAll(async () => {
    open?.server.closeAllConnections()
    open?.server.close()
    await Promise.all([browser?.close(), host?.close(), closed?.close()])
  })

  it('finds them, and says where', async () => {
    await host.waitForLog(
      kind === 'vite' ? new RegExp(`${open.origin}.*\\.env\\.local:2 VITE_OPEN`) : new RegExp(`${open.origin}.*OPEN`),
    )
    expect(host.logs().join('\n')).not.toContain('SECRET')
  })

  it('calls directly what allows it, after one preflight for each kind of call', async () => {
    const urls = await page.evaluate(async (origin) => {
      const calls = ['/a', '/b', '/c'].map((path) => fetch(origin + path))
      const later = await Promise.all(calls)
      later.push(await fetch(`${origin}/d`))
      return later.map(({ url }) => url)
    }, open.origin)
    expect(urls).toEqual(['/a', '/b', '/c', '/d'].map((path) => open.origin + path))
    expect(open.methods).toEqual([expect.stringMatching(/^OPTIONS/), 'GET', 'GET', 'GET', 'GET'])
    await host.waitForLog(new RegExp(`${open.origin} \\(.*\\) is called directly`))
  })

  it('relays to the same API what it does not allow', async () => {
    open.methods.length = 0
    const url = await page.evaluate(
      async (origin) => (await fetch(`${origin}/put`, { method: 'PUT', body: 'x' })).url,
      open.origin,
    )
    expect(url).toBe(`${open.origin}/put`)
    expect(open.methods.at(-1)).toBe('PUT through the relay')
    expect(open.methods.filter((method) => method.startsWith('PUT'))).toHaveLength(1)
  })

  it('relays to an API without CORS, each call once', async () => {
    const before = closed.requests.length
    const seen = await page.evaluate(
      (origin) =>
        Promise.all([
          fetch(`${origin}/v1/fetch`).then(({ url }) => url),
          new Promise((resolve, reject) => {
            const xhr = new XMLHttpRequest()
            xhr.onload = () => resolve(xhr.responseURL)
            xhr.onerror = reject
            xhr.open('POST', `${origin}/v1/xhr`)
            xhr.setRequestHeader('content-type', 'application/json')
            xhr.send('{}')
          }),
          new Promise((resolve, reject) => {
            const socket = new WebSocket(`${origin.replace('http', 'ws')}/v1/socket`)
            socket.onopen = () => resolve(socket.url)
            socket.onerror = reject
          }),
        ]),
      closed.origin,
    )
    expect(seen).toEqual([
      `${closed.origin}/v1/fetch`,
      `${closed.origin}/v1/xhr`,
      `${closed.origin.replace('http', 'ws')}/v1/socket`,
    ])
    const calls = closed.requests.slice(before).filter(({ method }) => method !== 'OPTIONS')
    expect(calls.map(({ url }) => url).sort()).toEqual(['/v1/fetch', '/v1/socket', '/v1/xhr'])
  })

  it('leaves no red line in the console', () => {
    expect(red).toEqual([])
  })
})
