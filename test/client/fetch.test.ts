import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { withPage } from './with-page'

const scene = withPage('always')

it('answers as the API, read across origins', async () => {
  const { api, page } = scene
  const seen = await page.evaluate(async (url) => {
    const response = await fetch(url)
    const { status, url: shown, type, redirected } = response
    return { status, shown, type, redirected, total: response.headers.get('x-total'), body: await response.json() }
  }, `${api.origin}/json?a=%2F&b=1#part`)
  expect(seen).toEqual({
    status: 201,
    shown: `${api.origin}/json?a=%2F&b=1`,
    type: 'cors',
    redirected: false,
    total: '7',
    body: { name: 'Ada' },
  })
  expect(scene.dev.seen).toEqual([`anon/http/${new URL(api.origin).host}/json?a=%2F&b=1`])
})

it('shows where a redirect led, in the API own terms', async () => {
  const seen = await scene.page.evaluate(async (url) => {
    const response = await fetch(url)
    const { url: shown, type, redirected } = response.clone()
    return { shown, type, redirected }
  }, `${scene.api.origin}/redirect`)
  expect(seen).toEqual({ shown: `${scene.api.origin}/json?redirected`, type: 'cors', redirected: true })
})

it.each([
  ['include', 'to'],
  ['same-origin', 'anon'],
  ['omit', 'anon'],
] as const)('takes the credentials mode %s to the relay %s', async (credentials, kind) => {
  await scene.page.evaluate(([url, mode]) => fetch(url, { credentials: mode }), [
    `${scene.api.origin}/json`,
    credentials,
  ] as const)
  expect(scene.dev.seen[0]).toMatch(`${kind}/`)
})

it.each<[name: string, call: (url: string) => Promise<Response>, sent: object]>([
  [
    'a string with an init',
    (url) => fetch(url, { method: 'put', headers: { 'x-custom': '1' }, body: '{}' }),
    { method: 'PUT', text: '{}', headers: { 'x-custom': '1', 'content-type': 'text/plain;charset=UTF-8' } },
  ],
  ['a URL', (url) => fetch(new URL(url), { method: 'DELETE' }), { method: 'DELETE', size: 0 }],
  [
    'a Request',
    (url) => fetch(new Request(url, { method: 'POST', headers: { authorization: 'me' }, body: 'text' })),
    { method: 'POST', text: 'text', headers: { authorization: 'me', 'content-type': 'text/plain;charset=UTF-8' } },
  ],
  [
    'a Request and an init that overrides it',
    (url) => fetch(new Request(url, { method: 'POST', body: 'old' }), { method: 'PATCH', body: 'new' }),
    { method: 'PATCH', text: 'new' },
  ],
  [
    'an instance of a subclass of Request',
    (url) => fetch(new (class extends Request {})(url, { method: 'POST', body: new URLSearchParams({ a: '1' }) })),
    { text: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' } },
  ],
  [
    'a Request for an init',
    (url) => fetch(url, new Request('/elsewhere', { method: 'POST', body: 'borrowed', headers: { 'x-custom': '2' } })),
    { method: 'POST', text: 'borrowed', headers: { 'x-custom': '2' } },
  ],
  [
    'a stream',
    (url) =>
      fetch(url, {
        method: 'POST',
        body: new Blob(['flow', 'ing']).stream(),
        duplex: 'half',
      } as RequestInit),
    { method: 'POST', text: 'flowing' },
  ],
  [
    'an init with inherited members',
    (url) =>
      fetch(
        url,
        new (class {
          get method() {
            return 'PUT'
          }
          get body() {
            return 'got'
          }
        })(),
      ),
    { method: 'PUT', text: 'got' },
  ],
])('sends %s', async (_name, call, sent) => {
  const seen = await scene.page.evaluate(
    `(${call.toString()})(${JSON.stringify(`${scene.api.origin}/echo`)}).then((response) => response.json())`,
  )
  expect(seen).toMatchObject(sent)
  expect(scene.api.seen).toHaveLength(1)
})

it('sends a form with files, from a Request too', async () => {
  const seen = await scene.page.evaluate(async (url) => {
    const body = () => {
      const form = new FormData()
      form.append('name', 'Ada')
      form.append('file', new File(['x'.repeat(70_000)], 'x.txt', { type: 'text/plain' }))
      return form
    }
    const answers = [
      await fetch(url, { method: 'POST', body: body() }),
      await fetch(new Request(url, { method: 'POST', body: body() })),
    ]
    return Promise.all(answers.map((answer) => answer.json()))
  }, `${scene.api.origin}/echo`)
  for (const { headers, text } of seen as { headers: Record<string, string>; text: string }[]) {
    const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1]
    expect(text.startsWith(`--${boundary}\r\n`)).toBe(true)
    expect(text).toContain('filename="x.txt"')
    expect(text.length).toBeGreaterThan(70_000)
  }
})

