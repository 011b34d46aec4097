import { describe, expect, it } from 'vitest'
import { CLASSIC_SCRIPT_BASE, CLIENT_GLOBAL, clientScript } from '../../src/exchange/client-script'
import { readClientBundle } from '../../src/plugin/client-bundle'
import { openPage, withPage } from './with-page'

describe('in a page of the dev server', () => {
  const scene = withPage('always', {}, '/app/')

  it('finds the dev server below its base', async () => {
    expect(
      await scene.page.evaluate((url) => fetch(url).then(({ status }) => status), `${scene.api.origin}/json`),
    ).toBe(201)
  })

  it('changes nothing that a script can see of the functions and classes themselves', async () => {
    const look = () =>
      [
        ['fetch', fetch],
        ['Request', Request],
        ['clone', Request.prototype.clone],
        ['open', XMLHttpRequest.prototype.open],
        ['send', XMLHttpRequest.prototype.send],
        ['sendBeacon', navigator.sendBeacon],
        ['EventSource', EventSource],
        ['WebSocket', WebSocket],
        ['url', Object.getOwnPropertyDescriptor(Response.prototype, 'url')?.get],
        ['getEntriesByName', performance.getEntriesByName],
        ['toString', Function.prototype.toString],
      ].map(([name, value]) => {
        const native = value as (() => void) & { prototype?: { constructor: unknown } }
        return [
          name,
          native.name,
          native.length,
          Object.getOwnPropertyNames(native).sort().join(),
          Function.prototype.toString.call(native),
          !native.prototype || native.prototype.constructor === native,
        ]
      })
    const bare = await openPage(scene, `${scene.dev.origin}/nowhere`)
    expect(await scene.page.evaluate(look)).toEqual(await bare.evaluate(look))
    const added = () => Object.getOwnPropertyNames(globalThis).sort()
    expect(await scene.page.evaluate(added)).toEqual(await bare.evaluate(added))
    const statics = () => [WebSocket.OPEN, new EventSource('/x') instanceof EventSource, fetch === window.fetch]
    expect(await scene.page.evaluate(statics)).toEqual([1, true, true])
  })

  it('is installed once', async () => {
    const same = await scene.page.evaluate(async (src) => {
      const before = fetch
      await new Promise((resolve) => {
        document.head.append(Object.assign(document.createElement('script'), { src, onload: resolve }))
      })
      return before === fetch
    }, `${scene.dev.prefix}client.js`)
    expect(same).toBe(true)
  })

  it('can be removed, also from below a patch that came later', async () => {
    const seen = await scene.page.evaluate(async (url) => {
      const ours = { fetch, WebSocket, open: XMLHttpRequest.prototype.open }
      const patched = (...args: Parameters<typeof fetch>) => ours.fetch(...args)
      globalThis.fetch = patched
      const uninstall = (globalThis as unknown as Record<symbol, () => void>)[Symbol.for('cors-dev')]!
      uninstall()
      return {
        patch: fetch === patched,
        call: await fetch(url).catch((error: Error) => error.name),
        restored: [WebSocket !== ours.WebSocket, XMLHttpRequest.prototype.open !== ours.open],
        constructor: WebSocket.prototype.constructor === WebSocket,
        mark: Symbol.for('cors-dev') in globalThis,
      }
    }, `${scene.api.origin}/json`)
    expect(seen).toEqual({ patch: true, call: 'TypeError', restored: [true, true], constructor: true, mark: false })
    expect(scene.dev.seen.filter((path) => path !== 'client.js')).toEqual([])
  })

  it('stays out of documents whose origin is opaque', async () => {
    const text = `<script src="${scene.dev.origin}${scene.dev.prefix}client.js"></script><script>
      parent.postMessage(Symbol.for('cors-dev') in globalThis, '*')</script>`
    const installed = await scene.page.evaluate(
      (srcdoc) =>
        new Promise((resolve) => {
          addEventListener('message', ({ data }) => resolve(data))
          const frame = Object.assign(document.createElement('iframe'), { srcdoc })
          frame.sandbox.add('allow-scripts')
          document.documentElement.append(frame)
        }),
      text,
    )
    expect(installed).toBe(false)
  })

  it('names its dev server in a document without an address of its own', async () => {
    const { dev, api, page } = scene
    const config = { prefix: dev.prefix, relays: { [api.origin]: 'always' as const }, decisions: {} }
    const inline = clientScript(readClientBundle(), config, CLASSIC_SCRIPT_BASE)
    const status = await page.evaluate(
      ([code, url]) =>
        new Promise((resolve) => {
          addEventListener('message', ({ data }) => resolve(data))
          const srcdoc = `<script>${code}</script><script>
            fetch('${url}').then(({ status }) => parent.postMessage(status, '*'))</script>`
          document.documentElement.append(Object.assign(document.createElement('iframe'), { srcdoc }))
        }),
      [inline, `${api.origin}/json`],
    )
    expect(status).toBe(201)
  })

  it('leaves a page alone that it does not understand', async () => {
    const page = await openPage(scene, `${scene.dev.origin}/nowhere`)
    await page.addScriptTag({ content: readClientBundle() })
    const seen = await page.evaluate((name) => {
      const { install } = (globalThis as unknown as Record<string, { install: (...args: unknown[]) => void }>)[name]!
      const before = fetch
      Object.defineProperty(Response.prototype, 'url', { value: '' })
      install({ prefix: '/__cors-dev/', relays: { 'https://api.example.com': 'always' }, decisions: {} }, location.href)
      return [before === fetch, Symbol.for('cors-dev') in globalThis]
    }, CLIENT_GLOBAL)
    expect(seen).toEqual([true, false])
    expect(scene.said.some((text) => text.startsWith('[cors-dev] Not installed'))).toBe(true)
  })
})

describe('in a page of another server', () => {
  const scene = withPage('always')

  it('calls through the dev server that it was loaded from', async () => {
    const page = await openPage(scene, `${scene.api.origin.replace('127.0.0.1', 'localhost')}/nowhere`)
    await page.addScriptTag({ url: `${scene.dev.origin}${scene.dev.prefix}client.js` })
    const seen = await page.evaluate(async (origin) => {
      const answer = await fetch(`${origin}/json`, {
        method: 'PUT',
        credentials: 'include',
        headers: { 'x-custom': '1' },
      })
      const url = await new Promise((resolve) => {
        const xhr = new XMLHttpRequest()
        xhr.open('PUT', `${origin}/json`)
        xhr.withCredentials = true
        xhr.onload = () => resolve(xhr.responseURL)
        xhr.send('{}')
      })
      const source = new EventSource(`${origin}/events`)
      const from = await new Promise((resolve) => (source.onmessage = (event) => resolve(event.origin)))
      source.close()
      const down = await fetch('http://127.0.0.1:9/x', { redirect: 'manual' }).catch((error: Error) => error.message)
      return [answer.type, answer.url, answer.headers.get('x-total'), url, from, down]
    }, scene.api.origin)
    const url = `${scene.api.origin}/json`
    expect(seen).toEqual(['cors', url, '7', url, scene.api.origin, 'Failed to fetch'])
  })

  it('calls its own server directly', async () => {
    const page = await openPage(scene, `${scene.api.origin}/nowhere`)
    await page.addScriptTag({ url: `${scene.dev.origin}${scene.dev.prefix}client.js` })
    expect(await page.evaluate(() => fetch('/json').then(({ type, url }) => type + url))).toBe(
      `basic${scene.api.origin}/json`,
    )
  })
})
