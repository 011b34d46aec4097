/**
 * Six connections to one host are what Chromium opens over HTTP/1.1. Which calls share them is counted at the API: what
 * has come while nothing is answered had a connection.
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import createMiddleware from '../../src/middleware'
import { listen, stop } from '../proxy/dev-server'
import { launchChromium } from './chromium'

const SIX = 6
const PATIENCE = { interval: 20, timeout: 20_000 }

let api: Server
let apiOrigin: string
let devServer: Server
let pageUrl: string
let browser: Browser
let page: Page
let closeMiddleware: () => Promise<void>
/** Requests that wait for an answer, at the API and at the dev server itself. */
const held = { calls: new Set<ServerResponse>(), modules: new Set<ServerResponse>() }

function hold(which: keyof typeof held, res: ServerResponse): void {
  held[which].add(res)
  res.on('close', () => held[which].delete(res))
}

beforeAll(async () => {
  api = createServer((req, res) => {
    res.setHeader('access-control-allow-origin', req.headers.origin ?? '*')
    if (req.method === 'OPTIONS') res.end()
    else hold('calls', res)
  })
  apiOrigin = `http://127.0.0.1:${await listen(api)}`
  const { middleware, close } = createMiddleware({
    targets: { '/api': apiOrigin },
    explain: false,
    logger: { info() {}, warn() {}, error() {} },
  })
  closeMiddleware = close
  devServer = createServer((req, res) =>
    middleware(req, res, () => {
      if (req.url?.startsWith('/module')) hold('modules', res)
      else res.writeHead(200, { 'content-type': 'text/html' }).end('<title>page</title>')
    }),
  )
  pageUrl = `http://localhost:${await listen(devServer)}/`
  browser = await launchChromium()
})

afterEach(async () => {
  await page.context().close()
  await expect.poll(() => held.calls.size + held.modules.size, PATIENCE).toBe(0)
})

afterAll(async () => {
  await browser?.close()
  await closeMiddleware?.()
  await Promise.all([stop(api), stop(devServer)])
})

async function openPage(): Promise<void> {
  page = await (await browser.newContext()).newPage()
  await page.goto(pageUrl)
}

/** Has the page import what never comes: as slow as modules are that a dev server has yet to compile. */
async function takeAllModuleConnections(): Promise<void> {
  // As text: the test's own bundler would change the import.
  await page.evaluate('for (let count = 0; count < 10; count++) void import(`/module-${count}.js`).catch(() => {})')
  await expect.poll(() => held.modules.size, PATIENCE).toBe(SIX)
}

/** Starts 40 calls and leaves them waiting; `answered` counts those that came back. */
const call = (url: string, init: { credentials?: 'include' | 'omit' }): Promise<void> =>
  page.evaluate(
    ([target, options]) => {
      const calls = { answered: 0 }
      Object.assign(window, { calls })
      for (let id = 0; id < 40; id++)
        void fetch(`${target}/${id}`, options)
          .then((response) => response.text())
          .then(() => calls.answered++)
    },
    [url, init] as const,
  )

/** Answers whatever comes until the page has all it asked for; the most that waited at once. */
async function serveAll(): Promise<number> {
  let most = 0
  await expect
    .poll(async () => {
      most = Math.max(most, held.calls.size)
      for (const res of held.calls) res.end('ok')
      return page.evaluate('calls.answered')
    }, PATIENCE)
    .toBe(40)
  return most
}

describe.each([
  ['relayed without credentials', {}],
  ['relayed without any, as it says itself', { credentials: 'omit' }],
] as const)('40 parallel calls, %s', (_, init) => {
  it('have six connections of their own, as they would directly', async () => {
    await openPage()
    await takeAllModuleConnections()
    await call(`${apiOrigin}/x`, init)
    await expect.poll(() => held.calls.size, PATIENCE).toBe(SIX)
    expect(await serveAll()).toBeLessThanOrEqual(SIX)
    expect(held.modules.size).toBe(SIX)
  })
})

describe.each<[string, () => string, { credentials?: 'include' }]>([
  ['relayed with credentials', () => `${apiOrigin}/x`, { credentials: 'include' }],
  ['on a path route', () => '/api/x', {}],
])('40 parallel calls, %s', (_, url, init) => {
  it('share six connections with the modules of the page', async () => {
    await openPage()
    await call(url(), init)
    await expect.poll(() => held.calls.size, PATIENCE).toBe(SIX)
    expect(await serveAll()).toBeLessThanOrEqual(SIX)
    await takeAllModuleConnections()
    await call(url(), init)
    // One module comes, and one call has its connection.
    for (const res of [...held.modules].slice(0, 1)) res.end()
    await expect.poll(() => held.calls.size + held.modules.size, PATIENCE).toBe(SIX)
  })
})