it('uses a Request up, and rejects one that is used up in the words of the platform', async () => {
  const { used, again, natively } = await scene.page.evaluate(async (url) => {
    const request = new Request(url, { method: 'POST', body: 'once' })
    const first = fetch(request)
    const used = request.bodyUsed
    await first
    const same = new Request('/', { method: 'POST', body: 'once' })
    await same.text()
    const error = (reason: Error) => `${reason.name}: ${reason.message}`
    return { used, again: await fetch(request).catch(error), natively: await fetch(same).catch(error) }
  }, `${scene.api.origin}/echo`)
  expect(used).toBe(true)
  expect(again).toBe(natively)
  expect(scene.api.seen).toHaveLength(1)
})

it('leaves what is wrong with a call to the platform', async () => {
  const seen = await scene.page.evaluate(
    (urls) =>
      Promise.all(
        urls.map((url) =>
          Promise.all(
            [
              { method: 'TRACE' },
              { method: 'GET', body: 'x' },
              { headers: { 'bad name': 'x' } },
              { mode: 'nonsense' },
              { credentials: 'nonsense' },
              { redirect: 'nonsense' },
              5,
            ].map((init) => fetch(url, init as never).catch((error: Error) => `${error.name}: ${error.message}`)),
          ),
        ),
      ),
    [`${scene.api.origin}/json`, '/'],
  )
  expect(seen[0]).toEqual(seen[1])
  expect(scene.api.seen).toEqual([])
})

it('streams an answer as it comes, and stops it when it is aborted', async () => {
  const seen = await scene.page.evaluate(async (url) => {
    const controller = new AbortController()
    const response = await fetch(url, { signal: controller.signal })
    const reader = response.body!.getReader()
    const first = new TextDecoder().decode((await reader.read()).value)
    controller.abort()
    return { first, then: await reader.read().catch((error: Error) => error.name) }
  }, `${scene.api.origin}/held`)
  expect(seen).toEqual({ first: 'first ', then: 'AbortError' })
})

it('rejects with the reason of an abort, before and while a stream is sent', async () => {
  const seen = await scene.page.evaluate(async (url) => {
    const aborted = await fetch(url, { signal: AbortSignal.abort('early') }).catch((reason: unknown) => reason)
    const controller = new AbortController()
    const endless = new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(1)) })
    const init = { method: 'POST', body: endless, duplex: 'half', signal: controller.signal }
    const sending = fetch(url, init as RequestInit).catch((reason: unknown) => reason)
    controller.abort('late')
    return [aborted, await sending]
  }, `${scene.api.origin}/echo`)
  expect(seen).toEqual(['early', 'late'])
  expect(scene.api.seen).toEqual([])
})

it('leaves other modes, other origins and its own alone', async () => {
  const { api, dev, page } = scene
  const seen = await page.evaluate(async (origin) => {
    const opaque = await fetch(`${origin}/json`, { mode: 'no-cors' })
    const blocked = await fetch(`${origin}/json`, { mode: 'same-origin' }).catch((error: Error) => error.name)
    const own = await fetch('/nowhere')
    return { opaque: opaque.type, blocked, own: [own.type, own.status] }
  }, api.origin)
  expect(seen).toEqual({ opaque: 'opaque', blocked: 'TypeError', own: ['basic', 404] })
  expect(dev.seen).toEqual([])
})

it('fails as the platform fails, and the console says why', async () => {
  const url = 'http://127.0.0.1:9/down'
  const seen = await scene.page.evaluate(
    (address) =>
      Promise.all(
        [{}, { method: 'PUT' }, { redirect: 'manual' as const }].map((init) =>
          fetch(address, init).catch((error: Error) => [error instanceof TypeError, error.message]),
        ),
      ),
    url,
  )
  expect(seen).toEqual(Array(3).fill([true, 'Failed to fetch']))
  const told = () => scene.said.filter((text) => text.startsWith('[cors-dev]')).sort()
  await expect.poll(() => told().length).toBe(3)
  expect(told()).toEqual([
    `[cors-dev] GET ${url} failed: connection refused. Start the API.`,
    `[cors-dev] GET ${url} failed: connection refused. Start the API.`,
    `[cors-dev] PUT ${url} failed: connection refused. Start the API.`,
  ])
})

