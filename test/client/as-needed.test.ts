import { describe, expect, it } from 'vitest'
import { readClientBundle } from '../../src/plugin/client-bundle'
import { openPage, withPage } from './with-page'

describe('an API that allows the page', () => {
  const scene = withPage('as-needed', { allowsCors: true })
  const direct = () => (scene.dev.decide = () => ({ route: 'direct' }))

  it('is called directly, and each shape of call is asked about once', async () => {
    direct()
    const types = await scene.page.evaluate(async (origin) => {
      const put = () =>
        fetch(`${origin}/echo`, { method: 'put', body: '{}', headers: { Authorization: 'me', Accept: '*/*' } })
      const answers = await Promise.all([fetch(`${origin}/json`), fetch(`${origin}/json?2`), put(), put()])
      answers.push(await fetch(`${origin}/json?3`), await put())
      return answers.map(({ type, url }) => type + new URL(url).port)
    }, scene.api.origin)
    expect(types).toEqual(Array(6).fill(`cors${new URL(scene.api.origin).port}`))
    expect(scene.dev.questions).toHaveLength(2)
    expect(scene.dev.questions).toEqual(
      expect.arrayContaining([
        { url: `${scene.api.origin}/json`, method: 'GET', headers: [], credentials: false, forcesPreflight: false },
        {
          url: `${scene.api.origin}/echo`,
          method: 'PUT',
          headers: ['authorization'],
          credentials: false,
          forcesPreflight: false,
        },
      ]),
    )
    expect(scene.dev.seen.filter((path) => path !== 'decision')).toEqual([])
    expect(scene.api.seen.filter(({ method }) => method !== 'OPTIONS')).toHaveLength(6)
  })

  it('is asked about with all that decides', async () => {
    const json = { type: 'application/json' }
    direct()
    await scene.page.evaluate(
      async ([origin, type]) => {
        const blob = () => new Blob(['{}'], type)
        await fetch(`${origin}/echo`, { method: 'POST', body: blob(), credentials: 'include' })
        await fetch(new Request(`${origin}/echo`, { method: 'POST', body: new URLSearchParams('a=b') }))
        await fetch(`${origin}/echo`, { headers: { cookie: 'dropped', 'X-Custom': '1' } })
        const body = new Blob(['a']).stream()
        await fetch(`${origin}/echo`, { method: 'POST', body, duplex: 'half' } as RequestInit).catch(() => undefined)
        const xhr = new XMLHttpRequest()
        xhr.open('post', `${origin}/echo`)
        xhr.withCredentials = true
        xhr.setRequestHeader('X-Custom', '1')
        xhr.upload.onprogress = () => undefined
        await new Promise((resolve) => {
          xhr.onloadend = resolve
          xhr.send(blob())
        })
      },
      [scene.api.origin, json] as const,
    )
    expect(scene.dev.questions.map(({ url: _, ...shape }) => shape)).toEqual([
      { method: 'POST', headers: ['content-type'], credentials: true, forcesPreflight: false },
      { method: 'POST', headers: [], credentials: false, forcesPreflight: false },
      { method: 'GET', headers: ['x-custom'], credentials: false, forcesPreflight: false },
      { method: 'POST', headers: [], credentials: false, forcesPreflight: true },
      { method: 'POST', headers: ['content-type', 'x-custom'], credentials: true, forcesPreflight: true },
    ])
  })

  it('is reached directly by streams, sockets, beacons and XHR of both kinds', async () => {
    direct()
    const seen = await scene.page.evaluate(async (origin) => {
      const load = (xhr: XMLHttpRequest) =>
        new Promise((resolve) => {
          xhr.onloadend = () => resolve(xhr.responseText)
          xhr.send()
        })
      const later = new XMLHttpRequest()
      later.open('GET', `${origin}/json?async`)
      const now = new XMLHttpRequest()
      now.open('DELETE', `${origin}/json?sync`, false)
      now.send()
      const source = new EventSource(`${origin}/events`)
      const data = await new Promise((resolve) => (source.onmessage = (event) => resolve(event.data)))
      source.close()
      const socket = new WebSocket(`${origin}/socket`)
      await new Promise((resolve) => (socket.onopen = resolve))
      navigator.sendBeacon(`${origin}/echo?beacon`, 'x')
      return [await load(later), now.responseText, data, socket.url]
    }, scene.api.origin)
    expect(seen).toEqual([
      '{"name":"Ada"}',
      '{"name":"Ada"}',
      'one',
      `${scene.api.origin.replace('http', 'ws')}/socket`,
    ])
    await expect.poll(() => scene.api.seen.map(({ url }) => url)).toContain('/echo?beacon')
    expect(scene.dev.seen.every((path) => path === 'decision')).toBe(true)
  })
})

