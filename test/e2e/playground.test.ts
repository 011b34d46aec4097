/** What `npm start` shows: every call of the page answered through the plugin, and none without it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startPlayground, type Playground } from '../../playground/playground.ts'
import { launchChromium } from './chromium'

const CARDS = [
  ...['films', 'rating', 'answer-events', 'answer-lines', 'chat', 'login'],
  ...['upload', 'tickets', 'sales', 'decades', 'visits', 'archive'],
]

const NO_PERMISSION = /has been blocked by CORS policy: .*No 'Access-Control-Allow-Origin' header/

let playground: Playground
let browser: Browser
let page: Page
let messages: string[]

beforeAll(async () => {
  ;[playground, browser] = await Promise.all([startPlayground({ isQuiet: true }), launchChromium()])
}, 120_000)

afterEach(() => page.close())

afterAll(async () => {
  await browser.close()
  await playground.close()
}, 60_000)

async function open(url: string): Promise<void> {
  page = await browser.newPage()
  messages = []
  page.on('console', (message) => messages.push(message.text()))
  page.on('pageerror', (error) => messages.push(`uncaught ${error.message}`))
  await page.goto(url)
}

const card = (id: string): Locator => page.locator(`#card-${id}`)

async function settle(): Promise<Record<string, string | undefined>> {
  await page.waitForFunction(
    (count) => {
      const cards = [...document.querySelectorAll<HTMLElement>('.card')]
      return cards.length === count && cards.every(({ dataset }) => ['ok', 'failed'].includes(dataset.state ?? ''))
    },
    CARDS.length,
    { timeout: 60_000 },
  )
  return page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll<HTMLElement>('.card')].map(({ id, dataset }) => [id.slice(5), dataset.state]),
    ),
  )
}

const everyCard = (state: string) => Object.fromEntries(CARDS.map((id) => [id, state]))

describe.each(['vite', 'webpack'] as const)('the %s page', (host) => {
  it('gets an answer to every call through the plugin', { timeout: 90_000 }, async () => {
    await open(playground.pages[host].through)
    await page.evaluate(() => {
      const seen = ((window as { progress?: Set<number> }).progress = new Set<number>())
      const look = () => {
        const bar = document.querySelector('progress')
        if (bar) seen.add(bar.value)
        requestAnimationFrame(look)
      }
      look()
    })

    expect(await settle()).toEqual(everyCard('ok'))

    expect(await card('films').locator('li').count()).toBe(6)
    // Words that were held back somewhere would come in one heap.
    for (const id of ['answer-events', 'answer-lines']) {
      expect(Number(await card(id).locator('.answer').getAttribute('data-arrivals'))).toBeGreaterThan(10)
    }
    expect(await card('chat').locator('.message').allTextContents()).toEqual(
      expect.arrayContaining(['Good evening!', expect.stringContaining('knows nothing of CORS')]),
    )
    expect(await card('login').innerText()).toContain('/me got back session and __Host-csrf')
    expect(await card('upload').innerText()).toContain('as sent')
    const progress = await page.evaluate(() => [...((window as { progress?: Set<number> }).progress ?? [])])
    expect(progress.filter((part) => part > 0 && part < 1).length).toBeGreaterThan(2)
    expect(await card('archive').innerText()).toContain('502')
    expect(messages.filter((message) => message.includes('CORS policy') || message.startsWith('uncaught'))).toEqual([])
  })

  it('gets no answer to any call without the plugin', { timeout: 90_000 }, async () => {
    await open(playground.pages[host].direct)

    expect(await settle()).toEqual(everyCard('failed'))
    expect(messages.filter((message) => NO_PERMISSION.test(message)).length).toBeGreaterThanOrEqual(8)
  })

  it('lives when an API is stopped, and when it is back', { timeout: 90_000 }, async () => {
    await open(playground.pages[host].through)
    await settle()
    const running = page.locator('[data-api=films]').getByRole('switch')
    const films = card('films')

    await running.click()
    await page.locator('[data-api=films] [aria-checked=false]').waitFor()
    await films.getByText('Again').click()
    await page.locator('#card-films[data-state=failed]').waitFor()
    expect(await films.locator('.status').innerText()).toBe('502')

    await running.click()
    await page.locator('[data-api=films] [aria-checked=true]').waitFor()
    await films.getByText('Again').click()
    await page.locator('#card-films[data-state=ok]').waitFor()
  })
})

it('switches between the pages, and keeps the cards', { timeout: 60_000 }, async () => {
  await open(playground.url)
  expect(page.url()).toBe(playground.pages.vite.through)
  const titles = await page.locator('h2').allTextContents()

  await page.getByText('direct', { exact: true }).first().click()
  await page.waitForURL(playground.pages.vite.direct)
  expect(await page.locator('h2').allTextContents()).toEqual(titles)

  await page.getByText('webpack', { exact: true }).click()
  await page.waitForURL(playground.pages.webpack.direct)
  expect(await page.locator('h2').allTextContents()).toEqual(titles)
})

it('says what to open, and stops on Ctrl-C', { timeout: 120_000 }, async () => {
  const start = spawn(process.execPath, [fileURLToPath(new URL('../../playground/start.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  start.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  await expect.poll(() => output, { timeout: 60_000 }).toContain('Ctrl-C stops everything')
  const [, url] = /Open \S*?(http:\/\/localhost:\d+\/)/.exec(output.replaceAll(/\x1b\[\d+m/g, '')) ?? []
  await open(url ?? 'about:blank')
  expect(await page.locator('h1').innerText()).toContain('CORS')

  start.kill('SIGINT')
  const [code] = (await once(start, 'exit')) as [number | null]
  expect(code).toBe(0)
})
