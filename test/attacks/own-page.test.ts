/** What a target answers must not come to life under the dev server's origin, whoever in the page asks for it. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../e2e/chromium'
import { type Host, startHost } from '../e2e/hosts'

/** Says, to all of its origin, that it runs. */
const RUNS = `new BroadcastChannel('runs').postMessage('NAME')`

const ANSWERS: Record<string, { type?: string; body: string }> = {
  '/page.html': { type: 'text/html', body: `<!doctype html><script>${RUNS}</script>` },
  '/page.xhtml': {
    type: 'application/xhtml+xml',
    body: `<html xmlns="http://www.w3.org/1999/xhtml"><script>${RUNS}</script></html>`,
  },
  '/image.svg': {
    type: 'image/svg+xml',
    body: `<svg xmlns="http://www.w3.org/2000/svg"><script>${RUNS}</script></svg>`,
  },
  '/untyped': { body: `<!doctype html><script>${RUNS}</script>` },
  '/script.js': { type: 'text/javascript', body: RUNS },
  '/script.txt': { type: 'text/plain', body: RUNS },
  '/style.css': { type: 'text/css', body: ':root { --IDENTIFIER: 1 }' },
}

/** Headers by which an answer would change what the page's origin is to the browser. */
const CHANGES = {
  'clear-site-data': '"cache", "cookies", "storage", "executionContexts"',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'service-worker-allowed': '/',
  'alt-svc': 'h3=":1"; ma=86400',
  refresh: '0; url=/changed',
  'accept-ch': 'Sec-CH-UA-Full-Version-List',
  'set-login': 'logged-in',
  'report-to': '{"group":"default","max_age":1,"endpoints":[{"url":"https://evil.example/"}]}',
  nel: '{"report_to":"default","max_age":1}',
  'access-control-allow-origin': '*',
}

let api: Server
let apiOrigin: string
let browser: Browser
let host: Host

beforeAll(async () => {
  api = createServer((req, res) => {
    const url = new URL(req.url ?? '/', 'http://api')
    const path = url.pathname.replace(/^\/api/, '')
    if (path === '/changes') {
      res.writeHead(200, {
        ...CHANGES,
        'content-type': 'text/plain',
        'set-cookie': ['planted=1; Path=/', 'other=1; Path=/; Max-Age=0'],
      })
      res.end('changed')
      return
    }
    const { type, body = '' } = ANSWERS[path] ?? {}
    if (type !== undefined) res.setHeader('content-type', type)
    // What an upstream says of its own scripts is not for the page's origin to hear.
    res.setHeader('content-security-policy', "script-src * 'unsafe-inline'")
    const by = url.searchParams.get('by') ?? ''
    res.end(body.replaceAll('NAME', by).replaceAll('IDENTIFIER', by.replace(/\W/g, '-')))
  })
  api.listen(0, '127.0.0.1')
  await once(api, 'listening')
  apiOrigin = `http://127.0.0.1:${(api.address() as AddressInfo).port}`
  ;[browser, host] = await Promise.all([
    launchChromium(['--host-resolver-rules=MAP phone-view.example 127.0.0.1']),
    startHost('vite', {
      options: { targets: { '/api': apiOrigin } },
      config: 'server: { allowedHosts: ["phone-view.example"] },',
    }),
  ])
})

afterAll(async () => {
  api?.closeAllConnections()
  api?.close()
  await Promise.all([browser?.close(), host?.close()])
})

/** Every way for a page to bring an answer to life. Each is done when it has come to life, or to nothing. */
const WAYS: Record<string, string> = {
  frame: `add('iframe', { src: at('/page.html') })`,
  'frame of XHTML': `add('iframe', { src: at('/page.xhtml') })`,
  'frame of an image': `add('iframe', { src: at('/image.svg') })`,
  'frame of something': `add('iframe', { src: at('/untyped') })`,
  'sandboxed frame': `add('iframe', { sandbox: 'allow-scripts allow-same-origin', src: at('/page.html') })`,
  object: `add('object', { data: at('/image.svg'), type: 'image/svg+xml' })`,
  embed: `add('embed', { src: at('/image.svg'), type: 'image/svg+xml' })`,
  script: `add('script', { src: at('/script.js') })`,
  'script as text': `add('script', { src: at('/script.txt') })`,
  module: `add('script', { type: 'module', src: at('/script.js') })`,
  import: `import(at('/script.js')).catch(() => {})`,
  stylesheet: `add('link', { rel: 'stylesheet', href: at('/style.css') })`,
  worker: `new Worker(at('/script.js'))`,
  'module worker': `new Worker(at('/script.js'), { type: 'module' })`,
  'shared worker': `new SharedWorker(at('/script.js'))`,
  'imported by a worker': `new Worker(URL.createObjectURL(new Blob(['try { importScripts(' + JSON.stringify(new URL(at('/script.js'), location.href)) + ') } finally { postMessage(1) }'])))`,
  'service worker': `navigator.serviceWorker?.register(at('/script.js'), { scope: at('/') }).catch(() => {})`,
  'service worker of all': `navigator.serviceWorker?.register(at('/script.js'), { scope: '/' }).catch(() => {})`,
  'audio worklet': `self.AudioWorkletNode && new OfflineAudioContext(1, 1, 44100).audioWorklet?.addModule(at('/script.js')).catch(() => {})`,
}

