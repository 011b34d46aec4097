/** A page with a Content-Security-Policy: what it allows works, and what it forbids is said in words. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Api, startApi } from './api'
import { launchChromium } from './chromium'
import { type Host, startHost } from './hosts'

let api: Api
let host: Host
let browser: Browser
let page: Page
let said: string[]

beforeAll(async () => {
  ;[api, browser] = await Promise.all([startApi(), launchChromium()])
  host = await startHost('express', {
    options: { targets: [api.origin] },
    config: `app.use((req, res, next) => {
      if (req.query.policy) res.setHeader('content-security-policy', req.query.policy)
      next()
    })`,
  })
})

afterAll(async () => {
  await Promise.all([browser?.close(), host?.close(), api?.close()])
})

beforeEach(async () => {
  await page?.context().close()
  page = await (await browser.newContext()).newPage()
  said = []
  page.on('console', (message) => said.push(message.text()))
})

const open = (policy: string): Promise<unknown> => page.goto(`${host.url}?policy=${encodeURIComponent(policy)}`)

const callAll = (origin: string): Promise<unknown[]> =>
  page.evaluate(async (base) => {
    const fetched = await fetch(`${base}/users`).then(
      ({ status }) => status,
      (error: Error) => error.message,
    )
    const xhr = new XMLHttpRequest()
    xhr.open('GET', `${base}/xhr`)
    await new Promise((resolve) => {
      xhr.onloadend = resolve
      xhr.send()
    })
    const socket = new WebSocket(`${base.replace('http', 'ws')}/socket`)
    const opened = await new Promise((resolve) => (socket.onopen = socket.onerror = ({ type }) => resolve(type)))
    return [fetched, xhr.status, opened]
  }, origin)

it("runs under a nonce, and needs no more than connect-src 'self'", async () => {
  await open("default-src 'none'; script-src 'nonce-bm9uY2U' 'strict-dynamic'; connect-src 'self'")
  const answers = await callAll(api.origin)
  expect(said.filter((text) => /cors-dev|connect-src/.test(text))).toEqual([])
  expect(answers).toEqual([200, 200, 'open'])
})

it.each([
  ['connect-src', (origin: string) => `connect-src ${origin} ws:`],
  ['default-src', (origin: string) => `default-src ${origin}; script-src 'nonce-bm9uY2U'`],
])('says once what %s has to allow where it names only the API', async (_directive, policy) => {
  await open(policy(api.origin))
  expect((await callAll(api.origin)).slice(0, 2)).toEqual(['Failed to fetch', 0])
  await expect
    .poll(() => said.filter((text) => text.startsWith('[cors-dev]')))
    .toEqual(["[cors-dev] In development the page's CSP needs 'self' in connect-src."])
  // Nor is the dev server asked for a cause, which would be forbidden too.
  expect(said.filter((text) => text.includes('/__cors-dev/failure'))).toEqual([])
})