describe('an API that does not', () => {
  const scene = withPage('as-needed')

  it('is called through the relay, once for each call', async () => {
    const seen = await scene.page.evaluate(async (origin) => {
      const form = new FormData()
      form.append('a', '1')
      const posting = fetch(`${origin}/echo`, { method: 'POST', body: form, credentials: 'include' })
      // What is sent is what was there at the time of the call.
      form.append('b', '2')
      const first = await (await posting).json()
      const second = await fetch(new Request(`${origin}/echo`, { method: 'PUT', body: 'text' }))
      return [first.text, (await second.json()).text, second.url]
    }, scene.api.origin)
    expect(seen[0]).toContain('name="a"')
    expect(seen[0]).not.toContain('name="b"')
    expect(seen.slice(1)).toEqual(['text', `${scene.api.origin}/echo`])
    expect(scene.dev.seen.map((path) => path.split('/')[0])).toEqual(['decision', 'to', 'decision', 'anon'])
    expect(scene.api.seen).toHaveLength(2)
  })

  it('is relayed where the dev server cannot say', async () => {
    scene.dev.decide = () => {
      throw new Error('out of order')
    }
    const seen = await scene.page.evaluate(async (origin) => {
      const now = new XMLHttpRequest()
      now.open('GET', `${origin}/json`, false)
      now.send()
      return [(await fetch(`${origin}/json`)).status, now.status]
    }, scene.api.origin)
    expect(seen).toEqual([201, 201])
  })

  it('hears the last words of a page, which can wait for nobody', async () => {
    scene.dev.decide = () => new Promise(() => undefined)
    await scene.page.evaluate((url) => {
      addEventListener('pagehide', () => {
        void fetch(`${url}?init`, { method: 'POST', body: 'init', keepalive: true })
        void fetch(new Request(`${url}?request`, { method: 'PUT', body: 'request', keepalive: true }))
      })
    }, `${scene.api.origin}/echo`)
    await scene.page.goto('about:blank')
    await expect
      .poll(() => scene.api.seen.map(({ method, url }) => `${method} ${url}`).sort())
      .toEqual(['POST /echo?init', 'PUT /echo?request'])
  })

  it('gets an XHR with all it was given, and its events in order', async () => {
    const seen = await scene.page.evaluate(
      (url) =>
        new Promise((resolve) => {
          const events: string[] = []
          const xhr = new XMLHttpRequest()
          for (const type of ['readystatechange', 'loadstart', 'load', 'loadend']) {
            xhr.addEventListener(type, () => events.push(type === 'readystatechange' ? String(xhr.readyState) : type))
          }
          xhr.open('POST', url)
          xhr.responseType = 'json'
          xhr.setRequestHeader('X-Custom', 'kept')
          xhr.withCredentials = true
          xhr.onloadend = () => resolve([xhr.responseURL, xhr.response.headers['x-custom'], xhr.response.text, events])
          const bytes = new TextEncoder().encode('xbodyx').subarray(1, 5)
          xhr.send(bytes)
          bytes.fill(0)
        }),
      `${scene.api.origin}/echo`,
    )
    expect(seen).toEqual([
      `${scene.api.origin}/echo`,
      'kept',
      'body',
      ['1', 'loadstart', '2', '3', '4', 'load', 'loadend'],
    ])
  })

  it('never hears of a call that was aborted while the dev server was asked', async () => {
    let answered = (): void => undefined
    scene.dev.decide = () =>
      new Promise((resolve) => {
        answered = () => resolve({ route: 'relay' })
      })
    const seen = await scene.page.evaluate(async (url) => {
      const controller = new AbortController()
      const fetching = fetch(url, { signal: controller.signal }).catch((reason: unknown) => reason)
      controller.abort('enough')
      const events: string[] = []
      const xhr = new XMLHttpRequest()
      for (const type of ['readystatechange', 'loadstart', 'abort', 'error', 'load', 'loadend']) {
        xhr.addEventListener(type, () => events.push(type === 'readystatechange' ? String(xhr.readyState) : type))
      }
      xhr.open('GET', url)
      xhr.send()
      let again
      try {
        xhr.send()
      } catch (error) {
        again = (error as Error).name
      }
      xhr.abort()
      const replaced = new XMLHttpRequest()
      replaced.open('GET', url)
      replaced.send()
      replaced.open('GET', '/')
      const load = new Promise((resolve) => (replaced.onload = () => resolve(new URL(replaced.responseURL).pathname)))
      replaced.send()
      return { fetching: await fetching, events, state: xhr.readyState, again, replaced: await load }
    }, `${scene.api.origin}/echo`)
    expect(seen).toEqual({
      fetching: 'enough',
      events: ['1', 'loadstart', '4', 'abort', 'loadend'],
      state: 0,
      again: 'InvalidStateError',
      replaced: '/',
    })
    await expect.poll(() => scene.dev.questions.length).toBe(1)
    answered()
    // The next call waits for the same answer, so all that waited before has had it.
    const status = await scene.page.evaluate(
      (url) => fetch(url).then((response) => response.status),
      `${scene.api.origin}/echo?next`,
    )
    expect(status).toBe(200)
    expect(scene.api.seen.map(({ url }) => url)).toEqual(['/echo?next'])
  })

  it('relays streams and sockets, and leaves a beacon alone of which nothing is known', async () => {
    const { origin } = scene.api
    const seen = await scene.page.evaluate(async (api) => {
      const source = new EventSource(`${api}/events`)
      const data = await new Promise((resolve) => (source.onmessage = (event) => resolve(event.data)))
      source.close()
      const socket = new WebSocket(`${api.replace('http', 'ws')}/socket`)
      await new Promise((resolve) => (socket.onopen = resolve))
      navigator.sendBeacon(`${api}/echo?unknown`, 'x')
      await fetch(`${api}/echo`, { method: 'POST', credentials: 'include' })
      navigator.sendBeacon(`${api}/echo?known`, 'x')
      return data
    }, origin)
    expect(seen).toBe('one')
    await expect.poll(() => scene.api.seen.map(({ url }) => url)).toContain('/echo?known')
    await expect.poll(() => scene.api.seen.map(({ url }) => url)).toContain('/echo?unknown')
    const { host } = new URL(origin)
    const relayed = scene.dev.seen.filter((path) => path !== 'decision')
    expect(relayed).toEqual([
      `anon/http/${host}/events`,
      `to/http/${host}/socket`,
      `to/http/${host}/echo`,
      `to/http/${host}/echo?known`,
    ])
  })

  it('takes decisions that came with the runtime', async () => {
    const page = await openPage(scene, `${scene.dev.origin}/nowhere`)
    const { CLIENT_GLOBAL } = await import('../../src/exchange/client-script')
    await page.addScriptTag({ content: readClientBundle() })
    const relayed = await page.evaluate(
      async ([name, origin, prefix]) => {
        const { install } = (globalThis as unknown as Record<string, { install: (...args: unknown[]) => void }>)[name!]!
        const decisions = { [`${origin} GET  false false`]: 'relay' }
        install({ prefix, relays: { [origin!]: 'as-needed' }, decisions }, location.href)
        return (await fetch(`${origin}/json`)).status
      },
      [CLIENT_GLOBAL, scene.api.origin, scene.dev.prefix],
    )
    expect(relayed).toBe(201)
    expect(scene.dev.questions).toEqual([])
  })
})
