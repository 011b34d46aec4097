/** The table of faults, told once and tried wherever the proxy runs. */
import type { Socket } from 'node:net'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CorsDevOptions } from '../../src/options/types'
import type { Inside } from '../setup/inside'
import { DEPARTURES, type Fault, FAULTS } from './faults'
import { type FaultyApi, startFaultyApi } from './faulty-api'
import { type Answer, openPage, type Page } from './page'

export interface DevServer {
  origin: string
  logs(): string[]
  /** What is alive in its process. */
  look(): Promise<Inside>
  close(): Promise<void>
}

export interface Place {
  /** Of HTTP, as the page speaks it. */
  version: 1 | 2
  start(options: CorsDevOptions): Promise<DevServer>
}

const ALL: Fault[] = Object.values<Fault>(FAULTS)
const WAYS = Object.assign({}, ...ALL.map(({ ways }) => keyed(ways))) as Fault['ways']

function keyed(ways: Fault['ways']): Fault['ways'] {
  return Object.fromEntries(Object.entries(ways).map(([name, way]) => [keyOf(name), way]))
}

function keyOf(name: string): string {
  return name.replace(/\W+/g, '-')
}

const EVENT_STREAM = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'

/** Whoever does not read sees no end. */
const unread: Socket[] = []

/** What an API does that is all right, and whose page then leaves. */
const LONG = {
  stream: (socket: Socket) => void socket.write(`${EVENT_STREAM}data: 1\n\n`),
  'silent-stream': (socket: Socket) => void socket.write(EVENT_STREAM),
  download: (socket: Socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
    }
    socket.on('drain', more).write('HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n')
    more()
  },
  upload: () => {},
  'upload-unread': (socket: Socket) => void unread.push(socket.pause()),
  'upload-answered': (socket: Socket) => void socket.write(`${EVENT_STREAM}data: early\n\n`),
  never: () => {},
  websocket: (socket: Socket, request: string) => {
    const key = /^sec-websocket-key: (.*)$/im.exec(request)?.[1] ?? ''
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
  },
}

