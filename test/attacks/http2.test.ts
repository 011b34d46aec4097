/** What only HTTP/2 can say, and HTTP/1.1 upstreams would take for something else: each request is one, or none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Host, startHost } from '../e2e/hosts'
import { SECRET, toBytes } from './corpus'
import { type Fields, openFrames, type StreamEnd } from './frames'
import { sendBytes } from './raw'
import { type LenientUpstream, startLenientUpstream } from './upstream'

const SMUGGLED = 'GET /admin HTTP/1.1\r\nHost: x\r\n\r\n'
const LINES = '\r\nX-Planted: 1\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n'

let upstream: LenientUpstream
let host: Host
let authority: string
let canaries = 0

beforeAll(async () => {
  upstream = await startLenientUpstream()
  host = await startHost('vite-https', {
    options: {
      explain: false,
      targets: {
        '/api': upstream.origin,
        '/secret': { url: upstream.origin, proxy: { headers: { 'x-api-key': SECRET } } },
      },
    },
  })
  authority = new URL(host.origin).host
})

afterAll(async () => {
  await Promise.all([host?.close(), upstream?.close()])
})

type Pseudo = Partial<Record<'method' | 'scheme' | 'authority' | 'path', string>>

function head({
  method = 'GET',
  scheme = 'https',
  authority: called = authority,
  path = '/api/x',
}: Pseudo = {}): Fields {
  return [
    [':method', method],
    [':scheme', scheme],
    [':authority', called],
    [':path', path],
    ['sec-fetch-site', 'same-origin'],
    ['sec-fetch-dest', 'empty'],
  ]
}

interface Attack {
  fields: () => Fields
  data?: string
  trailers?: Fields
}

const plus = (more: Fields, pseudo?: Pseudo) => (): Fields => [...head(pseudo), ...more]
const post = { method: 'POST' }
const own = (): string => authority

const ATTACKS: Record<string, Attack> = {
  'a coding': { fields: plus([['transfer-encoding', 'chunked']], post), data: `0\r\n\r\n${SMUGGLED}` },
  'a coding in capitals': { fields: plus([['transfer-encoding', 'ChunKed']], post), data: `0\r\n\r\n${SMUGGLED}` },
  'a name in capitals': { fields: plus([['Transfer-Encoding', 'chunked']], post), data: `0\r\n\r\n${SMUGGLED}` },
  'a length that is too short': { fields: plus([['content-length', '0']], post), data: SMUGGLED },
  'a length that is too long': { fields: plus([['content-length', '999']], post), data: 'x' },
  'two lengths': {
    fields: plus(
      [
        ['content-length', '1'],
        ['content-length', '34'],
      ],
      post,
    ),
    data: SMUGGLED,
  },
  'a list of lengths': { fields: plus([['content-length', `0, ${SMUGGLED.length}`]], post), data: SMUGGLED },
  'a length with a sign': { fields: plus([['content-length', `+${SMUGGLED.length}`]], post), data: SMUGGLED },
  'a length without a body': { fields: plus([['content-length', '34']]) },
  'a body of a GET': { fields: head, data: SMUGGLED },
  'a body of a DELETE': { fields: () => head({ method: 'DELETE' }), data: SMUGGLED },
  'a length among the trailers': { fields: () => head(post), data: 'x', trailers: [['content-length', '99']] },
  'a coding among the trailers': { fields: () => head(post), data: 'x', trailers: [['transfer-encoding', 'chunked']] },
  'a path among the trailers': { fields: () => head(post), data: 'x', trailers: [[':path', '/admin']] },
  'line breaks in a value': { fields: plus([['x-a', `b${LINES}`]]) },
  'a line feed in a value': { fields: plus([['x-a', 'b\nX-Planted: 1']]) },
  'a NUL in a value': { fields: plus([['x-a', 'b\0c']]) },
  'line breaks in a name': { fields: plus([[`x-a: b${LINES}x-b`, 'c']]) },
  'a colon in a name': { fields: plus([['transfer-encoding:chunked', 'x']]) },
  'a space in a name': { fields: plus([['x a', 'b']]) },
  'no name': { fields: plus([['', 'b']]) },
  'line breaks in the path': { fields: () => head({ path: `/api/x HTTP/1.1${LINES}` }) },
  'a space in the path': { fields: () => head({ path: '/api/x HTTP/1.1' }) },
  'a fragment in the path': { fields: () => head({ path: '/api/x#/../admin' }) },
  'a URL for a path': { fields: () => head({ path: 'http://169.254.169.254/api/x' }) },
  'a path without a slash': { fields: () => head({ path: 'api/x' }) },
  'an asterisk for a path': { fields: () => head({ path: '*' }) },
  'an empty path': { fields: () => head({ path: '' }) },
  'a traversal': { fields: () => head({ path: '/api/..%2fadmin' }) },
  'line breaks in the method': { fields: () => head({ method: `GET /admin HTTP/1.1${LINES}` }) },
  'a space in the method': { fields: () => head({ method: 'GET /admin' }) },
  'a method of small letters': { fields: () => head({ method: 'get' }) },
  TRACE: { fields: () => head({ method: 'TRACE', path: '/secret/x' }) },
  'trace in small letters': { fields: () => head({ method: 'trace', path: '/secret/x' }) },
  CONNECT: {
    fields: () => [
      [':method', 'CONNECT'],
      [':authority', '169.254.169.254:80'],
    ],
  },
  'CONNECT with a path': { fields: () => head({ method: 'CONNECT' }) },
  'a WebSocket over HTTP/2': {
    fields: () => [[':protocol', 'websocket'], ...head({ method: 'CONNECT' }), ['sec-websocket-version', '13']],
  },
  'a scheme that is a URL': { fields: () => head({ scheme: 'https://evil.example/?' }) },
  'the scheme http': { fields: () => head({ scheme: 'http' }) },
  'an authority with userinfo': { fields: () => head({ authority: `${own()}@evil.example` }) },
  'the authority of a stranger, and a Host of ours': {
    fields: () => [...head({ authority: 'evil.example' }), ['host', own()]],
  },
  'an authority of ours, and the Host of a stranger': { fields: () => [...head(), ['host', 'evil.example']] },
  'two authorities': { fields: () => [[':authority', 'evil.example'], ...head()] },
  'two paths': { fields: () => [[':path', '/admin'], ...head()] },
  'two methods': { fields: () => [[':method', 'DELETE'], ...head()] },
  'no path': { fields: () => head().filter(([name]) => name !== ':path') },
  'no authority': { fields: () => head().filter(([name]) => name !== ':authority') },
  'a pseudo-header field behind the others': { fields: plus([[':path', '/admin']]) },
  'a pseudo-header field of its own': { fields: () => [[':x', '1'], ...head()] },
  'fields of a connection': {
    fields: plus([
      ['connection', 'x-hop'],
      ['x-hop', '1'],
      ['keep-alive', '1'],
    ]),
  },
  'an upgrade': {
    fields: plus([
      ['upgrade', 'h2c'],
      ['http2-settings', 'AAAA'],
    ]),
  },
  'what TE may not say': { fields: plus([['te', 'gzip']]) },
  'the fields of a proxy': {
    fields: plus([
      ['proxy-authorization', 'Basic eA=='],
      ['proxy-connection', 'x'],
    ]),
  },
  'a cookie in crumbs': {
    fields: plus([
      ['cookie', 'session=theirs'],
      ['cookie', '__cors_dev_0123abcd=key'],
    ]),
  },
  'two proofs that contradict': { fields: plus([['sec-fetch-site', 'cross-site']]) },
  'two origins': { fields: () => [...head(), ['origin', host.origin], ['origin', 'https://evil.example']] },
  'the origin of a stranger': { fields: plus([['origin', 'https://evil.example']]) },
  'more than is taken': {
    fields: plus([['x-long', 'x'.repeat(70_000)]].map(([name = '', value = '']) => [name, value])),
  },
}

/** Sends it on a connection of its own, and answers what came and what the upstream was asked meanwhile. */
async function send({ fields, ...body }: Attack): Promise<{ end: StreamEnd; seen: typeof upstream.seen }> {
  const from = upstream.seen.length
  const frames = await openFrames(host.origin)
  try {
    const end = await frames.end(frames.request(fields(), body))
    return { end, seen: await seenSince(from) }
  } finally {
    frames.close()
  }
}

