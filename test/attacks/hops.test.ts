/** The nonce of a redirect from one target to another, in hands that it was not given to, or once more. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type HostKind, type Host, startHost } from '../e2e/hosts'
import { SECRET, toBytes } from './corpus'
import { type Raw, sendBytes } from './raw'
import { type LenientUpstream, startLenientUpstream } from './upstream'

describe.each<[HostKind]>([['vite'], ['webpack'], ['express']])('in %s, the nonce of a hop', (kind) => {
  let first: LenientUpstream
  let other: LenientUpstream
  let guarded: LenientUpstream
  let host: Host

  beforeAll(async () => {
    ;[other, guarded] = await Promise.all([startLenientUpstream(), startLenientUpstream()])
    first = await startLenientUpstream(
      () => `HTTP/1.1 307 Temporary Redirect\r\nLocation: ${other.origin}/next\r\nContent-Length: 0\r\n\r\n`,
    )
    host = await startHost(kind, {
      options: {
        targets: [first.origin, other.origin, { url: guarded.origin, proxy: { headers: { 'x-api-key': SECRET } } }],
        explain: false,
      },
    })
  })

  afterAll(async () => {
    await Promise.all([host?.close(), first?.close(), other?.close(), guarded?.close()])
  })

  beforeEach(() => {
    for (const { seen } of [first, other, guarded]) seen.length = 0
  })

  function ask(target: string, headers: Record<string, string> = {}): Promise<Raw> {
    const { host: authority } = new URL(host.origin)
    const own = { Origin: host.origin, 'Sec-Fetch-Site': 'same-origin', Authorization: 'Bearer token' }
    return sendBytes(host.origin, toBytes({ method: 'GET', target, authority, headers: { ...own, ...headers } }))
  }

  const at = ({ origin }: LenientUpstream): string => `${origin.replace('://', '/')}/next`

  async function redirected(way = 'to'): Promise<string> {
    const { headers } = await ask(`/__cors-dev/${way}/${at(first)}`)
    const [, nonce] = /^\/__cors-dev\/hop\/([\w-]{22})\//.exec(headers['location'] ?? '') ?? []
    expect(headers['location']).toBe(`/__cors-dev/hop/${nonce}/${way}/${at(other)}`)
    return nonce ?? ''
  }

  const arrivals = (): string[] => [first, other, guarded].flatMap(({ seen }) => seen.map(({ target }) => target))

  it('gives nothing to whoever replays it: each time a call without token, as the page could make it', async () => {
    const nonce = await redirected()
    const replays: Record<string, string>[] = [{}, {}, { Cookie: 'session=theirs' }]
    for (const headers of replays) {
      expect((await ask(`/__cors-dev/hop/${nonce}/to/${at(other)}`, headers)).status).toBe(200)
    }
    expect(other.seen.map(({ headers }) => [headers['authorization'], headers['origin'], headers['cookie']])).toEqual([
      [undefined, 'null', undefined],
      [undefined, host.origin, undefined],
      [undefined, host.origin, undefined],
    ])
  })

  it('leads to no other target than the one it was made for, and calls forth no secret', async () => {
    const nonce = await redirected()
    first.seen.length = 0
    for (const target of [guarded, first]) {
      for (const way of ['to', 'anon', 'hop', `hop/${nonce}/to`]) {
        const { status, headers } = await ask(`/__cors-dev/hop/${nonce}/${way}/${at(target)}`)
        expect(status, way).toBe(404)
        expect(headers['access-control-allow-origin']).toBeUndefined()
      }
    }
    expect(arrivals()).toEqual([])
  })

  it('is nothing to a page of another origin', async () => {
    const nonce = await redirected()
    first.seen.length = 0
    const foreign = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }
    expect((await ask(`/__cors-dev/hop/${nonce}/to/${at(other)}`, foreign)).status).toBe(403)
    expect(arrivals()).toEqual([])
  })

  it('can not be made up, not from one that is known either', async () => {
    const nonce = await redirected()
    first.seen.length = 0
    const forged = Array.from(
      nonce,
      (letter, i) => nonce.slice(0, i) + (letter === 'A' ? 'B' : 'A') + nonce.slice(i + 1),
    )
    for (const one of [
      ...forged,
      nonce.slice(1),
      `${nonce}A`,
      '',
      '*',
      '__proto__',
      'constructor',
      '%00',
      'A'.repeat(8000),
    ]) {
      expect(Math.floor((await ask(`/__cors-dev/hop/${one}/to/${at(other)}`)).status / 100), one).toBe(4)
    }
    expect(arrivals()).toEqual([])
  })

  it('ends with the dev server', async () => {
    const nonce = await redirected('anon')
    expect((await ask(`/__cors-dev/hop/${nonce}/anon/${at(other)}`)).status).toBe(200)
    await host.restart()
    other.seen.length = 0
    expect((await ask(`/__cors-dev/hop/${nonce}/anon/${at(other)}`)).status).toBe(404)
    expect(other.seen).toEqual([])
  })
})
