import { expect, it } from 'vitest'
import { withPage } from './with-page'

const scene = withPage('always')

it('answers as the API, read across origins', async () => {
  const seen = await scene.page.evaluate(
    (url) =>
      new Promise((resolve) => {
        const xhr = new XMLHttpRequest()
        const states: number[] = []
        xhr.onreadystatechange = () => states.push(xhr.readyState)
        xhr.open('GET', url)
        xhr.responseType = 'json'
        xhr.onload = () =>
          resolve([xhr.status, xhr.responseURL, xhr.getResponseHeader('x-total'), xhr.response, states])
        xhr.send()
      }),
    `${scene.api.origin}/redirect`,
  )
  expect(seen).toEqual([201, `${scene.api.origin}/json?redirected`, '7', { name: 'Ada' }, [1, 2, 3, 4]])
  expect(scene.dev.seen[0]).toMatch('anon/http/')
})

it('opens a second time for credentials, and nothing is lost by it', async () => {
  const seen = await scene.page.evaluate(
    (url) =>
      new Promise((resolve) => {
        const events: string[] = []
        const xhr = new XMLHttpRequest()
        for (const type of ['readystatechange', 'loadstart', 'progress', 'abort', 'error', 'load', 'loadend']) {
          xhr.addEventListener(type, () => events.push(type === 'readystatechange' ? String(xhr.readyState) : type))
        }
        xhr.open('POST', url)
        xhr.responseType = 'arraybuffer'
        xhr.timeout = 20_000
        xhr.overrideMimeType('text/x-own')
        xhr.setRequestHeader('X-Custom', 'a')
        xhr.setRequestHeader('x-custom', 'b')
        xhr.withCredentials = true
        xhr.onloadend = () => {
          const text = new TextDecoder().decode(xhr.response as ArrayBuffer)
          resolve({ events, timeout: xhr.timeout, custom: JSON.parse(text).headers['x-custom'] })
        }
        xhr.send('body')
      }),
    `${scene.api.origin}/echo`,
  )
  expect(seen).toEqual({
    events: ['1', 'loadstart', '2', '3', 'progress', '4', 'load', 'loadend'],
    timeout: 20_000,
    custom: 'a, b',
  })
  expect(scene.dev.seen).toHaveLength(1)
  expect(scene.dev.seen[0]).toMatch('to/http/')
  expect(scene.api.seen).toHaveLength(1)
})

it('keeps an overridden MIME type over the second opening', async () => {
  const seen = await scene.page.evaluate(
    (url) =>
      new Promise((resolve) => {
        const xhr = new XMLHttpRequest()
        xhr.open('POST', url)
        xhr.overrideMimeType('text/plain; charset=utf-16le')
        xhr.withCredentials = true
        xhr.onload = () => resolve(xhr.responseText.charCodeAt(0))
        xhr.send('body')
      }),
    `${scene.api.origin}/echo`,
  )
  expect(seen).toBe('{'.charCodeAt(0) + 256 * '"'.charCodeAt(0))
})

it('reports the progress of an upload', async () => {
  const size = 3_000_000
  const seen = await scene.page.evaluate(
    ([url, bytes]) =>
      new Promise((resolve) => {
        const xhr = new XMLHttpRequest()
        const loaded: number[] = []
        let total = 0
        xhr.upload.onprogress = (event) => {
          loaded.push(event.loaded)
          total = event.total
        }
        xhr.open('POST', url)
        const form = new FormData()
        form.append('file', new Blob([new Uint8Array(bytes)]), 'big.bin')
        xhr.onload = () => resolve({ last: loaded.at(-1), total, size: JSON.parse(xhr.responseText).size })
        xhr.send(form)
      }),
    [`${scene.api.origin}/echo`, size] as const,
  )
  const { last, total, size: arrived } = seen as Record<string, number>
  expect(total).toBeGreaterThan(size)
  expect([last, arrived]).toEqual([total, total])
})