async function seenSince(from: number): Promise<typeof upstream.seen> {
  const target = `/api/alive-${canaries++}`
  const headers = { 'Sec-Fetch-Site': 'same-origin' }
  expect((await sendBytes(host.origin, toBytes({ method: 'GET', target, authority, headers }))).status).toBe(200)
  return upstream.seen.slice(from).filter((one) => one.target !== target)
}

describe('over HTTP/2', () => {
  it('what is well formed arrives', async () => {
    const { end, seen } = await send({ fields: () => head(post), data: SMUGGLED })
    expect(end.data).toContain('/api/x')
    expect(seen.map(({ method, target, body }) => [method, target, body])).toEqual([['POST', '/api/x', SMUGGLED]])
  })

  it.each(Object.entries(ATTACKS))('%s makes one request or none', async (_name, attack) => {
    const { end, seen } = await send(attack)
    expect(seen.length).toBeLessThanOrEqual(1)
    expect(`${end.headers?.toString('latin1')}${end.data}`).not.toContain(SECRET)
    for (const { target, headers, body, bytes } of seen) {
      expect([target, headers['host']]).toEqual(['/api/x', new URL(upstream.origin).host])
      // All of its body or, where it has none, nothing that could be one.
      expect(['', attack.data]).toContain(body)
      expect(bytes).not.toContain('X-Planted')
      const names = ['x-hop', 'keep-alive', 'te', 'upgrade', 'http2-settings', 'trailer', 'cookie', 'x-planted']
      expect(Object.keys(headers).filter((name) => names.includes(name) || name.startsWith('proxy-'))).toEqual([])
    }
  })

  it.each([
    'a WebSocket over HTTP/2',
    'CONNECT',
    'TRACE',
    'trace in small letters',
    'a traversal',
    'an authority with userinfo',
    'the authority of a stranger, and a Host of ours',
    'two proofs that contradict',
    'two origins',
    'the origin of a stranger',
    'a URL for a path',
  ])('%s is refused', async (name) => {
    expect((await send(ATTACKS[name]!)).seen).toEqual([])
  })

  it('a thousand requests that are taken back at once cost nobody his answer', async () => {
    const frames = await openFrames(host.origin)
    for (let i = 0; i < 1000; i++) frames.reset(frames.request(head({ path: `/api/taken-back-${i}` })))
    expect(await seenSince(upstream.seen.length)).toBeDefined()
    frames.close()
    // Nor is any of them left at the upstream.
    await expect.poll(() => upstream.halfway()).toBe(0)
  })

  it('a header without end ends the connection', async () => {
    const frames = await openFrames(host.origin)
    const end = await frames.end(frames.endless(head(), 4 * 1024 * 1024))
    expect(end.headers).toBeUndefined()
    expect(frames.isClosed || end.isReset).toBe(true)
    await seenSince(upstream.seen.length)
  })

  it('and nothing has gone wrong on the way', () => {
    expect(host.logs().filter((line) => /uncaught|unhandled|\bat .*\(node:|ERR_|TypeError/i.test(line))).toEqual([])
  })
})
