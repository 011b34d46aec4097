import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from '../e2e/chromium'
import { startStubApi, type StubApi } from './stub-api'
import { startStubDevServer, type StubDevServer } from './stub-dev-server'

/** A page whose dev server finds targets while the page is open: the runtime was told of none. */
let dev: StubDevServer
let closed: StubApi
let open: StubApi
let browser: Browser
let page: Page
beforeAll(async () => {
  ;[dev, closed, open] = await Promise.all([
    startStubDevServer({}, '/', true),
    startStubApi(),
    startStubApi({ allowsCors: true }),
  ])
  browser = await launchChromium()
})
beforeEach(async () => {
  await page?.context().close()
  for (const { seen } of [dev, closed, open]) seen.length = 0
  dev.questions.length = 0
  dev.decide = ({ url }) => ({ route: url.startsWith(closed.origin) ? 'relay' : 'direct' })
  page = await (await browser.newContext()).newPage()
  await page.goto(dev.origin)
})
afterAll(async () => {
  await browser?.close()
  await Promise.all([dev, closed, open].map((server) => server?.close()))
})

describe('an origin that the runtime was not told of', () => {
  it('is relayed if the dev server has found it since, without a failed call before', async () => {
    const said: string[] = []
    page.on('console', (message) => said.push(message.text()))
    const answers = await page.evaluate(async (origin) => {
      const viaFetch = await fetch(`${origin}/json`)
      const viaXhr = await new Promise<string>((resolve) => {
        const xhr = new XMLHttpRequest()
        xhr.open('GET', `${origin}/json`)
        xhr.onloadend = () => resolve(`${xhr.status} ${xhr.responseURL}`)
        xhr.send()
      })
      return [`${viaFetch.status} ${viaFetch.url}`, viaXhr]
    }, closed.origin)
    expect(answers).toEqual(Array(2).fill(`201 ${closed.origin}/json`))
    expect(closed.seen).toHaveLength(2)
    expect(dev.questions).toHaveLength(1)
    expect(said.filter((text) => text.includes('CORS'))).toEqual([])
  })

  it('is called directly if it is none, and asked about once for each shape of call', async () => {
    const urls = await page.evaluate(async (origin) => {
      const answers = await Promise.all([fetch(`${origin}/json`), fetch(`${origin}/json?2`)])
      answers.push(await fetch(`${origin}/json?3`))
      return answers.map(({ url }) => url)
    }, open.origin)
    expect(urls).toEqual(['', '?2', '?3'].map((query) => `${open.origin}/json${query}`))
    expect(dev.questions).toHaveLength(1)
    expect(dev.seen).toEqual(['decision'])
  })

  it('is not asked about for what has no say in it: other modes, the host itself, its socket', async () => {
    await page.evaluate(
      async ([origin, own]) => {
        await fetch(`${origin}/json`, { mode: 'no-cors' })
        await fetch(`${own}/client.mjs`)
        new WebSocket(origin.replace('http', 'ws'), 'vite-hmr').close()
        navigator.sendBeacon(`${origin}/collect`)
      },
      [open.origin, dev.origin] as const,
    )
    expect(dev.questions).toEqual([])
  })
})
