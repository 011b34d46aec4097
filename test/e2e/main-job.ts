/**
 * The main job, told once and run in every host: a page calls an API that has never heard of CORS.
 */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Api, startApi } from './api'
import { launchChromium } from './chromium'
import { type Host, type HostKind, startHost } from './hosts'

const WORKER = `
  const scope = self
  const answer = async (reply, url) => {
    const response = await fetch(url)
    reply({ url: response.url, answeredBy: response.headers.get('x-answered-by') })
  }
  scope.onmessage = ({ data }) => answer((message) => scope.postMessage(message), data)
  scope.onconnect = ({ ports: [port] }) => {
    port.onmessage = ({ data }) => answer((message) => port.postMessage(message), data)
  }
`

const MAIN = `
  import './first.js'
  window.startWorker = (kind) => kind === 'shared'
    ? new SharedWorker(new URL('./worker.js', import.meta.url), { type: 'module' })
    : new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
`

export function describeMainJob(kind: HostKind): void {
  describe(`a page in ${kind}`, () => {
    let api: Api
    let other: Api
    let host: Host
    let browser: Browser
    let page: Page

    beforeAll(async () => {
      ;[api, other, browser] = await Promise.all([startApi(), startApi(), launchChromium()])
      host = await startHost(kind, {
        options: { targets: { '/api': api.origin, '/other': other.origin } },
        files: {
          'index.html': `<!doctype html>
            <html><head><title>page</title>
            <script>window.early = fetch('${api.origin}/early').then((response) => response.url)</script>
            </head><body></body></html>`,
          'src/main.js': MAIN,
          'src/first.js': `window.first = fetch('${api.origin}/first').then((response) => response.url)`,
          'src/worker.js': WORKER,
        },
      })
      const context = await browser.newContext({ ignoreHTTPSErrors: true })
      page = await context.newPage()
      await page.goto(host.url)
      await page.waitForFunction('window.startWorker')
    })

    afterAll(async () => {
      await Promise.all([browser?.close(), host?.close(), api?.close(), other?.close()])
    })

    it('reads an API by its absolute URL, and the response is that of the API', async () => {
      const response = await page.evaluate(async (url) => {
        const answer = await fetch(url)
        const { status, ok, redirected, type } = answer
        return {
          status,
          ok,
          redirected,
          type,
          url: answer.url,
          by: answer.headers.get('x-answered-by'),
          body: await answer.json(),
        }
      }, `${api.origin}/users?q=%2F%20a`)
      expect(response).toMatchObject({
        status: 200,
        ok: true,
        redirected: false,
        type: 'cors',
        url: `${api.origin}/users?q=%2F%20a`,
        by: 'the-api',
        body: {
          method: 'GET',
          url: '/users?q=%2F%20a',
          headers: { host: new URL(api.origin).host, origin: host.origin },
        },
      })
    })

    it('reads it by a path route, the path kept', async () => {
      const body = await page.evaluate(async () => (await fetch('/api/users?page=2')).json())
      expect(body).toMatchObject({ url: '/api/users?page=2', headers: { host: new URL(api.origin).host } })
      expect(body.headers.origin).toBeUndefined()
    })

    it('sends what would need a preflight, without waiting for one', async () => {
      const before = api.requests.length
      const body = await page.evaluate(
        async (url) =>
          (
            await fetch(url, {
              method: 'PUT',
              headers: { 'content-type': 'application/json', authorization: 'Bearer token' },
              body: JSON.stringify({ name: 'Ada' }),
            })
          ).json(),
        `${api.origin}/users/1`,
      )
      expect(body).toMatchObject({
        method: 'PUT',
        text: '{"name":"Ada"}',
        headers: { authorization: 'Bearer token', 'content-type': 'application/json', origin: api.origin },
      })
      // What it would have been answered the dev server asks later, to explain the call.
      expect(api.requests[before]?.method).toBe('PUT')
      expect(api.requests.slice(before).filter(({ method }) => method === 'PUT')).toHaveLength(1)
    })

    it('works for XMLHttpRequest', async () => {
      const seen = await page.evaluate(
        (url) =>
          new Promise((resolve) => {
            const xhr = new XMLHttpRequest()
            xhr.open('GET', url)
            xhr.responseType = 'json'
            xhr.onload = () =>
              resolve({ status: xhr.status, responseURL: xhr.responseURL, by: xhr.getResponseHeader('x-answered-by') })
            xhr.send()
          }),
        `${api.origin}/xhr`,
      )
      expect(seen).toEqual({ status: 200, responseURL: `${api.origin}/xhr`, by: 'the-api' })
    })

    it('uploads 50 MB of form data and tells the progress', async () => {
      const seen = await page.evaluate(
        (url) =>
          new Promise<{ progress: number; bytes: number }>((resolve, reject) => {
            const form = new FormData()
            form.append('file', new Blob([new Uint8Array(50_000_000)]), 'file.bin')
            const xhr = new XMLHttpRequest()
            let progress = 0
            xhr.upload.onprogress = () => progress++
            xhr.onload = () => resolve({ progress, bytes: JSON.parse(xhr.responseText).bytes })
            xhr.onerror = () => reject(new Error('upload failed'))
            xhr.open('POST', url)
            xhr.send(form)
          }),
        `${api.origin}/upload`,
      )
      expect(seen.bytes).toBeGreaterThan(50_000_000)
      expect(seen.progress).toBeGreaterThan(1)
    })

    it('delivers server-sent events one by one, as they are sent', async () => {
      await page.evaluate((url) => {
        const seen: string[] = []
        const source = new EventSource(url)
        source.onmessage = ({ data, origin }) => seen.push(`${data} from ${origin}`)
        Object.assign(window, { seen, source })
      }, `${api.origin}/sse`)
      await page.waitForFunction('source.readyState === 1')
      for (const [index, data] of ['one', 'two', 'three'].entries()) {
        api.sendEvent(data)
        await page.waitForFunction(`seen.length === ${index + 1}`)
      }
      expect(await page.evaluate('[seen.join(), source.url]')).toEqual([
        ['one', 'two', 'three'].map((data) => `${data} from ${api.origin}`).join(),
        `${api.origin}/sse`,
      ])
      await page.evaluate('source.close()')
      await expect.poll(() => api.openStreams()).toBe(0)
    })

    it('delivers them on a path route, whatever compresses the answers of the host', async () => {
      await page.evaluate(() => {
        const seen: string[] = []
        const source = new EventSource('/api/sse')
        source.onmessage = ({ data }) => seen.push(data)
        Object.assign(window, { seen, source })
      })
      await page.waitForFunction('source.readyState === 1')
      api.sendEvent('one')
      await page.waitForFunction('seen.length === 1')
      await page.evaluate('source.close()')
    })

    it.each(['relay', 'path'])('exchanges text and bytes over a WebSocket by the %s', async (way) => {
      const url =
        way === 'relay' ? `ws://${new URL(api.origin).host}/socket` : `${host.origin.replace('http', 'ws')}/api/socket`
      const seen = await page.evaluate(
        (address) =>
          new Promise((resolve, reject) => {
            const socket = new WebSocket(address, ['chat'])
            const received: unknown[] = []
            socket.binaryType = 'arraybuffer'
            socket.onopen = () => {
              socket.send('text')
              socket.send(new Uint8Array([1, 2, 3]))
            }
            socket.onerror = () => reject(new Error('socket failed'))
            socket.onmessage = ({ data }) => {
              received.push(typeof data === 'string' ? data : [...new Uint8Array(data)])
              if (received.length === 2) resolve({ received, url: socket.url, protocol: socket.protocol })
            }
          }),
        url,
      )
      expect(seen).toEqual({ received: ['text', [1, 2, 3]], url, protocol: 'chat' })
      const upgrade = api.requests.findLast(({ method }) => method === 'UPGRADE')
      expect(upgrade?.headers.origin).toBe(api.origin)
    })

    it('follows a redirect inside the target, and tells where it ended', async () => {
      const seen = await page.evaluate(async (url) => {
        const response = await fetch(url)
        return { url: response.url, redirected: response.redirected, status: response.status }
      }, `${api.origin}/redirect?to=/end`)
      expect(seen).toEqual({ url: `${api.origin}/end`, redirected: true, status: 200 })
    })

    it('follows a redirect to another target, which never sees the Authorization', async () => {
      for (const start of [`${api.origin}/redirect`, '/api/redirect']) {
        const seen = await page.evaluate(
          async ([from, to]) => {
            const response = await fetch(`${from}?to=${encodeURIComponent(to)}`, {
              headers: { authorization: 'Bearer token' },
            })
            return { url: response.url, body: await response.json() }
          },
          [start, `${other.origin}/end`] as const,
        )
        expect(seen.url).toBe(`${other.origin}/end`)
        expect(seen.body.headers.authorization).toBeUndefined()
        expect(seen.body.headers.origin).toBe(start.startsWith('/') ? host.origin : 'null')
      }
    })

    it('gets through to a target that refuses foreign origins', async () => {
      const statuses = await page.evaluate(
        async ([url]) => [
          (await fetch(url)).status,
          (await fetch(url)).status,
          (await fetch(url, { method: 'POST', body: 'text' })).status,
          (await fetch('/api/strict', { method: 'POST', body: 'text' })).status,
        ],
        [`${api.origin}/strict`] as const,
      )
      expect(statuses).toEqual([200, 200, 200, 200])
    })

    it('keeps a login, and shows no target the cookies of another or of another project', async () => {
      await page.context().addCookies([{ name: 'session', value: 'of-another-project', url: host.origin }])
      const seen = await page.evaluate(
        async ([one, two]) => {
          const cookieOf = async (url: string) => (await (await fetch(url, { credentials: 'include' })).json()).cookie
          await fetch(`${one}/login?set=session%3Done%3B%20Path%3D%2F%3B%20HttpOnly`, { credentials: 'include' })
          await fetch(`${two}/login?set=session%3Dtwo%3B%20Path%3D%2F`, { credentials: 'include' })
          const relayed = [await cookieOf(`${one}/me`), await cookieOf(`${two}/me`), await cookieOf('/api/me')]
          const omitted = (await (await fetch(`${one}/me`)).json()).cookie
          return { relayed, omitted }
        },
        [api.origin, other.origin] as const,
      )
      expect(seen).toEqual({ relayed: ['session=one', 'session=two', ''], omitted: '' })
      await page.context().clearCookies({ name: 'session' })
    })

    it('makes the cookies of a path route storable and sends them back', async () => {
      const set = ['__Host-id=1; Path=/; Secure', 'xsrf=2; Path=/; Domain=example.com; Secure; SameSite=None'].join('|')
      const seen = await page.evaluate(async (cookies) => {
        await fetch(`/api/login?set=${encodeURIComponent(cookies)}`)
        return { sent: (await (await fetch('/api/me')).json()).cookie, readable: document.cookie }
      }, set)
      expect(seen.sent.split('; ').sort()).toEqual(['__Host-id=1', 'xsrf=2'])
      expect(seen.readable).toContain('xsrf=2')
      const other = await page.evaluate(async () => (await (await fetch('/other/me')).json()).cookie)
      expect(other).toBe('')
    })

    it('is there before any script of the page, inline ones included', async () => {
      expect(await page.evaluate('Promise.all([early, first])')).toEqual([`${api.origin}/early`, `${api.origin}/first`])
    })

    it.each(['dedicated', 'shared'])('works in a %s worker', async (worker) => {
      const seen = await page.evaluate(
        ([name, url]) =>
          new Promise((resolve) => {
            const started = (window as unknown as { startWorker(kind: string): Worker & SharedWorker }).startWorker(
              name,
            )
            const port = name === 'shared' ? started.port : started
            port.onmessage = ({ data }: MessageEvent) => resolve(data)
            port.postMessage(url)
          }),
        [worker, `${api.origin}/worker`] as const,
      )
      expect(seen).toEqual({ url: `${api.origin}/worker`, answeredBy: 'the-api' })
    })

    it('serves documents on path routes and none on the relay', async () => {
      const tab = await page.context().newPage()
      await tab.goto(`${host.origin}/api/page`)
      expect(await tab.textContent('h1')).toBe('documentation')
      const relayed = await tab.goto(`${host.origin}/__cors-dev/to/${api.origin.replace('://', '/')}/page`)
      expect(relayed?.status()).toBe(403)
      await tab.close()
    })

    it('prints each route and where it was found', async () => {
      await host.waitForLog(new RegExp(`/api → ${api.origin} \\(targets\\["/api"\\]\\)`))
      await host.waitForLog(new RegExp(`/other → ${other.origin}`))
    })
  })
}
