/** Others that change the same functions, stand between the page and the network, or load the page's modules anew. */
import { readFileSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Api, startApi } from '../e2e/api'
import { launchChromium } from '../e2e/chromium'
import { type Host, type HostKind, resolveFromTests, startHost } from '../e2e/hosts'

const fileOf = (specifier: string): string => readFileSync(resolveFromTests(specifier), 'utf8')

/** As Sentry and OpenTelemetry do it. */
const INSTRUMENTATION = `{
  const seen = window.instrumented = []
  const { fetch } = window
  window.fetch = async function (input, init) {
    const request = new Request(input instanceof Request ? input.clone() : input, init)
    const headers = new Headers(request.headers)
    headers.set('traceparent', '00-' + seen.length)
    const span = { url: request.url }
    seen.push(span)
    const response = await fetch.call(window, input, { ...init, headers })
    span.status = response.status
    return response
  }
  const { open, send } = XMLHttpRequest.prototype
  XMLHttpRequest.prototype.open = function (...args) {
    this.span = { url: String(args[1]) }
    seen.push(this.span)
    return open.apply(this, args)
  }
  XMLHttpRequest.prototype.send = function (...args) {
    const { span } = this
    this.setRequestHeader('traceparent', '00-' + seen.indexOf(span))
    this.addEventListener('loadend', () => (span.status = this.status))
    return send.apply(this, args)
  }
}`

const MAIN = `
  import { version } from './hot.js'
  window.version = version
  window.loads = (window.loads ?? 0) + 1
  if (import.meta.hot) import.meta.hot.accept('./hot.js', (changed) => (window.version = changed.version))
  if (import.meta.webpackHot) import.meta.webpackHot.accept('./hot.js', () => (window.version = version))
  window.loadZone = () => import('zone.js')
  window.mock = async (api) => {
    const [{ setupWorker }, { http, HttpResponse }] = await Promise.all([import('msw/browser'), import('msw')])
    const worker = setupWorker(
      http.get(api + '/mocked', ({ request }) => HttpResponse.json({ mocked: request.url })),
      http.post('/api/mocked', async ({ request }) => HttpResponse.json({ mocked: await request.json() })),
    )
    await worker.start()
  }
`

const OWN_WORKER = `
  const seen = []
  addEventListener('install', () => skipWaiting())
  addEventListener('activate', (event) => event.waitUntil(clients.claim()))
  addEventListener('fetch', (event) => {
    const { request } = event
    const { origin, pathname } = new URL(request.url)
    seen.push(request.url)
    if (pathname === '/seen') event.respondWith(Response.json(seen))
    if (pathname === '/by-worker') event.respondWith(new Response('by the worker'))
    if (pathname === '/passed-on') event.respondWith(fetch(request))
    if (pathname === '/asked-anew') event.respondWith(fetch(origin + '/other', { headers: { 'x-from': 'worker' }, keepalive: true }))
    if (pathname === '/cached') event.respondWith(cached(origin))
    if (pathname === '/first') event.respondWith(caches.match(request))
    if (pathname === '/kept') event.respondWith(kept(request))
  })
  const cached = async (origin) => {
    const cache = await caches.open('own')
    await cache.addAll([origin + '/first', new Request(origin + '/second'), '/own-worker.js'])
    await cache.add(origin + '/third')
    const failed = await cache.addAll([origin + '/fourth', origin + '/me']).catch(String)
    const twice = await cache.addAll([origin + '/first', origin + '/first']).catch(String)
    await cache.addAll([origin + '/third'].values())
    const matched = await Promise.all(['/first', '/second', '/third', '/fourth'].map((path) => cache.match(origin + path)))
    return Response.json({ failed, twice, urls: matched.map((answer) => answer?.url), hasFile: !!(await cache.match('/own-worker.js')) })
  }
  const kept = async (request) => {
    const cache = await caches.open('own')
    const answer = await fetch(request)
    await cache.put(request, answer.clone())
    const held = await Promise.all([cache.match(request), cache.match(request.url), cache.keys(request)])
    return Response.json(held.map((one) => (one[0] ?? one).url))
  }
`