/** What a path route brings to life in every page: when all of it lives, whatever else was to live does, too. */
const SURELY = [
  'frame',
  'sandboxed frame',
  'object',
  'embed',
  'script',
  'module',
  'import',
  'stylesheet',
  'worker',
  'shared worker',
]

/** Tries all ways with all prefixes, and answers which of them came to life: `<prefix> <way>`. */
async function alive(page: Page, prefixes: readonly string[]): Promise<string[]> {
  await page.evaluate(
    ({ ways, prefixes }) => {
      const alive = new Set<string>()
      const tries: unknown[] = []
      Object.assign(window, { alive, tries })
      new BroadcastChannel('runs').onmessage = ({ data }) => alive.add(data)
      const add = (name: string, members: Record<string, string>): HTMLElement => {
        const element = document.createElement(name)
        for (const [key, value] of Object.entries(members)) element.setAttribute(key, value)
        document.body.append(element)
        return element
      }
      for (const prefix of prefixes) {
        for (const [way, code] of Object.entries(ways)) {
          const by = `${prefix} ${way}`
          const at = (path: string): string => `${prefix}${path}?by=${encodeURIComponent(by)}`
          try {
            const trick = (0, eval)(`(add, at) => ${code}`) as (...args: unknown[]) => unknown
            tries.push(trick(add, at))
          } catch {
            // What throws is not there in this page.
          }
        }
      }
    },
    { ways: WAYS, prefixes },
  )
  await page.waitForFunction(
    ({ surely, styles }) => {
      const { alive } = window as unknown as { alive: Set<string> }
      const style = getComputedStyle(document.documentElement)
      for (const name of styles) if (style.getPropertyValue(`--${name.replace(/\W/g, '-')}`)) alive.add(name)
      return surely.every((way) => alive.has(way))
    },
    {
      surely: SURELY.map((way) => `${prefixes.at(-1)} ${way}`),
      styles: prefixes.map((prefix) => `${prefix} stylesheet`),
    },
  )
  return page.evaluate(async () => {
    const { alive, tries } = window as unknown as { alive: Set<string>; tries: unknown[] }
    // One that is about to be refused is registered until then.
    await Promise.allSettled(tries)
    for (const registration of (await navigator.serviceWorker?.getRegistrations()) ?? []) {
      alive.add(`${new URL(registration.scope).pathname} registered`)
      await registration.unregister()
    }
    return [...alive].sort()
  })
}

describe.each([['localhost'], ['phone-view.example']])('in a page on %s', (name) => {
  let page: Page

  beforeAll(async () => {
    page = await (await browser.newContext()).newPage()
    await page.goto(host.url.replace('localhost', name))
  })

  it('nothing that comes through the relay comes to life; what a path route serves does', async () => {
    const relay = ['to', 'anon'].map((kind) => `/__cors-dev/${kind}/${apiOrigin.replace('://', '/')}`)
    const living = await alive(page, [...relay, '/api'])
    expect(living.filter((one) => !one.startsWith('/api'))).toEqual([])
    // A service worker of a path route is that of its path, and can't be that of all.
    expect(living).not.toContain('/api service worker of all')
  })

  it.each(['relay', '/api'])('no answer changes what the origin is to the browser: %s', async (way) => {
    const prefix = way === 'relay' ? `/__cors-dev/to/${apiOrigin.replace('://', '/')}` : '/api'
    const left = await page.evaluate(
      async ({ url, names }) => {
        localStorage.setItem('kept', '1')
        document.cookie = 'other=kept; path=/'
        const response = await fetch(url, { credentials: 'include' })
        const frame = document.createElement('iframe')
        frame.src = url
        await new Promise((resolve) => {
          frame.onload = resolve
          document.body.append(frame)
        })
        return {
          headers: names.filter((name) => response.headers.has(name)),
          storage: localStorage.getItem('kept'),
          cookies: document.cookie,
        }
      },
      { url: `${prefix}/changes`, names: Object.keys(CHANGES) },
    )
    expect(left).toMatchObject({ headers: [], storage: '1' })
    // The relay's cookies stay in the jar. Those of a path route are the browser's, and take no other's place.
    expect(left.cookies).toContain('other=kept')
    if (way === 'relay') expect(left.cookies).not.toContain('planted')
  })
})