it('aborts and times out with the events of the platform', async () => {
  const seen = await scene.page.evaluate(
    (url) =>
      Promise.all(
        ['abort', 'timeout'].map(
          (how) =>
            new Promise((resolve) => {
              const events: string[] = []
              const xhr = new XMLHttpRequest()
              for (const type of ['abort', 'error', 'load', 'timeout'])
                xhr.addEventListener(type, () => events.push(type))
              xhr.onloadend = () => resolve(events)
              xhr.open('GET', url)
              if (how === 'timeout') xhr.timeout = 50
              else xhr.onreadystatechange = () => xhr.readyState === 2 && xhr.abort()
              xhr.send()
            }),
        ),
      ),
    `${scene.api.origin}/held`,
  )
  expect(seen).toEqual([['abort'], ['timeout']])
})

it('serves synchronous requests', async () => {
  const seen = await scene.page.evaluate((origin) => {
    const xhr = new XMLHttpRequest()
    xhr.open('GET', `${origin}/json`, false)
    xhr.withCredentials = true
    xhr.send()
    const down = new XMLHttpRequest()
    down.open('GET', 'http://127.0.0.1:9/sync', false)
    let error
    try {
      down.send()
    } catch (thrown) {
      error = (thrown as Error).name
    }
    return [xhr.responseText, error]
  }, scene.api.origin)
  expect(seen).toEqual(['{"name":"Ada"}', 'NetworkError'])
  await expect
    .poll(() => scene.said)
    .toContain('[cors-dev] GET http://127.0.0.1:9/sync failed: connection refused. Start the API.')
})

it('fails with a bare error event, and the console says why', async () => {
  const seen = await scene.page.evaluate(
    () =>
      new Promise((resolve) => {
        const xhr = new XMLHttpRequest()
        xhr.open('PUT', 'http://127.0.0.1:9/down')
        xhr.onerror = () => resolve([xhr.status, xhr.readyState, xhr.responseURL, xhr.getAllResponseHeaders()])
        xhr.send('x')
      }),
  )
  expect(seen).toEqual([0, 4, '', ''])
  await expect
    .poll(() => scene.said)
    .toContain('[cors-dev] PUT http://127.0.0.1:9/down failed: connection refused. Start the API.')
})

it('can be used again, for a target and for others', async () => {
  const seen = await scene.page.evaluate(
    async (urls) => {
      const xhr = new XMLHttpRequest()
      const shown = []
      for (const url of urls) {
        xhr.open('GET', url)
        await new Promise((resolve) => {
          xhr.onloadend = resolve
          xhr.send()
        })
        shown.push(xhr.status, new URL(xhr.responseURL).pathname)
      }
      return shown
    },
    [`${scene.api.origin}/json`, '/nowhere', `${scene.api.origin}/json`],
  )
  expect(seen).toEqual([201, '/json', 404, '/nowhere', 201, '/json'])
})

it('refuses what the platform refuses, in its words', async () => {
  const seen = await scene.page.evaluate(
    (urls) =>
      urls.map((url) => {
        const words = (call: (xhr: XMLHttpRequest) => void) => {
          const xhr = new XMLHttpRequest()
          try {
            call(xhr)
          } catch (error) {
            return (error as Error).message
          } finally {
            xhr.abort()
          }
        }
        return [
          words((xhr) => xhr.open('TRACE', url)),
          words((xhr) => xhr.send()),
          words((xhr) => (xhr.open('GET', url), xhr.setRequestHeader('a b', 'c'))),
          words((xhr) => (xhr.open('GET', url), xhr.send(), xhr.send())),
          words((xhr) => (xhr.open('GET', url), xhr.send(), xhr.setRequestHeader('a', 'c'))),
          words((xhr) => (xhr as unknown as { open(method: string): void }).open('GET')),
        ]
      }),
    [`${scene.api.origin}/json`, '/'],
  )
  expect(seen[0]).toEqual(seen[1])
  expect(seen[0]?.every(Boolean)).toBe(true)
})
