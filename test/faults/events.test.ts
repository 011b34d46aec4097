/** What no single answer shows: names, certificates, connections and whole networks that fail, and come back. */
import dns from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { selfSignedCertificate } from '../e2e/certificate'
import { type Host, startHost } from '../e2e/hosts'
import { ask, startDevServer, type DevServer } from '../proxy/dev-server'
import { DEPARTURES, EVENTS } from './faults'
import { type FaultyApi, startFaultyApi } from './faulty-api'
import { type Call, openPage } from './page'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Ways = Parameters<typeof startFaultyApi>[0]

async function start(ways: Ways = {}, url = (api: FaultyApi): string => api.origin): Promise<[DevServer, FaultyApi]> {
  const api = await startFaultyApi(ways)
  const server = await startDevServer({
    explain: false,
    targets: { '/api': { url: url(api), proxy: { proxyTimeout: 200 } } },
  })
  closing.push(api.stop, server.close)
  return [server, api]
}

async function codeOf(server: DevServer, path = '/api/x'): Promise<string> {
  const { status, text } = await ask(server, path)
  return status === 200 ? text : `${status} ${(JSON.parse(text) as { code: string }).code}`
}

describe(`an API that ${EVENTS.handshake[0]}`, () => {
  let server: DevServer
  let silent: FaultyApi
  let answer: Promise<string>

  // The others need not wait for it.
  beforeAll(async () => {
    silent = await startFaultyApi({})
    server = await startDevServer({ targets: { '/api': silent.origin.replace('http', 'https') } })
    answer = codeOf(server)
  })
  afterAll(async () => {
    await server?.close()
    await silent?.stop()
  })

  it('is waited for no longer', async () => {
    expect(await answer).toBe('504 timeout')
    await expect.poll(() => silent.open()).toBe(0)
    expect(server.lines.at(-1)).toContain('did not answer in time')
  })
})

it(`an API that ${EVENTS.refused[0]}`, async () => {
  const [server, api] = await start()
  await api.stop()
  expect(await codeOf(server)).toBe('502 refused')
  expect(server.lines.at(-1)).toContain(EVENTS.refused[2])
  await api.resume()
  expect(await codeOf(server)).toBe('ok')
})

describe(`an API that ${EVENTS.dns[0]}`, () => {
  const { lookup } = dns
  let answers: (string | undefined)[] = []
  beforeAll(() => {
    // In the place of the system's resolver, which would have to be broken for everybody here.
    const flappingLookup = (name: string, options: dns.LookupAllOptions, callback: Answered): void => {
      if (name !== 'flaps.test') return lookup(name, options, callback)
      const code = answers.shift()
      if (code === undefined) callback(null, [{ address: '127.0.0.1', family: 4 }])
      else if (code === NOWHERE) callback(null, [{ address: NOWHERE, family: 4 }])
      else callback(Object.assign(new Error(code), { code }), [])
    }
    dns.lookup = flappingLookup as unknown as typeof lookup
  })
  afterAll(() => {
    dns.lookup = lookup
  })

  /** The broadcast address of this machine's own network, to which nothing connects: ENETUNREACH. */
  const NOWHERE = '127.255.255.255'
  type Answered = (error: Error | null, addresses: dns.LookupAddress[]) => void

  it('is asked as soon as it has one', async () => {
    const [server, api] = await start({}, ({ port }) => `http://flaps.test:${port}`)
    answers = ['EAI_AGAIN', 'ENOTFOUND', undefined, 'EAI_AGAIN']
    expect(await codeOf(server)).toBe('502 dns')
    expect(server.lines.at(-1)).toContain(EVENTS.dns[2])
    expect(await codeOf(server)).toBe('502 dns')
    expect(await codeOf(server)).toBe('ok')
    // A connection that stands needs no name.
    expect(await codeOf(server)).toBe('ok')
    await api.stop()
    await api.resume()
    expect(await codeOf(server)).toBe('502 dns')
    expect(await codeOf(server)).toBe('ok')
  })

  it(`or ${EVENTS.unreachable[0]}: likewise`, async () => {
    const [server] = await start({}, ({ port }) => `http://flaps.test:${port}`)
    answers = [NOWHERE, NOWHERE]
    for (const _ of ['once', 'again']) {
      expect(await codeOf(server)).toBe('502 unreachable')
      expect(server.lines.at(-1)).toContain(EVENTS.unreachable[2])
    }
    expect(await codeOf(server)).toBe('ok')
  })
})

it(`an API that ${EVENTS.expired[0]}`, async () => {
  const tls = await selfSignedCertificate(['localhost'], { notBeforeDate: new Date(0), notAfterDate: new Date(1) })
  const api = await startFaultyApi({}, tls)
  const server = await startDevServer({
    targets: { '/api': { url: `https://localhost:${api.port}`, proxy: { secure: true, ssl: { ca: tls.cert } } } },
  })
  closing.push(api.stop, server.close)
  expect(await codeOf(server)).toBe('502 tls')
  expect(server.lines.at(-1)).toContain(EVENTS.expired[2])
  expect(api.received).toEqual([])
  await expect.poll(() => api.open()).toBe(0)
})

