import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { RelayMode } from '../../src/exchange/wire'
import { launchChromium } from '../e2e/chromium'
import { startStubApi, type StubApi } from './stub-api'
import { startStubDevServer, type StubDevServer } from './stub-dev-server'

export interface Scene {
  browser: Browser
  api: StubApi
  dev: StubDevServer
  /** Fresh for every test, at the dev server's `/`, the runtime in it. */
  page: Page
  /** What its console said. */
  said: string[]
}

/** A page of a dev server, and the API that it calls, for all tests of a file. */
export function withPage(relay: RelayMode, api: { allowsCors?: boolean } = {}, base = '/'): Scene {
  const scene = { said: [] as string[] } as Scene

  beforeAll(async () => {
    scene.api = await startStubApi(api)
    // Port 9 refuses: an API that is down.
    scene.dev = await startStubDevServer({ [scene.api.origin]: relay, 'http://127.0.0.1:9': relay }, base)
    scene.browser = await launchChromium()
  })
  beforeEach(async () => {
    await scene.page?.context().close()
    scene.said.length = scene.api.seen.length = scene.dev.seen.length = scene.dev.questions.length = 0
    scene.dev.decide = () => ({ route: 'relay' })
    scene.page = await openPage(scene, scene.dev.origin)
  })
  afterAll(async () => {
    await scene.browser?.close()
    await Promise.all([scene.dev?.close(), scene.api?.close()])
  })
  return scene
}

export async function openPage(scene: Scene, url: string): Promise<Page> {
  const page = await (await scene.browser.newContext()).newPage()
  page.on('console', (message) => scene.said.push(message.text()))
  await page.goto(url)
  return page
}
