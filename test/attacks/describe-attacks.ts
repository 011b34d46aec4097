/** The corpus, told once and tried on every host. */
import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Host, type HostKind, startHost } from '../e2e/hosts'
import { type Attack, CORPUS, type Place, SECRET, type Sent, toBytes } from './corpus'
import { openHttp2, type Raw, sendBytes, sendHttp2 } from './raw'
import { type LenientUpstream, startLenientUpstream } from './upstream'

/** What no stranger is to learn from an answer. */
const LEAKS = [SECRET, 'node:internal', 'node_modules', /\n\s+at /, /\bError\b.*\.(?:js|ts):\d/]

export function describeAttacks(kind: HostKind): void {
  describe(`what is sent to ${kind}`, () => {
    let upstream: LenientUpstream
    let host: Host
    let at: Place
    let canaries = 0

    beforeAll(async () => {
      upstream = await startLenientUpstream()
      host = await startHost(kind, {
        options: {
          targets: {
            '/api': upstream.origin,
            '/strip': { url: upstream.origin, stripPrefix: true },
            '/secret': { url: upstream.origin, proxy: { headers: { 'x-api-key': SECRET } } },
          },
        },
      })
      at = { origin: host.origin, authority: new URL(host.origin).host, upstream: upstream.port }
    })

    afterAll(async () => {
      await Promise.all([host?.close(), upstream?.close()])
    })

    /** What the upstream has seen of the attack: a call after it arrives after all of it. */
    async function seenBefore(from: number): Promise<typeof upstream.seen> {
      const canary = `/api/still-alive-${canaries++}`
      const { status } = await sendBytes(at.origin, toBytes({ ...ownCall(at), target: canary }))
      expect(status).toBe(200)
      const end = upstream.seen.findIndex(({ target }, index) => index >= from && target === canary)
      expect(end).toBeGreaterThanOrEqual(from)
      return upstream.seen.slice(from).filter(({ target, headers }) => target !== canary && !isAskedAside(headers))
    }

    async function tryAll(attack: Attack, send: (sent: string | Sent) => Promise<Raw>): Promise<void> {
      const { outcome, reaches = '/api/x' } = attack
      const isOne = outcome === 'one' || outcome === 'at most one'
      // What reaches the upstream is told apart by being alone; what never does may come in crowds.
      for (const sents of inGroups(attack.sends(at), isOne ? 1 : CROWD)) {
        const from = upstream.seen.length
        const answers = await Promise.all(sents.map(send))
        const seen = await seenBefore(from)
        const isRefused = outcome === 'refusal' || (outcome === 'at most one' && seen.length === 0)
        for (const [index, answer] of isRefused ? answers.entries() : []) expectRefusal(answer, shown(sents[index]))
        const targets = seen.map(({ target }) => target)
        const [first] = sents
        if (isRefused || outcome === 'nothing') expect(targets, shown(first)).toEqual([])
        else expect(targets, shown(first)).toEqual([reaches])
        for (const one of seen) {
          expect(one.headers['host'], shown(first)).toBe(`127.0.0.1:${at.upstream}`)
          attack.seen?.(one, at)
        }
      }
    }

    function expectRefusal({ status, headers, text }: Raw, what: string): void {
      // A connection that was no HTTP may also just be closed.
      if (status === 0) expect(text, what).toBe('')
      else expect(Math.floor(status / 100), `${what}\n${text.slice(0, 300)}`).toBe(4)
      expect(
        Object.keys(headers).filter((name) => name.startsWith('access-control')),
        what,
      ).toEqual([])
      expect(headers['set-cookie'], what).toBeUndefined()
      for (const leak of [...LEAKS, `127.0.0.1:${at.upstream}`, host.root]) {
        if (typeof leak === 'string') expect(text, what).not.toContain(leak)
        else expect(text, what).not.toMatch(leak)
      }
    }

    if (kind === 'vite-https') {
      let session: ClientHttp2Session

      beforeAll(async () => {
        session = await openHttp2(host.origin)
      })

      afterAll(() => session?.destroy())

      // Browsers speak HTTP/2 to it; what only HTTP/1.1 can say is said in that.
      it.each(CORPUS.map((attack) => [attack.name, attack] as const))('meets %s', async (_name, attack) => {
        await tryAll(attack, async (sent) => {
          if (!isHttp2(sent)) return sendBytes(at.origin, typeof sent === 'string' ? sent : toBytes(sent))
          if (session.closed || session.destroyed) session = await openHttp2(host.origin)
          return sendHttp2(session, toHttp2(sent), sent.body)
        })
      })
    } else {
      it.each(CORPUS.map((attack) => [attack.name, attack] as const))('meets %s', async (_name, attack) => {
        await tryAll(attack, (sent) => sendBytes(at.origin, typeof sent === 'string' ? sent : toBytes(sent)))
      })
    }

    it('and nothing has gone wrong on the way', () => {
      expect(host.logs().filter((line) => /uncaught|unhandled|\bat .*\(node:|ERR_|TypeError/i.test(line))).toEqual([])
      expect(host.logs().filter((line) => line.includes(SECRET))).toEqual([])
      // Nor has what was sent steered the terminal.
      expect(host.logs().filter((line) => /[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(line))).toEqual([])
    })
  })
}

/** What the dev server asks on its own, to explain CORS. */
function isAskedAside(headers: Record<string, string>): boolean {
  return headers['access-control-request-method'] !== undefined
}

const CROWD = 8

function* inGroups<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}

function shown(sent: string | Sent | undefined): string {
  return (typeof sent === 'string' ? sent : JSON.stringify(sent ?? '')).slice(0, 400)
}

function ownCall({ authority }: Place): Sent {
  return { method: 'GET', target: '/api/x', authority, headers: { 'Sec-Fetch-Site': 'same-origin' } }
}

/** HTTP/2 has no upgrades, and Node's own client sends no field that belongs to a connection. */
function isHttp2(sent: string | Sent): sent is Sent {
  return typeof sent !== 'string' && !('Connection' in sent.headers) && !('Upgrade' in sent.headers)
}

function toHttp2({ method, target, authority, headers }: Sent): OutgoingHttpHeaders {
  const fields = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  return {
    ':method': method,
    ':path': target,
    ':scheme': 'https',
    ':authority': authority,
    ...Object.fromEntries(fields),
  }
}