describe(`an API that ${EVENTS.drops[0]}`, () => {
  it.each(['end', 'resetAndDestroy'] as const)('is asked for a WebSocket once: %s', async (how) => {
    // What else is asked once or twice is counted where connections are: see proxy/retry.test.ts.
    const [server, api] = await start({ drop: (socket) => void socket[how]() })
    expect(await codeOf(server)).toBe('ok')
    expect(api.open()).toBe(1)
    const socket = new WebSocket(`ws://localhost:${server.port}/api/do/drop/`, { origin: server.origin })
    const [error] = (await once(socket, 'error')) as [Error]
    expect(error.message).toContain('502')
    expect(api.received).toEqual(['GET /api/x HTTP/1.1', 'GET /api/do/drop/ HTTP/1.1'])
    await expect.poll(() => api.open()).toBe(0)
    expect(await codeOf(server)).toBe('ok')
  })
})

describe(`an API that ${EVENTS.network[0]}`, () => {
  const STREAM = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n'

  /** The wire to an API: it can be cut, or swallow whatever goes over it. */
  async function layWire(api: FaultyApi) {
    const ends = new Set<Socket>()
    let isDead = false
    const server = createServer((near) => {
      const far = connect(api.port, '127.0.0.1')
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        ends.add(from)
        let isLost = false
        from.on('data', (bytes) => {
          // A connection that lost bytes never has anything more to say.
          isLost ||= isDead
          if (!isLost) to.write(bytes)
        })
        from
          .on('error', () => {})
          .on('close', () => {
            ends.delete(from)
            to.destroy()
          })
      }
    })
    const listen = async (port: number): Promise<number> => {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      return (server.address() as AddressInfo).port
    }
    const port = await listen(0)
    const cut = async (): Promise<void> => {
      const closed = once(server, 'close')
      server.close()
      for (const end of ends) end.destroy()
      await closed
    }
    closing.push(() => (server.listening ? cut() : undefined))
    return { port, cut, mend: () => listen(port), setDead: (dead: boolean) => void (isDead = dead) }
  }

  it('answers as before once it is back', async () => {
    const api = await startFaultyApi({ stream: (socket) => void socket.write(STREAM) })
    const wire = await layWire(api)
    const server = await startDevServer({
      explain: false,
      targets: { '/api': { url: `http://127.0.0.1:${wire.port}`, proxy: { proxyTimeout: 200 } } },
    })
    const page = openPage(server.origin, 1)
    closing.push(api.stop, server.close)
    const openStream = async (): Promise<Call> => {
      const stream = page.call('/api/do/stream/')
      await expect.poll(() => stream.answer.body).toContain('data: 1')
      return stream
    }
    expect(await codeOf(server)).toBe('ok')

    // Cut: what is open ends.
    const stream = await openStream()
    await wire.cut()
    expect(await stream.over).toMatchObject({ status: 200, isWhole: false })
    expect(await codeOf(server)).toBe('502 refused')
    await wire.mend()
    expect(await codeOf(server)).toBe('ok')

    // Dead: nobody is told, and the connection that stands is as dead as all.
    const lasting = await openStream()
    wire.setDead(true)
    expect(await codeOf(server)).toBe('504 timeout')
    expect(await codeOf(server)).toBe('504 timeout')
    wire.setDead(false)
    expect(await codeOf(server)).toBe('ok')
    lasting.leave()
    await lasting.over
    await expect.poll(() => api.open()).toBeLessThanOrEqual(1)
  })
})

describe(`a page that ${DEPARTURES.restart}`, () => {
  let host: Host | undefined
  let api: FaultyApi | undefined
  afterEach(async () => {
    await host?.close()
    await api?.stop()
  })

  it.each([
    ['vite', 1],
    ['vite-https', 2],
  ] as const)('%s: no connection is left at the API, and the next call is answered', async (kind, version) => {
    api = await startFaultyApi({
      stream: (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n'),
      upload: () => {},
    })
    const options = { explain: false, targets: { '/api': api.origin } }
    host = await startHost(kind, { options, files: { '.env': 'A=1\n' } })
    const page = openPage(host.origin, version)
    // Leaves a connection that waits for the next call.
    expect((await page.call('/api/x').over).body).toBe('ok')
    const stream = page.call('/api/do/stream/')
    const upload = page.call('/api/do/upload/', { method: 'POST', body: true })
    upload.send('half')
    await expect.poll(() => stream.answer.body).toContain('data: 1')
    await expect.poll(() => api?.received.length).toBe(3)
    const from = host.logs().length
    host.write('.env', 'A=2\n')
    await host.waitForLog(/server restarted/, from)
    expect((await stream.over).isWhole).toBe(false)
    expect((await upload.over).isWhole).toBe(false)
    // Sooner than such a connection runs out by itself.
    await expect.poll(() => api?.open(), { timeout: 10_000 }).toBe(0)
    await expect.poll(async () => (await page.call('/api/x').over).body).toBe('ok')
    expect(host.logs().filter((line) => /failed|uncaught|unhandled/i.test(line))).toEqual([])
    page.close()
  })
})
