/** A page on a site of somebody else's, open in the browser of whoever runs the dev server: all that it can send. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../e2e/chromium'
import { type Host, type HostKind, startHost } from '../e2e/hosts'
import { SECRET, toBytes } from './corpus'
import { sendBytes } from './raw'
import { type LenientUpstream, startLenientUpstream } from './upstream'

/**
 * The browser's own wall before local addresses is new, differs from browser to browser and asks the person: what is
 * tested is what stands behind it.
 */
const WITHOUT_WALL =
  '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessRespectPreflightResults'
const SITES = 'MAP evil.example 127.0.0.1, MAP rebound.example 127.0.0.1, MAP lan-name.example 127.0.0.1'

/** Browsers start some of these only when they have nothing else to do. */
const PATIENCE = { timeout: 20_000 }

let browser: Browser
let upstream: LenientUpstream

beforeAll(async () => {
  ;[browser, upstream] = await Promise.all([
    launchChromium([WITHOUT_WALL, `--host-resolver-rules=${SITES}`]),
    startLenientUpstream(),
  ])
})

afterAll(async () => {
  await Promise.all([browser?.close(), upstream?.close()])
})

/** Ways to send a request from a page, each to a path of its own. Run in the page. */
const TRICKS: Record<string, string> = {
  fetch: `fetch(url, { credentials: 'include' })`,
  'fetch-with-a-header': `fetch(url, { method: 'PUT', credentials: 'include', headers: { 'x-a': '1' } })`,
  'fetch-no-cors': `fetch(url, { mode: 'no-cors', credentials: 'include' })`,
  'fetch-no-cors-post': `fetch(url, { method: 'POST', mode: 'no-cors', body: 'x', credentials: 'include' })`,
  'fetch-no-referrer': `fetch(url, { mode: 'no-cors', referrerPolicy: 'no-referrer' })`,
  xhr: `(() => { const x = new XMLHttpRequest(); x.open('POST', url); x.withCredentials = true; x.send('x') })()`,
  'event-source': `new EventSource(url, { withCredentials: true })`,
  'web-socket': `new WebSocket(url.replace('http', 'ws'))`,
  beacon: `navigator.sendBeacon(url, 'x')`,
  'beacon-json': `navigator.sendBeacon(url, new Blob(['{}'], { type: 'application/json' }))`,
  image: `add('img', { src: url })`,
  'image-no-referrer': `add('img', { referrerPolicy: 'no-referrer', src: url })`,
  script: `add('script', { src: url })`,
  module: `add('script', { type: 'module', src: url })`,
  import: `import(url)`,
  stylesheet: `add('link', { rel: 'stylesheet', href: url })`,
  preload: `add('link', { rel: 'preload', as: 'fetch', href: url })`,
  prefetch: `add('link', { rel: 'prefetch', href: url })`,
  video: `add('video', { src: url })`,
  audio: `add('audio', { src: url, preload: 'auto' })`,
  frame: `add('iframe', { src: url })`,
  object: `add('object', { data: url })`,
  embed: `add('embed', { src: url })`,
  form: `submit({ method: 'POST' })`,
  'form-get': `submit({ method: 'GET' })`,
  'form-text': `submit({ method: 'POST', enctype: 'text/plain' })`,
  'form-multipart': `submit({ method: 'POST', enctype: 'multipart/form-data' })`,
  font: `document.fonts.add(new FontFace('x', 'url(' + url + ')')), [...document.fonts].at(-1).load()`,
  background: `add('div', { style: 'width:1px;height:1px;background:url(' + url + ')' })`,
  ping: `(() => { const a = add('a', { href: '#', ping: url }); a.click() })()`,
  'worker-import': `new Worker(URL.createObjectURL(new Blob(['importScripts(' + JSON.stringify(url) + ')'])))`,
  'worker-fetch': `new Worker(URL.createObjectURL(new Blob(['fetch(' + JSON.stringify(url) + ')'])))`,
  'sandboxed-fetch': `add('iframe', { sandbox: 'allow-scripts', srcdoc: '<script>fetch(' + JSON.stringify(url) + ')<\\/script>' })`,
  'sandboxed-post': `add('iframe', { sandbox: 'allow-scripts', srcdoc: '<script>fetch(' + JSON.stringify(url) + ', { method: "POST", mode: "no-cors", body: "x" })<\\/script>' })`,
  'sandboxed-socket': `add('iframe', { sandbox: 'allow-scripts', srcdoc: '<script>new WebSocket(' + JSON.stringify(url.replace('http', 'ws')) + ')<\\/script>' })`,
  'sandboxed-form': `add('iframe', { sandbox: 'allow-scripts allow-forms', srcdoc: '<form method=post action=' + url + '></form><script>document.forms[0].submit()<\\/script>' })`,
}

