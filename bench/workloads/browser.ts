/** What only a browser can tell. */
import type { Browser, Page as BrowserPage } from 'playwright-core'
import { launchChromium } from '../../test/e2e/chromium.ts'
import type { Bench } from '../bench.ts'
import { CONTESTANTS, DIRECT, PLUGIN_IN_VITE, RELAY_IN_VITE, VITE_PROXY } from '../contestants.ts'
import { runRounds, type Variant } from '../rounds.ts'
import { type Row, toRow, type Workload } from '../workload.ts'

const OVER_HTTP2 = ', over HTTP/2'

async function withChromium<Result>(use: (browser: Browser) => Promise<Result>): Promise<Result> {
  const browser = await launchChromium(['--ignore-certificate-errors'])
  const kill = (): void => void browser.close()
  process.once('exit', kill)
  try {
    return await use(browser)
  } finally {
    process.off('exit', kill)
    await browser.close()
  }
}

async function openTab(browser: Browser, url: string): Promise<BrowserPage> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  await page.goto(url)
  return page
}

/** So that what is in the runtime's way is the runtime alone. */
const STUB = 'const answer = Promise.resolve(); window.fetch = function fetch() { return answer }'
const CALLS = 20_000

export const runtime: Workload = {
  name: 'runtime',
  title: 'What a call of fetch costs the page, the network left out',
  figures: [{ name: 'same-origin µs', digits: 3 }],
  rounds: 15,
  measure: (bench, rounds) =>
    withChromium(async (browser) => {
      const origin = await bench.origin()
      const variants: Variant[] = []
      for (const contestant of CONTESTANTS.filter(({ name }) => name === VITE_PROXY || name === PLUGIN_IN_VITE)) {
        const { page } = await bench.start(contestant, origin)
        const context = await browser.newContext()
        await context.addInitScript(STUB)
        const tab = await context.newPage()
        await tab.goto(page.origin)
        variants.push({
          name: contestant.name === VITE_PROXY ? 'without the runtime' : 'with the runtime',
          measure: async () => ({ 'same-origin µs': await tab.evaluate(timeFetch, CALLS) }),
        })
      }
      const outcomes = await runRounds(variants, rounds, { warmUp: 3 })
      return [...outcomes].map(([name, outcome]) => toRow(name, outcome))
    }),
}

/** Runs in the page. */
function timeFetch(calls: number): number {
  const start = performance.now()
  for (let index = 0; index < calls; index++) void fetch('/api/users')
  return ((performance.now() - start) * 1000) / calls
}

const PARALLEL = 40
/** Milliseconds that the API takes. */
const LATENCY = 50

export const parallel: Workload = {
  name: 'parallel',
  title: `${PARALLEL} calls of a page in Chromium at once, each answered after ${LATENCY} ms`,
  figures: [{ name: 'all answered ms' }, { name: 'median call ms' }],
  rounds: 7,
  measure: (bench, rounds) =>
    withChromium(async (browser) => {
      const rows: Row[] = []
      for (const apis of [1, 4]) rows.push(...(await measureParallel(bench, browser, rounds, apis)))
      return rows
    }),
}

async function measureParallel(bench: Bench, browser: Browser, rounds: number, apis: number): Promise<Row[]> {
  const origins = await Promise.all(Array.from({ length: apis }, () => bench.origin()))
  const [first, ...others] = origins
  if (!first) return []
  const moreUpstreams = others.map(({ url }) => url)
  const path = `/api/slow?ms=${LATENCY}`
  const absolute = origins.map(({ url }) => url + path)
  const prefixed = origins.map((_, index) => (index === 0 ? path : `/api${index + 1}${path}`))

  const variants: Variant[] = []
  const add = async (name: string, module: string, urls: readonly string[], https = false): Promise<void> => {
    const contestant = CONTESTANTS.find((one) => one.name === module)
    if (!contestant) return
    const { page } = await bench.start(contestant, first, { https, moreUpstreams })
    const tab = await openTab(browser, page.origin)
    variants.push({ name, measure: () => tab.evaluate(timeCalls, { urls, count: PARALLEL }) })
  }
  // A page that has no plugin calls the APIs themselves, which allow it.
  await add(DIRECT, VITE_PROXY, absolute)
  await add(PLUGIN_IN_VITE, PLUGIN_IN_VITE, prefixed)
  await add(RELAY_IN_VITE, RELAY_IN_VITE, absolute)
  await add(PLUGIN_IN_VITE + OVER_HTTP2, PLUGIN_IN_VITE, prefixed, true)
  await add(RELAY_IN_VITE + OVER_HTTP2, RELAY_IN_VITE, absolute, true)
  const outcomes = await runRounds(variants, rounds)
  const inCase = apis === 1 ? 'all of one API' : `of ${apis} APIs`
  return [...outcomes].map(([name, outcome]) => toRow(name, outcome, inCase))
}

/** Runs in the page. */
async function timeCalls({ urls, count }: { urls: readonly string[]; count: number }): Promise<Record<string, number>> {
  const start = performance.now()
  const times = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const response = await fetch(urls[index % urls.length] ?? '', { cache: 'no-store' })
      await response.text()
      if (!response.ok) throw new Error(`status ${response.status}`)
      return performance.now() - start
    }),
  )
  times.sort((a, b) => a - b)
  return { 'all answered ms': times.at(-1) ?? Number.NaN, 'median call ms': times[count / 2] ?? Number.NaN }
}
