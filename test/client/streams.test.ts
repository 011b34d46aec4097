import { expect, it } from 'vitest'
import { withPage } from './with-page'

const scene = withPage('always')

it('delivers the events of a stream as the API sends them', async () => {
  const url = `${scene.api.origin}/events`
  const seen = await scene.page.evaluate(
    (address) =>
      new Promise((resolve) => {
        const source = new EventSource(address)
        source.onmessage = ({ data, origin, lastEventId }) => {
          resolve({ url: source.url, data, origin, lastEventId, is: source instanceof EventSource })
          source.close()
        }
      }),
    url,
  )
  expect(seen).toEqual({ url, data: 'one', origin: scene.api.origin, lastEventId: '1', is: true })
  expect(scene.dev.seen[0]).toMatch('anon/http/')
})

it('opens a stream with credentials through the relay that carries them', async () => {
  const seen = await scene.page.evaluate(
    (address) =>
      new Promise((resolve) => {
        const source = new (class extends EventSource {
          own = 'mine'
        })(address, { withCredentials: true })
        source.onopen = () => {
          resolve([source.withCredentials, source.own, source.constructor.name])
          source.close()
        }
      }),
    `${scene.api.origin}/events`,
  )
  expect(seen).toEqual([true, 'mine', 'source'].map((value) => (value === 'source' ? expect.any(String) : value)))
  expect(scene.dev.seen[0]).toMatch('to/http/')
})

it('connects a socket: text, bytes, subprotocol, address and origin', async () => {
  const { origin } = scene.api
  const url = `${origin.replace('http', 'ws')}/socket?room=1`
  const seen = await scene.page.evaluate(
    (address) =>
      new Promise((resolve) => {
        const socket = new WebSocket(address, ['other', 'chat'])
        const got: unknown[] = []
        socket.binaryType = 'arraybuffer'
        socket.onopen = () => {
          socket.send('text')
          socket.send(new Uint8Array([1, 2]))
        }
        socket.onmessage = ({ data, origin }) => {
          got.push(typeof data === 'string' ? data : [...new Uint8Array(data as ArrayBuffer)], origin)
          if (got.length < 4) return
          const { url, protocol } = socket
          socket.onclose = ({ code, reason, wasClean }) => resolve({ got, url, protocol, code, reason, wasClean })
          socket.close(3001, 'done')
        }
      }),
    url,
  )
  const from = origin.replace('http', 'ws')
  expect(seen).toEqual({
    got: ['text', from, [1, 2], from],
    url,
    protocol: 'chat',
    code: 3001,
    reason: 'done',
    wasClean: true,
  })
  expect(scene.dev.seen).toEqual([`to/http/${new URL(origin).host}/socket?room=1`])
})

it('takes an http address for a socket, as the platform does', async () => {
  const url = await scene.page.evaluate(
    (address) =>
      new Promise((resolve) => {
        const socket = new WebSocket(address)
        socket.onopen = () => resolve(socket.url)
      }),
    `${scene.api.origin}/socket`,
  )
  expect(url).toBe(`${scene.api.origin.replace('http', 'ws')}/socket`)
})

it('throws what the platform throws', async () => {
  const seen = await scene.page.evaluate(
    (origins) =>
      origins.map((origin) =>
        [
          () => new WebSocket(`${origin}/x#part`),
          () => new WebSocket(`${origin}/x`, ['a', 'a']),
          () => (WebSocket as unknown as (url: string) => void)(`${origin}/x`),
          () => new EventSource('http://'),
          () => (EventSource as unknown as (url: string) => void)(`${origin}/x`),
        ].map((call) => {
          try {
            call()
          } catch (error) {
            return `${(error as Error).name}: ${(error as Error).message}`.replaceAll(origin, 'there')
          }
        }),
      ),
    [scene.api.origin.replace('http', 'ws'), 'ws://stranger.invalid'],
  )
  expect(seen[0]).toEqual(seen[1])
})

it('fails as the platform fails, and the console says why, once for all retries', async () => {
  const seen = await scene.page.evaluate(() =>
    Promise.all([
      new Promise((resolve) => {
        const socket = new WebSocket('ws://127.0.0.1:9/socket')
        const events: unknown[] = []
        socket.onerror = () => events.push('error')
        socket.onclose = ({ code, wasClean }) => resolve([...events, code, wasClean])
      }),
      new Promise((resolve) => {
        const source = new EventSource('http://127.0.0.1:9/events')
        source.onerror = () => {
          source.dispatchEvent(new Event('error'))
          source.close()
          resolve('error')
        }
      }),
    ]),
  )
  expect(seen).toEqual([['error', 1006, false], 'error'])
  const told = () => scene.said.filter((text) => text.startsWith('[cors-dev]')).sort()
  await expect.poll(() => told().length).toBe(2)
  expect(told()).toEqual([
    '[cors-dev] GET http://127.0.0.1:9/events failed: connection refused. Start the API.',
    '[cors-dev] GET ws://127.0.0.1:9/socket failed: connection refused. Start the API.',
  ])
})

it('sends a beacon', async () => {
  const sent = await scene.page.evaluate(
    (url) => navigator.sendBeacon(url, new Blob(['{}'], { type: 'application/json' })),
    `${scene.api.origin}/echo?beacon`,
  )
  expect(sent).toBe(true)
  await expect.poll(() => scene.api.seen.map(({ method, body }) => [method, String(body)])).toEqual([['POST', '{}']])
  // The page before this one may still be asking why its stream failed.
  expect(scene.dev.seen.filter((path) => !path.startsWith('failure'))[0]).toMatch('to/http/')
})

it('sends the last words of a page, Requests with a body too', async () => {
  await scene.page.evaluate((url) => {
    addEventListener('pagehide', () => {
      const init = (body: string): RequestInit => ({ method: 'POST', body, keepalive: true })
      void fetch(`${url}?init`, init('init'))
      void fetch(new Request(`${url}?request`, init('request')))
      void fetch(new Request(`${url}?clone`, init('clone')).clone())
      void fetch(new Request(new Request(`${url}?copy`, init('copy'))))
      void fetch(new Request(new Request(`${url}?other`, init('former')), { body: 'other' }))
    })
  }, `${scene.api.origin}/echo`)
  await scene.page.goto('about:blank')
  const heard = (): unknown[] => scene.api.seen.map(({ url, body }) => [url, String(body)]).sort()
  await expect.poll(heard).toEqual(['clone', 'copy', 'init', 'other', 'request'].map((name) => [`/echo?${name}`, name]))
})