/** Runs in the page. Whatever throws there has sent nothing, or is one of the browser's own refusals. */
const HELPERS = `
  const add = (name, members) => {
    const element = document.createElement(name)
    for (const [key, value] of Object.entries(members)) element.setAttribute(key, value)
    document.body.append(element)
    return element
  }
  const submit = (members) => {
    const frame = add('iframe', { name: 'f' + Math.random() })
    const form = add('form', { ...members, action: url, target: frame.name })
    form.innerHTML = '<input name=x value=1>'
    form.submit()
  }
`

async function playTricks(page: Page, urlOf: (name: string) => string): Promise<void> {
  for (const [name, code] of Object.entries(TRICKS)) {
    await page.evaluate(`(() => { const url = ${JSON.stringify(urlOf(name))}; ${HELPERS}
      try { Promise.resolve(${code}).catch(() => {}) } catch {} })()`)
  }
}

async function foreignPage(context: BrowserContext, url: string): Promise<Page> {
  await context.route(url, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>evil</title><body></body>' }),
  )
  const page = await context.newPage()
  await page.goto(url)
  return page
}

const NAMED = 'allowedHosts: ["localhost", "lan-name.example"]'
const CONFIGS: Partial<Record<HostKind, string>> = {
  vite: `server: { ${NAMED} },`,
  webpack: `devServer: { ${NAMED} },`,
}

