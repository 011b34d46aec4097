/** A target whose name leads elsewhere than it seemed to: asked of a real resolver, which answers as it likes. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Host, startHost } from '../e2e/hosts'
import { toBytes } from './corpus'
import { type Raw, sendBytes } from './raw'
import { type LenientUpstream, startLenientUpstream } from './upstream'

const METADATA = '169.254.169.254'

/** What each name leads to: the first time, the second … The last answer stays. */
const ZONE: Record<string, string[][]> = {
  'steady.test': [['127.0.0.1']],
  'turning.test': [['127.0.0.1'], [METADATA]],
  'returning.test': [[METADATA], ['127.0.0.1']],
  'metadata.test': [[METADATA]],
  'mixed.test': [['127.0.0.1', METADATA]],
  'nowhere.test': [['0.0.0.0']],
  'many.test': [['224.0.0.1']],
  'alibaba.test': [['100.100.100.200']],
}

let resolver: Socket
let upstream: LenientUpstream
let host: Host
const asked: string[] = []

beforeAll(async () => {
  resolver = createSocket('udp4')
  resolver.on('message', (query, { port, address }) => {
    const name = nameIn(query)
    const answers = ZONE[name] ?? []
    const turn = asked.filter((one) => one === name).length
    asked.push(name)
    resolver.send(answerTo(query, answers[Math.min(turn, answers.length - 1)] ?? []), port, address)
  })
  resolver.bind(0, '127.0.0.1')
  await once(resolver, 'listening')
  upstream = await startLenientUpstream(({ target }, socket) => {
    // No connection outlives its request, so that the name is asked for each.
    if (target.endsWith('/last')) setImmediate(() => socket.end())
    return undefined
  })
  const targets = Object.fromEntries(
    Object.keys(ZONE).map((name) => [`/${name.replace('.test', '')}`, `http://${name}:${upstream.port}`]),
  )
  host = await startHost('express', {
    options: { targets },
    // In the place of the system's resolver.
    config: `
      const { default: dns } = await import('node:dns')
      const resolver = new dns.promises.Resolver({ timeout: 5000 })
      resolver.setServers(['127.0.0.1:${resolver.address().port}'])
      const { lookup } = dns
      dns.lookup = (name, options, callback) => {
        if (!name.endsWith('.test')) return lookup(name, options, callback)
        resolver.resolve4(name).then((found) => callback(null, found.map((address) => ({ address, family: 4 }))), callback)
      }`,
  })
})

afterAll(async () => {
  resolver?.close()
  await Promise.all([host?.close(), upstream?.close()])
})

function nameIn(query: Buffer): string {
  const labels: string[] = []
  for (let at = 12; at < query.length && query[at] !== 0;) {
    const length = query.readUInt8(at)
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return labels.join('.')
}

/** https://www.rfc-editor.org/rfc/rfc1035#section-4.1 */
function answerTo(query: Buffer, addresses: readonly string[]): Buffer {
  const question = query.subarray(12, query.indexOf(0, 12) + 5)
  const head = Buffer.alloc(12)
  query.copy(head, 0, 0, 2)
  head.writeUInt16BE(0x8180, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(addresses.length, 6)
  const records = addresses.map((address) =>
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
  )
  return Buffer.concat([head, question, ...records])
}

function ask(target: string, headers: Record<string, string> = {}): Promise<Raw> {
  const { host: authority } = new URL(host.origin)
  return sendBytes(
    host.origin,
    toBytes({ method: 'GET', target, authority, headers: { 'Sec-Fetch-Site': 'same-origin', ...headers } }),
  )
}

const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'AAAA',
}

it('the address that was checked is the one that is connected to', async () => {
  expect((await ask('/turning/last')).status).toBe(200)
  // Asked once: there was no second answer that could have been another.
  expect(asked.filter((name) => name === 'turning.test')).toHaveLength(1)
})

it('a name that has turned is refused with the next connection', async () => {
  await expect.poll(async () => (await ask('/turning/last')).headers['cors-dev-failure']).toBe('address')
  await host.waitForLog(
    /turning\.test leads to 169\.254\.169\.254, an address that only an entry naming it literally may reach/,
  )
})

it.each(['metadata', 'mixed', 'nowhere', 'many', 'alibaba'])('what %s.test leads to is not called', async (name) => {
  for (const target of [`/${name}/x`, `/__cors-dev/to/http/${name}.test:${upstream.port}/x`]) {
    const from = upstream.seen.length
    expect((await ask(target)).headers['cors-dev-failure']).toBe('address')
    expect((await ask(target, UPGRADE)).status).toBe(502)
    expect(upstream.seen.length).toBe(from)
  }
})

it('a name that comes to its senses is called again', async () => {
  expect((await ask('/returning/x')).headers['cors-dev-failure']).toBe('address')
  expect((await ask('/returning/x')).status).toBe(200)
})