it('says why a body broke off', async () => {
  const url = `${scene.api.origin}/cut`
  const error = await scene.page.evaluate(
    (address) =>
      fetch(address)
        .then((response) => response.text())
        .catch((reason: Error) => reason.name),
    url,
  )
  expect(error).toBe('TypeError')
  await expect
    .poll(() => scene.said)
    .toContain(`[cors-dev] Reading ${url} failed: the API broke off. Look into its log.`)
})

it('names the upstream in resource timing', async () => {
  const url = `${scene.api.origin}/json?timed`
  const seen = await scene.page.evaluate(async (address) => {
    await (await fetch(address)).text()
    const entry = performance.getEntriesByType('resource').find(({ name }) => name === address)
    const json = entry?.toJSON() as { name: string; initiatorType: string }
    return { json: [json.name, json.initiatorType], byName: performance.getEntriesByName(address).length }
  }, url)
  expect(seen).toEqual({ json: [url, 'fetch'], byName: 1 })
})

it('carries axios over both of its adapters', async () => {
  const { page, api } = scene
  await page.addScriptTag({
    content: readFileSync(
      fileURLToPath(import.meta.resolve('axios/dist/browser/axios.cjs')).replace('browser/axios.cjs', 'axios.min.js'),
      'utf8',
    ),
  })
  const seen = await page.evaluate(async (origin) => {
    interface Answer {
      data: { text?: string; message?: string }
      status: number
      request: { responseURL?: string }
    }
    const { axios } = globalThis as unknown as { axios: { request(config: object): Promise<Answer> } }
    const answers = []
    for (const adapter of ['fetch', 'xhr']) {
      const data = { from: adapter }
      const answer = await axios.request({ adapter, method: 'put', url: `${origin}/echo`, data, withCredentials: true })
      const missing = await axios.request({ adapter, url: `${origin}/nowhere` }).catch((error: Error) => error.message)
      const down = await axios
        .request({ adapter, url: 'http://127.0.0.1:9/x' })
        .catch((error: Error & { code: string }) => error.code)
      answers.push([answer.status, answer.data.text, missing, down])
    }
    return answers
  }, api.origin)
  const failures = ['Request failed with status code 404', 'ERR_NETWORK']
  expect(seen).toEqual([
    [200, '{"from":"fetch"}', ...failures],
    [200, '{"from":"xhr"}', ...failures],
  ])
})

it('points at the caller where it fails', async () => {
  const frames = await scene.page.evaluate(async (origin) => {
    const response = await fetch(`${origin}/json`)
    await response.text()
    const xhr = new XMLHttpRequest()
    xhr.open('GET', 'http://127.0.0.1:9/sync', false)
    const calls = {
      down: () => fetch('http://127.0.0.1:9/down'),
      manual: () => fetch('http://127.0.0.1:9/down', { redirect: 'manual' }),
      nonsense: () => fetch(`${origin}/json`, { mode: 'nonsense' as never }),
      used: () => response.text(),
      socket: () => new WebSocket(origin.replace('http', 'ws'), 'b ad'),
      sync: () => xhr.send(),
    }
    const firstFrames: (string | undefined)[] = []
    for (const call of Object.values(calls)) {
      try {
        await call()
      } catch (error) {
        firstFrames.push(/\n +at (?:\w+\.)?(\w+) /.exec((error as Error).stack ?? '')?.[1])
      }
    }
    return firstFrames
  }, scene.api.origin)
  expect(frames).toEqual(['down', 'manual', 'nonsense', 'used', 'socket', 'sync'])
})

it('points at the caller where engines write no message above the frames', async () => {
  const frames = await scene.page.evaluate(async (origin) => {
    // As Firefox does.
    Error.prepareStackTrace = (_, sites) =>
      sites.map((site) => `${site.getFunctionName() ?? ''}@${site.getFileName()}:${site.getLineNumber()}:1\n`).join('')
    const nonsense = () => fetch(`${origin}/json`, { mode: 'nonsense' as never })
    const socket = () => new WebSocket(origin.replace('http', 'ws'), 'b ad')
    const firstFrames: (string | undefined)[] = []
    for (const call of [nonsense, socket]) {
      try {
        await call()
      } catch (error) {
        firstFrames.push((error as Error).stack?.split('@', 1)[0])
      }
    }
    return firstFrames
  }, scene.api.origin)
  expect(frames).toEqual(['nonsense', 'socket'])
})

it('throws what a script throws as it is', async () => {
  const frame = await scene.page.evaluate(() => {
    const url = {
      toString() {
        throw new RangeError('own')
      },
    }
    return fetch(url as never).catch((error: Error) => error.stack?.split('\n')[1]?.trim())
  })
  expect(frame).toMatch(/^at Object\.toString/)
})