describe.each<[HostKind]>([['vite'], ['vite-https'], ['webpack'], ['express']])('%s', (kind) => {
  let host: Host

  beforeAll(async () => {
    host = await startHost(kind, {
      config: CONFIGS[kind] ?? '',
      options: {
        targets: {
          '/api': upstream.origin,
          '/secret': { url: upstream.origin, proxy: { headers: { 'x-api-key': SECRET } } },
        },
      },
    })
  })

  afterAll(() => host?.close())

  /** What the upstream has been asked since, up to a call that comes after everything. */
  async function seenSince(from: number): Promise<string[]> {
    const { host: authority } = new URL(host.origin)
    const headers = { 'Sec-Fetch-Site': 'same-origin' }
    const { status } = await sendBytes(
      host.origin,
      toBytes({ method: 'GET', target: '/api/alive', authority, headers }),
    )
    expect(status).toBe(200)
    return upstream.seen
      .slice(from)
      .filter(({ headers }) => headers['access-control-request-method'] === undefined)
      .map(({ method, target }) => `${method} ${target}`)
      .filter((one) => one !== 'GET /api/alive')
  }

  it('keeps a foreign page out, whatever it sends', async () => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const page = await foreignPage(context, 'http://evil.example/')
    const from = upstream.seen.length
    const logged = host.logs().length
    const ways = [`/api`, `/__cors-dev/to/${upstream.origin.replace('://', '/')}`]
    for (const way of ways) await playTricks(page, (name) => `${host.origin}${way}/${name}`)
    // Each has come and was refused, or the test would pass for want of requests.
    const paths = ways.flatMap((way) => Object.keys(TRICKS).map((name) => `${way}/${name}`))
    await expect
      .poll(() => {
        const lines = host.logs().slice(logged)
        return paths.filter((path) => !lines.some((line) => line.includes(`${path} was refused`)))
      }, PATIENCE)
      .toEqual([])
    expect(await seenSince(from)).toEqual([])
    await context.close()
  })

  it('keeps out a page whose own name was made to lead here', async () => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const { protocol, port } = new URL(host.origin)
    const page = await foreignPage(context, `${protocol}//rebound.example:${port}/`)
    const from = upstream.seen.length
    const logged = host.logs().length
    const relay = `/__cors-dev/to/${upstream.origin.replace('://', '/')}`
    const answers = await page.evaluate(
      async ({ paths, socket }) => {
        const statuses = await Promise.all(
          paths.flatMap((path) => [
            fetch(path, { credentials: 'include' }).then(
              async (response) => `${response.status} ${await response.text()}`,
            ),
            fetch(path, { method: 'POST', body: 'x' }).then(({ status }) => `${status}`),
          ]),
        )
        const opened = await new Promise((resolve) => {
          const one = new WebSocket(socket)
          one.onopen = () => resolve('open')
          one.onerror = () => resolve('refused')
        })
        return [...statuses, opened]
      },
      {
        paths: ['/api/rebound', '/secret/rebound', `${relay}/rebound`, '/__cors-dev/client.js', '/__cors-dev/decision'],
        socket: `${protocol.replace('http', 'ws')}//rebound.example:${port}/api/rebound`,
      },
    )
    for (const answer of answers) expect(answer).toMatch(/^(?:403|refused)/)
    expect(answers.join()).not.toContain(new URL(upstream.origin).host)
    expect(
      host
        .logs()
        .slice(logged)
        .some((line) => line.includes('rebound.example')),
    ).toBe(true)
    expect(await seenSince(from)).toEqual([])
    await context.close()
  })

  it('tells a foreign page nothing: which targets there are, nor what they answered', async () => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const page = await foreignPage(context, 'http://evil.example/')
    const learnt = await page.evaluate(
      async (scripts) => {
        const native = window.fetch
        const outcomes = []
        for (const src of scripts) {
          for (const referrerPolicy of ['', 'no-referrer']) {
            outcomes.push(
              await new Promise((resolve) => {
                const script = Object.assign(document.createElement('script'), { src, referrerPolicy })
                script.onload = () => resolve('loaded')
                script.onerror = () => resolve('refused')
                document.head.append(script)
              }),
            )
          }
        }
        return { outcomes, isPatched: window.fetch !== native }
      },
      ['client.js', 'failure?url=x', 'decision', ''].map((name) => `${host.origin}/__cors-dev/${name}`),
    )
    expect(learnt).toEqual({ outcomes: Array(8).fill('refused'), isPatched: false })
    await context.close()
  })

  it('tells a foreign page nothing by a script of the host that carries the runtime', async () => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const page = await foreignPage(context, 'http://evil.example/')
    const learnt = await page.evaluate(
      (urls) => {
        const native = window.fetch
        return Promise.all(
          urls.flatMap((url) => [
            new Promise((resolve) => {
              const script = Object.assign(document.createElement('script'), { src: url })
              script.onload = script.onerror = () => resolve(window.fetch === native)
              document.head.append(script)
            }),
            new Promise((resolve) => {
              const code = `const native = fetch; try { importScripts(${JSON.stringify(url)}) } catch {}; postMessage(fetch === native)`
              const worker = new Worker(URL.createObjectURL(new Blob([code])))
              worker.onmessage = ({ data }) => resolve(data)
              worker.onerror = () => resolve('failed')
            }),
          ]),
        )
      },
      // By the second name, browsers don't say who asks.
      [host.origin, host.origin.replace('localhost', 'lan-name.example')].flatMap((origin) =>
        ['@vite/env', '@vite/client', 'main.js', 'src/main.js', '%40vite/env?x'].map((name) => `${origin}/${name}`),
      ),
    )
    expect(learnt).toEqual(Array(20).fill(true))
    await context.close()
  })

  it('lets a foreign page open what it could open at the API, and nothing else', async () => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const from = upstream.seen.length
    const relay = `/__cors-dev/to/${upstream.origin.replace('://', '/')}`
    const open = async (path: string): Promise<number> => {
      const page = await foreignPage(context, 'http://evil.example/')
      const answered = page.waitForResponse(host.origin + path)
      await page.evaluate((url) => void (location.href = url), host.origin + path)
      const status = (await answered).status()
      await page.close()
      return status
    }
    expect(await open('/secret/opened')).toBe(403)
    expect(await open(`${relay}/opened`)).toBe(403)
    expect(await open('/__cors-dev/client.js')).toBe(403)
    expect(await seenSince(from)).toEqual([])
    expect(await open('/api/opened')).toBe(200)
    expect(await seenSince(from)).toEqual(['GET /api/opened'])
    await context.close()
  })
})