export function describeFaults(name: string, { version, start }: Place): void {
  describe(name, () => {
    let api: FaultyApi
    let server: DevServer
    let page: Page
    let before: Inside
    let count = 0

    beforeAll(async () => {
      api = await startFaultyApi({ ...WAYS, ...LONG })
      server = await start({
        explain: false,
        targets: {
          '/api': api.origin,
          // Another name, since one origin has one target on the relay.
          '/impatient': { url: api.origin.replace('127.0.0.1', 'localhost'), proxy: { proxyTimeout: 200 } },
        },
      })
      page = openPage(server.origin, version)
      // What is made once is there then.
      for (const path of ['/api/x', '/impatient/x', relay(api.origin, '/x')]) {
        expect((await page.call(path).over).status).toBe(200)
      }
      page.close()
      before = await server.look()
    })

    afterAll(async () => {
      page?.close()
      await server?.close()
      await api?.stop()
    })

    const roads = (fault: Fault, way: string): [road: 'path' | 'relay', path: string][] => {
      // The terminal says the same line once.
      const rest = `/do/${keyOf(way)}/${count++}`
      if (fault.impatient)
        return [
          ['path', `/impatient${rest}`],
          ['relay', relay(api.origin.replace('127.0.0.1', 'localhost'), rest)],
        ]
      return [
        ['path', `/api${rest}`],
        ['relay', relay(api.origin, rest)],
      ]
    }

    it.each(ALL.map((fault) => [fault.what, fault] as const))('an API that %s', async (_, fault) => {
      const idle = api.open()
      await Promise.all(
        Object.keys(fault.ways).flatMap((way) =>
          roads(fault, way).map(async ([road, path]) => {
            const from = server.logs().length
            const call = page.call(path)
            if (fault.becomes === 'waits') {
              await expect.poll(() => call.answer.status, { message: way }).toBe(200)
              call.leave()
            }
            expectOutcome(fault, road, await call.over, `${way}, ${road}`)
            const line = (): string | undefined =>
              server.logs().find((text, at) => at >= from && text.includes(path.replace(/^\/__.*?:\d+/, '')))
            if (fault.cause === '') expect(line()).toBeUndefined()
            else await expect.poll(line, { message: way }).toContain(` failed: `)
            if (fault.cause !== '') expect(line()).toContain(fault.cause)
          }),
        ),
      )
      await expect.poll(() => api.open()).toBeLessThanOrEqual(idle)
    })

    function expectOutcome(fault: Fault, road: 'path' | 'relay', answer: Answer, message: string): void {
      const { status, headers, body, isWhole } = answer
      expect(body, message).not.toContain('SECOND')
      if (fault.becomes === 'failure') {
        expect([status, headers['cors-dev-failure'], isWhole], message).toEqual([
          road === 'path' ? fault.status : 302,
          fault.code,
          true,
        ])
        if (road === 'relay') expect(headers['location'], message).toBe('data:,')
        else expect(JSON.parse(body), message).toMatchObject({ status: fault.status, code: fault.code })
        return
      }
      expect([status, headers['x-answered-by']], message).toEqual([200, 'api'])
      if (fault.becomes === 'whole') expect([body, isWhole], message).toEqual(['0123456789', true])
      else expect(isWhole, message).toBe(false)
      expect('0123456789'.startsWith(body), message).toBe(true)
    }

    it.each(
      ALL.filter(({ becomes, impatient }) => becomes === 'failure' && !impatient).map(
        (fault) => [fault.what, fault] as const,
      ),
    )('an API that %s when it is asked for a WebSocket', async (_, fault) => {
      const idle = api.open()
      await Promise.all(
        Object.keys(fault.ways).map(async (way) => {
          const socket = openSocket(`/api/do/${keyOf(way)}/${count++}`)
          const [error] = (await once(socket, 'error')) as [Error]
          expect(error.message, way).toContain(String(fault.status))
        }),
      )
      await expect.poll(() => api.open()).toBeLessThanOrEqual(idle)
    })

    function openSocket(path: string): WebSocket {
      const url = server.origin.replace('http', 'ws') + path
      return new WebSocket(url, { rejectUnauthorized: false, origin: server.origin })
    }

    describe(`a page that ${DEPARTURES.leaves}`, () => {
      it.each([
        ['an event stream', 'stream'],
        ['a silent event stream', 'silent-stream'],
        ['a download', 'download'],
        ['a call that nobody answers', 'never'],
      ])('%s: the API is let go', async (_, way) => {
        const idle = api.open()
        const calls = ['/api', relay(api.origin, '')].map((base) => page.call(`${base}/do/${way}/${count++}`))
        await expect.poll(() => api.received.filter((line) => line.includes(`/do/${way}/`)).length).toBe(2)
        if (way !== 'never') await expect.poll(() => calls.every(({ answer }) => answer.status === 200)).toBe(true)
        if (way === 'download') await expect.poll(() => calls.every(({ answer }) => answer.body !== '')).toBe(true)
        for (const call of calls) call.leave()
        await expect.poll(() => api.open()).toBeLessThanOrEqual(idle)
      })

      it.each([
        ['that the API reads', 'upload'],
        ['that it does not read', 'upload-unread'],
        ['that it has answered', 'upload-answered'],
      ])('an upload %s: the API is let go', async (_, way) => {
        const idle = api.open()
        const calls = ['/api', relay(api.origin, '')].map((base) =>
          page.call(`${base}/do/${way}/${count++}`, { method: 'POST', body: true }),
        )
        for (const call of calls) call.send(Buffer.alloc(way === 'upload-unread' ? 5_000_000 : 1000))
        await expect.poll(() => api.received.filter((line) => line.includes(`/do/${way}/`)).length).toBe(2)
        if (way === 'upload-answered')
          await expect.poll(() => calls.every(({ answer }) => answer.body !== '')).toBe(true)
        for (const call of calls) call.leave()
        await Promise.all(calls.map(({ over }) => over))
        for (const socket of unread.splice(0)) socket.resume()
        await expect.poll(() => api.open()).toBeLessThanOrEqual(idle)
      })

      it.each(['terminate', 'close'] as const)('a WebSocket, by %s: the API is let go', async (how) => {
        const idle = api.open()
        const sockets = ['/api', relay(api.origin, '')].map((base) => openSocket(`${base}/do/websocket/${count++}`))
        for (const socket of sockets) socket.on('error', () => {})
        await expect.poll(() => sockets.every(({ readyState }) => readyState === WebSocket.OPEN)).toBe(true)
        for (const socket of sockets) {
          if (how === 'terminate') socket.terminate()
          // The API never answers the close, so that the page has to go.
          else socket.close(1000, 'enough')
        }
        for (const socket of sockets) if (how === 'close') socket.terminate()
        await expect.poll(() => api.open()).toBeLessThanOrEqual(idle)
      })

      it('says nothing in the terminal', () => {
        expect(
          server.logs().filter((line) => /page went away|\/do\/(?:stream|download|upload|never|websocket)/.test(line)),
        ).toEqual([])
      })
    })

    it('and afterwards all is as before', async () => {
      const next = await page.call('/api/x').over
      expect([next.status, next.body]).toEqual([200, 'ok'])
      page.close()
      await api.stop()
      await expect.poll(async () => more(before, await server.look()), { interval: 200, timeout: 20_000 }).toEqual([])
      expect((await server.look()).uncaught).toEqual([])
      expect(server.logs().filter((line) => /uncaught|unhandled|\(node:|\bat .*\.js:\d/i.test(line))).toEqual([])
    })
  })
}

export function relay(origin: string, path: string): string {
  return `/__cors-dev/to/${origin.replace('://', '/')}${path}`
}

/** What is open now and was not before. */
function more(before: Inside, now: Inside): string[] {
  return Object.entries(now.resources)
    .filter(
      ([kind, count]) => /^(?:TCP|TLS|Pipe|GetAddrInfo|Shutdown)/.test(kind) && count > (before.resources[kind] ?? 0),
    )
    .map(([kind, count]) => `${count - (before.resources[kind] ?? 0)} more ${kind}`)
}