export function describeNeighbours(kind: HostKind, config = ''): void {
  describe(`in ${kind}`, () => {
    let api: Api
    let host: Host
    let browser: Browser
    let context: BrowserContext
    let page: Page
    let said: string[]

    beforeAll(async () => {
      ;[api, browser] = await Promise.all([startApi(), launchChromium()])
      host = await startHost(kind, {
        options: { targets: { '/api': api.origin } },
        config,
        files: {
          'src/main.js': MAIN,
          'src/hot.js': 'export const version = 1',
          'public/mockServiceWorker.js': fileOf('msw/mockServiceWorker.js'),
          'public/own-worker.js': OWN_WORKER,
        },
      })
    })

    beforeEach(async () => {
      context = await browser.newContext()
      page = await context.newPage()
      said = []
      page.on('console', (message) => said.push(message.text()))
      api.requests.length = 0
    })

    afterEach(() => context.close())

    afterAll(async () => {
      await Promise.all([browser?.close(), host?.close(), api?.close()])
    })

    async function open(): Promise<void> {
      await page.goto(host.url)
      await page.waitForFunction('window.loads')
    }

    /** Without the preflights that explain the calls. */
    const requests = (): Api['requests'] => api.requests.filter(({ method }) => method !== 'OPTIONS')

    it('MSW mocks what it has handlers for, and the rest goes to the API', async () => {
      await open()
      await page.evaluate((origin) => (window as unknown as PageWindow).mock(origin), api.origin)
      const seen = await page.evaluate(async (origin) => {
        const mocked = await fetch(`${origin}/mocked?page=2`)
        const xhr = new XMLHttpRequest()
        xhr.open('GET', `${origin}/mocked`)
        await new Promise((resolve) => {
          xhr.onload = resolve
          xhr.send()
        })
        const byPath = await fetch('/api/mocked', { method: 'POST', body: '{"name":"Ada"}' })
        const passed = await fetch(`${origin}/users`, { method: 'PUT', body: 'Ada', headers: { 'x-custom': 'kept' } })
        await fetch(`${origin}/login`, { credentials: 'include' })
        const me = await fetch(`${origin}/me`, { credentials: 'include' })
        return {
          mocked: [mocked.url, await mocked.json()],
          xhr: [xhr.responseURL, xhr.responseText],
          byPath: await byPath.json(),
          passed: [passed.url, (await passed.json()).headers['x-custom']],
          me: await me.json(),
        }
      }, api.origin)
      expect(seen).toEqual({
        mocked: [`${api.origin}/mocked?page=2`, { mocked: `${api.origin}/mocked?page=2` }],
        xhr: [`${api.origin}/mocked`, JSON.stringify({ mocked: `${api.origin}/mocked` })],
        byPath: { mocked: { name: 'Ada' } },
        passed: [`${api.origin}/users`, 'kept'],
        me: { cookie: 'session=secret' },
      })
      expect(requests().map(({ url }) => url)).toEqual(['/users', '/login', '/me'])
      // It names what it has no handler for, and that is what the page called.
      expect(said.filter((text) => text.includes(`PUT ${api.origin}/users`))).toHaveLength(1)
      expect(said.join()).not.toContain('__cors-dev')
    })

    it("the page's own service worker sees what the page calls, and calls the API itself", async () => {
      await open()
      const seen = await page.evaluate(async (origin) => {
        await navigator.serviceWorker.register('/own-worker.js')
        await new Promise((resolve) => {
          if (navigator.serviceWorker.controller) resolve(undefined)
          navigator.serviceWorker.oncontrollerchange = resolve
        })
        const byWorker = await fetch(`${origin}/by-worker`)
        const passedOn = await fetch(`${origin}/passed-on?page=2`, { method: 'POST', body: 'Ada' })
        const askedAnew = await fetch(`${origin}/asked-anew`)
        const cached = await fetch(`${origin}/cached`)
        const first = await fetch(`${origin}/first`)
        const kept = await fetch(`${origin}/kept`)
        const untouched = await fetch(`${origin}/untouched`)
        const urls: string[] = await (await fetch('/seen')).json()
        return {
          byWorker: [byWorker.url, await byWorker.text()],
          passedOn: [passedOn.url, (await passedOn.json()).text],
          askedAnew: (await askedAnew.json()).headers['x-from'],
          cached: await cached.json(),
          first: (await first.json()).url,
          kept: await kept.json(),
          untouched: (await untouched.json()).url,
          urls: urls.filter((url) => url.startsWith(origin) || url.includes('__cors-dev')),
        }
      }, api.origin)
      expect(seen).toEqual({
        byWorker: [`${api.origin}/by-worker`, 'by the worker'],
        passedOn: [`${api.origin}/passed-on?page=2`, 'Ada'],
        askedAnew: 'worker',
        cached: {
          failed: "TypeError: Failed to execute 'addAll' on 'Cache': Request failed",
          urls: ['/first', '/second', '/third'].map((path) => api.origin + path).concat(null as never),
          hasFile: true,
          twice: `InvalidStateError: Failed to execute 'addAll' on 'Cache': Cache.addAll(): duplicate requests (${api.origin}/first)`,
        },
        first: '/first',
        kept: Array(3).fill(`${api.origin}/kept`),
        untouched: '/untouched',
        urls: ['/by-worker', '/passed-on?page=2', '/asked-anew', '/cached', '/first', '/kept', '/untouched'].map(
          (path) => api.origin + path,
        ),
      })
      const paths = requests().map(({ url }) => url)
      expect(paths.filter((path) => !/first|second|third|fourth|me|kept/.test(path))).toEqual([
        '/passed-on?page=2',
        '/other',
        '/untouched',
      ])
      expect(paths.filter((path) => path === '/second')).toEqual(['/second'])
    })

    it.each(['before', 'after'])('zone.js, loaded %s, keeps its zones through every call', async (when) => {
      if (when === 'before') await page.addInitScript(fileOf('zone.js'))
      await open()
      await page.evaluate(() => (window as unknown as PageWindow).loadZone())
      const seen = await page.evaluate(async (origin) => {
        const { Zone } = window as unknown as { Zone: ZoneType }
        const zones: string[] = []
        const mine = Zone.current.fork({ name: 'mine' })
        /** No zone outlives an `await` that is not compiled away. */
        const inZone = (start: (done: (of: string) => void) => void): Promise<void> =>
          new Promise((resolve) => {
            mine.run(() =>
              start((of) => {
                zones.push(`${of} in ${Zone.current.name}`)
                resolve()
              }),
            )
          })
        await inZone((done) => {
          void fetch(`${origin}/users`)
            .then((response) => response.json())
            .then(({ url }: { url: string }) => done(`fetch ${url}`))
        })
        await inZone((done) => {
          const xhr = new XMLHttpRequest()
          xhr.open('GET', `${origin}/xhr`)
          xhr.onload = () => done(`xhr ${xhr.responseURL.replace(origin, '')}`)
          xhr.send()
        })
        await inZone((done) => {
          const socket = new WebSocket(`${origin.replace('http', 'ws')}/socket`)
          socket.addEventListener('open', () => {
            socket.close()
            done('socket')
          })
        })
        await inZone((done) => {
          const source = new EventSource(`${origin}/sse`)
          source.addEventListener('open', () => {
            source.close()
            done('source')
          })
        })
        await inZone((done) => {
          const controller = new AbortController()
          fetch(`${origin}/never`, { signal: controller.signal }).catch(({ name }: Error) => done(name))
          controller.abort()
        })
        return zones
      }, api.origin)
      expect(seen).toEqual(['fetch /users', 'xhr /xhr', 'socket', 'source', 'AbortError'].map((of) => `${of} in mine`))
    })

    it.each(['before', 'after'])('instrumentation that was installed %s it sees each call once', async (when) => {
      if (when === 'before') await page.addInitScript(INSTRUMENTATION)
      await open()
      if (when === 'after') await page.evaluate(INSTRUMENTATION)
      const calls = (base: string): Promise<number[]> =>
        page.evaluate(async (base) => {
          const fetched = await fetch(new Request(`${base}/fetch`, { method: 'POST', body: 'Ada' }))
          const xhr = new XMLHttpRequest()
          xhr.open('GET', `${base}/xhr`)
          await new Promise((resolve) => {
            xhr.onloadend = resolve
            xhr.send()
          })
          return [fetched.status, xhr.status]
        }, base)
      const spans = (): Promise<{ url: string }[]> =>
        page.evaluate(() =>
          (window as unknown as PageWindow).instrumented
            // The hosts' own clients ask for updates.
            .filter(({ url }) => /\/(?:fetch|xhr)$/.test(url))
            .map(({ url, status }) => ({
              url,
              status,
              isTimed: performance.getEntriesByType('resource').some(({ name }) => name === url),
            })),
        )

      expect(await calls(api.origin)).toEqual([200, 200])
      expect(requests().map(({ url, headers }) => [url, /^00-\d$/.test(String(headers.traceparent))])).toEqual([
        ['/fetch', true],
        ['/xhr', true],
      ])
      if (when === 'before') {
        // From below the runtime, it sees calls to the dev server.
        expect(await spans()).toMatchObject([{ status: 200 }, { status: 200 }])
        return
      }
      // On top of it, it is as any other code of the page.
      const called = ['/fetch', '/xhr'].map((path) => ({ url: api.origin + path, status: 200, isTimed: true }))
      await expect.poll(spans).toEqual(called)

      // It stays when the runtime goes, and passes calls on to what was there before.
      await page.evaluate(() => (window as unknown as Record<symbol, () => void>)[Symbol.for('cors-dev')]?.())
      expect(await calls(`${host.origin}/api`)).toEqual([200, 200])
      expect(await spans()).toHaveLength(4)
      await expect(calls(api.origin)).rejects.toThrow('Failed to fetch')
    })

    it('hot updates come through, the runtime is installed once, and can be removed', async () => {
      await open()
      await page.evaluate(() => Object.assign(window, { first: window.fetch }))
      host.write('src/hot.js', 'export const version = 2')
      await page.waitForFunction('window.version === 2')

      const script = `${host.origin}/__cors-dev/client.js`
      const again = kind === 'vite' ? `${host.origin}/@vite/client?again` : `${host.origin}/main.js`
      await page.addScriptTag({ url: script })
      await page.addScriptTag({ url: again, ...(kind === 'vite' && { type: 'module' }) })
      const after = await page.evaluate(async (origin) => {
        const isSame = window.fetch === (window as unknown as PageWindow).first
        await fetch(`${origin}/once`)
        return isSame
      }, api.origin)
      expect(after).toBe(true)
      expect(requests().map(({ url }) => url)).toEqual(['/once'])

      const removed = await page.evaluate(async (origin) => {
        ;(window as unknown as Record<symbol, () => void>)[Symbol.for('cors-dev')]?.()
        const native = String(Object.getOwnPropertyDescriptor(window, 'fetch')?.value)
        const isGone = window.fetch !== (window as unknown as PageWindow).first && native.includes('[native code]')
        return [isGone, await fetch(`${origin}/direct`).catch(({ message }: Error) => message)]
      }, api.origin)
      expect(removed).toEqual([true, 'Failed to fetch'])

      host.write('src/hot.js', 'export const version = 3')
      await page.waitForFunction('window.version === 3')
      expect(said.filter((text) => text.includes('blocked by CORS policy'))).toHaveLength(1)
    })
  })
}

interface ZoneType {
  current: { name: string; fork(spec: { name: string }): { run<T>(callback: () => T): T } }
}

interface PageWindow {
  mock(api: string): Promise<void>
  loadZone(): Promise<unknown>
  instrumented: { url: string; status?: number }[]
  first: typeof fetch
}
