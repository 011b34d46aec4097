/**
 * What has been tried on dev servers and proxies, as requests: https://github.com/advisories names most of them. Each
 * says what may come of it, so that one loop can hold every host to it.
 */
import type { Seen } from './upstream'

/** Where it is tried. */
export interface Place {
  /** Of the dev server, as its page calls it. */
  origin: string
  /** `localhost:5173` */
  authority: string
  /** Port of the upstream behind `/api`, `/strip` and `/secret`. */
  upstream: number
}

/** A request that both versions of HTTP can carry. */
export interface Sent {
  method: string
  target: string
  authority: string
  headers: Record<string, string>
  body?: string
}

/**
 * - `refusal`: a 4xx that says nothing, and the upstream is not even connected to.
 * - `nothing`: whatever the host says of its own; the upstream sees none of it.
 * - `one`: the upstream sees one request, the one that was asked for.
 * - `at most one`: a refusal or `one`: servers may differ on how broken it is, never on how many requests it is.
 */
export type Outcome = 'refusal' | 'nothing' | 'one' | 'at most one'

export interface Attack {
  name: string
  /** Bytes of an HTTP/1.1 connection each, or a request that HTTP/2 can carry as well. */
  sends(at: Place): (string | Sent)[]
  outcome: Outcome
  /** Target that the upstream sees where it sees one; `/api/x` unless said. */
  reaches?: string
  /** What else is to be true of what it sees. */
  seen?(seen: Seen, at: Place): void
}

/** The one secret that the developer put into the options: it goes to its target, and nowhere else. */
export const SECRET = 'sk-4f1d0c9a77'

const OWN = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' }
export const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

export function toBytes({ method, target, authority, headers, body }: Sent): string {
  const fields: Record<string, string> = { Host: authority, ...headers }
  if (body !== undefined) fields['Content-Length'] ??= String(body.length)
  if (fields['Connection'] === undefined) fields['Connection'] = 'close'
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`
}

function own(at: Place, changes: Partial<Sent> = {}): Sent {
  return {
    method: 'GET',
    target: '/api/x',
    authority: at.authority,
    ...changes,
    headers: { ...OWN, ...changes.headers },
  }
}

/** Bytes of a request by the page itself, with lines of one's own in the head. */
function raw(at: Place, requestLine: string, lines: string, body = ''): string {
  const proof = Object.entries(OWN).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${requestLine} HTTP/1.1\r\nHost: ${at.authority}\r\n${proof.join('')}${lines}\r\n${body}`
}

const relayTo = ({ upstream }: Place): string => `/__cors-dev/to/http/127.0.0.1:${upstream}`

// --- Who asks -------------------------------------------------------------------------------------------------------

/** All that answers requests. */
function doors(at: Place) {
  const post = { method: 'POST', body: 'x=1' }
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
  return {
    path: { method: 'GET', target: '/api/x', headers: {} },
    'path by POST': { ...post, target: '/api/x', headers: { 'Content-Type': 'text/plain' } },
    'path by a form': { ...post, target: '/api/x', headers: form },
    'path by DELETE': { method: 'DELETE', target: '/api/x', headers: {} },
    preflight: {
      method: 'OPTIONS',
      target: '/api/x',
      headers: { 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'x-a' },
    },
    'a route with a secret': { method: 'GET', target: '/secret/x', headers: {} },
    relay: { method: 'GET', target: `${relayTo(at)}/x`, headers: {} },
    'relay without credentials': { ...post, target: `${relayTo(at).replace('/to/', '/anon/')}/x`, headers: {} },
    'relay to a stranger': {
      method: 'GET',
      target: '/__cors-dev/to/http/169.254.169.254/latest/meta-data',
      headers: {},
    },
    decision: {
      ...post,
      target: '/__cors-dev/decision',
      headers: { 'Content-Type': 'text/plain' },
      body: JSON.stringify({ url: `http://127.0.0.1:${at.upstream}/x`, method: 'GET', headers: [], credentials: true }),
    },
    failure: { method: 'GET', target: `/__cors-dev/failure?url=http://127.0.0.1:${at.upstream}/x`, headers: {} },
    'reserved prefix': { method: 'GET', target: '/__cors-dev/', headers: {} },
    runtime: { method: 'GET', target: '/__cors-dev/client.js', headers: {} },
    socket: { method: 'GET', target: '/api/x', headers: UPGRADE },
    'relayed socket': { method: 'GET', target: `${relayTo(at)}/x`, headers: UPGRADE },
  } satisfies Record<string, Omit<Sent, 'authority'>>
}

type Headers = Record<string, string>
const CROSS_SITE = { 'Sec-Fetch-Site': 'cross-site' }
const EVIL = 'https://evil.example'

/** Who must not get in by any door. */
const STRANGERS: Record<string, (at: Place) => Headers> = {
  'fetch by a foreign page': () => ({
    Origin: EVIL,
    ...CROSS_SITE,
    'Sec-Fetch-Mode': 'cors',
    'Sec-Fetch-Dest': 'empty',
  }),
  'a foreign page in a browser without Sec-Fetch': () => ({ Origin: EVIL, Referer: `${EVIL}/` }),
  'a foreign page with the cookies of localhost': () => ({ Origin: EVIL, ...CROSS_SITE, Cookie: 'session=1; token=2' }),
  'a sandboxed frame': () => ({ Origin: 'null', ...CROSS_SITE, 'Sec-Fetch-Mode': 'cors' }),
  'a sandboxed frame without Sec-Fetch': () => ({ Origin: 'null' }),
  'a file': () => ({ Origin: 'file://' }),
  'an extension': () => ({ Origin: 'chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb' }),
  'a page on an address': () => ({ Origin: 'http://203.0.113.9' }),
  'a page on 0.0.0.0': () => ({ Origin: 'http://0.0.0.0:8000' }),
  'a page whose name begins as ours': ({ authority }) => ({ Origin: `http://${authority}.evil.example` }),
  'a page whose name ends as ours': () => ({ Origin: 'http://evil-localhost' }),
  'an origin with userinfo': ({ authority }) => ({ Origin: `http://${authority}@evil.example` }),
  'an origin that is none': () => ({ Origin: 'http://[' }),
  'an empty origin': () => ({ Origin: '' }),
  'two origins in one': ({ origin }) => ({ Origin: `${origin}, ${EVIL}` }),
  'an origin that is spelt otherwise': ({ origin }) => ({ Origin: origin.toUpperCase() }),
  'an image of a foreign page': () => ({ ...CROSS_SITE, 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' }),
  'a script of a foreign page': () => ({
    ...CROSS_SITE,
    'Sec-Fetch-Mode': 'no-cors',
    'Sec-Fetch-Dest': 'script',
    Referer: `${EVIL}/`,
  }),
  'a script of a page that hides its Referer': () => ({
    ...CROSS_SITE,
    'Sec-Fetch-Mode': 'no-cors',
    'Sec-Fetch-Dest': 'script',
  }),
  'a frame of a foreign page': () => ({ ...CROSS_SITE, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' }),
  'an object of a foreign page': () => ({ ...CROSS_SITE, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'object' }),
  'a form of a foreign page': () => ({
    Origin: EVIL,
    ...CROSS_SITE,
    'Sec-Fetch-Mode': 'navigate',
    'Sec-Fetch-Dest': 'document',
  }),
  'a browser that is asked for itself, and no document': () => ({
    'Sec-Fetch-Site': 'none',
    'Sec-Fetch-Mode': 'no-cors',
  }),
  'who says nothing': () => ({}),
  'who forges the proxy in front': ({ origin }) => ({
    ...{ 'X-Forwarded-Host': new URL(origin).host, 'X-Forwarded-Proto': 'http', 'X-Forwarded-For': '127.0.0.1' },
    ...{
      Forwarded: `host=${new URL(origin).host}`,
      'X-Real-IP': '127.0.0.1',
      'X-Forwarded-Origin': origin,
      Origin: EVIL,
    },
  }),
  'who guesses a session': () => ({
    Cookie: `${Array.from({ length: 40 }, (_, i) => `__cors_dev_${String(i).padStart(8, '0')}=${'A'.repeat(22)}.${'A'.repeat(22)}`).join('; ')}`,
  }),
}

const strangers: Attack[] = Object.entries(STRANGERS).map(([name, headersOf]) => ({
  name,
  sends: (at) =>
    Object.values(doors(at)).map((door) => ({
      ...door,
      authority: at.authority,
      headers: { ...door.headers, ...headersOf(at) },
    })),
  outcome: 'refusal',
}))

const neighbours: Attack[] = [
  {
    name: 'an image of another local project',
    sends: (at) =>
      Object.entries(doors(at))
        // By name a neighbour may load the runtime: pages that another local server renders do.
        .filter(([door]) => door !== 'runtime')
        .map(([, door]) => ({
          ...door,
          authority: at.authority,
          headers: {
            ...door.headers,
            'Sec-Fetch-Site': 'same-site',
            'Sec-Fetch-Mode': 'no-cors',
            'Sec-Fetch-Dest': 'image',
          },
        })),
    outcome: 'refusal',
  },
  {
    name: 'another local project, where the route adds a secret',
    sends: (at) => [
      own(at, { target: '/secret/x', headers: { Origin: 'http://localhost:1', 'Sec-Fetch-Site': 'same-site' } }),
      own(at, {
        target: '/secret/x',
        headers: { ...UPGRADE, Origin: 'http://localhost:1', 'Sec-Fetch-Site': 'same-site' },
      }),
    ],
    outcome: 'refusal',
  },
  {
    name: 'a link of a foreign page, where the route adds a secret, or to anything but a path route',
    sends: (at) =>
      ['/secret/x', `${relayTo(at)}/x`, '/__cors-dev/', '/__cors-dev/failure?url=x', '/__cors-dev/client.js'].map(
        (target) =>
          own(at, {
            target,
            headers: { ...CROSS_SITE, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' },
          }),
      ),
    outcome: 'refusal',
  },
  {
    name: 'the page itself, for what would run under its origin',
    sends: (at) =>
      [
        'document',
        'iframe',
        'frame',
        'embed',
        'object',
        'script',
        'style',
        'worker',
        'sharedworker',
        'serviceworker',
        'xslt',
        'manifest',
      ].map((dest) => own(at, { target: `${relayTo(at)}/x`, headers: { 'Sec-Fetch-Dest': dest } })),
    outcome: 'refusal',
  },
  {
    name: 'the page itself, for a service worker, where browsers do not say so',
    sends: (at) => [
      {
        method: 'GET',
        target: `${relayTo(at)}/sw.js`,
        authority: at.authority,
        headers: { Origin: at.origin, 'Service-Worker': 'script' },
      },
    ],
    outcome: 'refusal',
  },
]

// --- What it is called ----------------------------------------------------------------------------------------------

const NAMES = [
  ...['evil.example', 'localhost.evil.example', 'evillocalhost', 'localhost.', '127.0.0.1.nip.io', 'xn--localhost-'],
  ...['0.0.0.0', '0', '0.1.2.3', '[::]', '[::ffff:0:0]', '[0:0:0:0:0:0:0:0]', '255.255.255.255', '224.0.0.1'],
  ...['2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '127.1', '127.0.0.01', '127.0.0.1.', '[0:0:0:0:0:0:0:1]'],
]
const NO_NAMES = [
  ...['[::1', '::1', '[', 'a b', 'localhost:', 'localhost:x', 'localhost:99999', 'user@localhost', 'localhost/..'],
  ...['localhost,evil.example', 'localhost%2eevil', 'localhost\\evil', 'localhost#', 'localhost?', '*', '.', ''],
]

const rebinding: Attack[] = [
  ...NAMES.map((name) => [name, true] as const),
  ...NO_NAMES.map((name) => [name, false] as const),
].map(([name, hasPort]) => ({
  name: `a page that calls us ${JSON.stringify(name)}`,
  sends: (at) => {
    const authority = hasPort ? `${name}:${new URL(at.origin).port}` : name
    const { protocol } = new URL(at.origin)
    const { path, preflight, relay, decision, runtime, socket } = doors(at)
    return [
      { ...path, authority, headers: { Origin: `${protocol}//${authority}` } },
      ...[path, preflight, relay, decision, runtime, socket].map(({ headers, ...door }) => ({
        ...door,
        authority,
        headers: { ...OWN, ...headers },
      })),
    ]
  },
  outcome: 'refusal',
}))

const lan: Attack = {
  name: 'a page on the LAN, where browsers send no Sec-Fetch, without the session of ours',
  sends: (at) =>
    ['192.168.1.5', '[fd00::5]', '169.254.7.7'].flatMap((address) =>
      Object.values(doors(at)).map((door) => ({ ...door, authority: `${address}:${new URL(at.origin).port}` })),
    ),
  outcome: 'refusal',
}

// --- What it asks for -----------------------------------------------------------------------------------------------

/** Leave the route at some server or other, or make two of one. */
const TRAVERSALS = [
  ...['/../admin', '/..', '/.', '/./admin', '/x/../../admin', '/x/..', '/../../etc/passwd'],
  ...[
    '/%2e%2e/admin',
    '/.%2e/admin',
    '/%2E./admin',
    '/..%2fadmin',
    '/..%2Fadmin',
    '/%2e%2e%2fadmin',
    '/x%2f..%2f..%2fadmin',
  ],
  ...[
    '/..%5cadmin',
    '/%5c..%5cadmin',
    '/%2e%2e%5cadmin',
    '/%252e%252e/admin',
    '/..%252fadmin',
    '/%25252e%25252e%25252fadmin',
  ],
  ...['/..;/admin', '/..;x=1/admin', '/%2e%2e;/admin', '/..%3b/admin', '/..%00/admin', '/..%23/admin', '/..%3f/admin'],
  ...['/%2%65%2%65/admin', '/%c0%ae%c0%ae/admin', '/..%c0%afadmin', '/..%c1%9cadmin', '/%e0%80%ae%e0%80%ae/admin'],
  ...['/%f0%80%80%ae%f0%80%80%ae/admin', '/\xc0\xae\xc0\xae/admin', '/%u002e%u002e/admin', '/%uff0e%uff0e/admin'],
  ...[
    '/..%u2215admin',
    '/..%ef%bc%8fadmin',
    '/%ef%bc%8e%ef%bc%8e/admin',
    '/%e2%80%a5/admin',
    '/%25c0%25ae%25c0%25ae/admin',
  ],
]
const BROKEN = ['\\..\\admin', '/x\\y', '\\', '/x#y', '#', '/x\x7f', '/x\t', '/x#/../admin', '/..\\admin']

const spellings: Attack[] = [...TRAVERSALS, ...BROKEN].map((tail) => ({
  name: `a path that some server would leave the route by: ${JSON.stringify(`/api${tail}`)}`,
  sends: (at) => [
    ...['/api', '/strip', relayTo(at)].map((prefix) => own(at, { target: prefix + tail })),
    toBytes(own(at, { target: `/api${tail}`, headers: UPGRADE })),
  ],
  outcome: 'refusal',
}))

/** None of them is a path of ours; the host has its own word on them. */
const others: Attack = {
  name: 'a path that only resembles the route',
  sends: (at) =>
    [
      '/apiary/x',
      '/api.ts',
      '/api%2fx',
      '/API/x',
      '/ap%69/x',
      '/xapi/x',
      '//api/x',
      '/api;/x',
      '/api:80/x',
      '/__cors-dev',
    ].map((target) => own(at, { target })),
  outcome: 'nothing',
}

const forms: Attack[] = [
  ['absolute form', (at: Place) => `http://${at.authority}/api/x`],
  ['absolute form of https', (at: Place) => `https://${at.authority}/api/x`],
  ['absolute form of a cloud', () => 'http://169.254.169.254/latest/meta-data/'],
  ['absolute form of the upstream', (at: Place) => `http://127.0.0.1:${at.upstream}/api/x`],
  ['absolute form in capitals', () => 'HTTP://169.254.169.254/'],
  ['two slashes and a backslash', () => '/\\evil.example/api/x'],
  ['no slash', () => 'api/x'],
  ['userinfo', () => '@evil.example/api/x'],
  ['an asterisk', () => '*'],
].map(([name, targetOf]) => ({
  name: `a request target in ${String(name)}`,
  sends: (at) => {
    const target = (targetOf as (at: Place) => string)(at)
    return [toBytes(own(at, { target })), toBytes(own(at, { target, headers: UPGRADE }))]
  },
  outcome: 'refusal',
}))

const authorities: Attack = {
  name: 'the relay for an address that no target has',
  sends: (at) =>
    [
      ...[
        'http/169.254.169.254',
        'http/metadata.google.internal',
        'http/[fd00:ec2::254]',
        'http/localhost:1',
        'http/10.0.0.1',
      ],
      ...[
        `https/127.0.0.1:${at.upstream}`,
        `http/127.0.0.1:${at.upstream}.evil.example`,
        `http/localhost:${at.upstream}`,
      ],
      ...[
        `http/127.0.0.1:${at.upstream}@evil.example`,
        `http/evil@127.0.0.1:${at.upstream}`,
        `http/[::ffff:127.0.0.1]:${at.upstream}`,
      ],
      ...[
        'http/127.0.0.1',
        'ftp/127.0.0.1',
        'file//etc/passwd',
        'gopher/127.0.0.1:25',
        'http/',
        'http//',
        'http/%00',
        'http/[',
        '',
      ],
      ...[
        `http/${new URL(at.origin).host}`,
        `http/127.0.0.1:${at.upstream}%2f@evil.example`,
        `http/127.0.0.1%3a${at.upstream}`,
      ],
      ...[`http:/127.0.0.1:${at.upstream}`, `http:%2f%2f127.0.0.1:${at.upstream}`, `TO/http/127.0.0.1:${at.upstream}`],
    ].flatMap((authority) => {
      const target = `/__cors-dev/to/${authority}/x`
      return [
        own(at, { target }),
        own(at, { target: target.replace('/to/', '/anon/') }),
        toBytes(own(at, { target, headers: UPGRADE })),
      ]
    }),
  outcome: 'refusal',
}

const hops: Attack = {
  name: 'a redirect that nobody was sent',
  sends: (at) =>
    ['A'.repeat(22), '-', '_'.repeat(22), 'x'.repeat(5000), 'constructor', '__proto__', '../x'].map((nonce) =>
      own(at, { target: `/__cors-dev/hop/${nonce}/to/http/127.0.0.1:${at.upstream}/x` }),
    ),
  outcome: 'refusal',
}

const kept: Attack[] = [
  ['two slashes', '/api//evil.example/x', '/api//evil.example/x'],
  ['two slashes, the prefix stripped', '/strip//evil.example/x', '/evil.example/x'],
  ['an at sign', '/api/@evil.example', '/api/@evil.example'],
  ['an at sign, the prefix stripped', '/strip/@evil.example', '/@evil.example'],
  ['a colon', '/strip/:80', '/:80'],
  ['a URL', '/strip/http://evil.example/', '/http://evil.example/'],
  ['a question', '/strip?@evil.example', '/?@evil.example'],
  ['dots that are none', '/api/...', '/api/...'],
  ['dots in the query', '/api/x?../../..%2f', '/api/x?../../..%2f'],
  ['an escaped slash', '/api/group%2fproject', '/api/group%2fproject'],
].map(([name = '', target = '', reaches = '']) => ({
  name: `a path with ${name}, which stays on the target's authority`,
  sends: (at) => [own(at, { target })],
  outcome: 'one',
  reaches,
}))

// --- How many requests it is ----------------------------------------------------------------------------------------

const SMUGGLED = 'GET /admin HTTP/1.1\r\nHost: x\r\n\r\n'
const chunked = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

const whole: Attack[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'].flatMap((method) =>
  ['chunked', 'ChunKed', 'CHUNKED'].map((coding) => ({
    name: `a ${method} whose ${coding} body holds a request`,
    sends: (at) => [
      raw(at, `${method} /api/x`, `Connection: close\r\nTransfer-Encoding: ${coding}\r\n`, chunked(SMUGGLED)),
      raw(at, `${method} /strip/api/x`, `Connection: close\r\nTransfer-Encoding: ${coding}\r\n`, chunked(SMUGGLED)),
    ],
    outcome: 'one',
    seen({ body }) {
      if (body !== SMUGGLED) throw new Error(`the body became ${JSON.stringify(body)}`)
    },
  })),
)

/** Lines of the head, and what follows it. */
const FRAMINGS: Record<string, [lines: string, body: string]> = {
  'both framings': ['Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `${chunked('x')}${SMUGGLED}`],
  'both framings, the other way': ['Transfer-Encoding: chunked\r\nContent-Length: 40\r\n', `0\r\n\r\n${SMUGGLED}`],
  'two lengths': [`Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}\r\n`, SMUGGLED],
  'two lengths in one case and another': [`Content-Length: 0\r\ncontent-LENGTH: ${SMUGGLED.length}\r\n`, SMUGGLED],
  'one length twice': ['Content-Length: 1\r\nContent-Length: 1\r\n', `x${SMUGGLED}`],
  'a list of lengths': [`Content-Length: 0, ${SMUGGLED.length}\r\n`, SMUGGLED],
  'a length with a sign': [`Content-Length: +${SMUGGLED.length}\r\n`, SMUGGLED],
  'a negative length': ['Content-Length: -1\r\n', SMUGGLED],
  'a length in hexadecimal': ['Content-Length: 0x20\r\n', SMUGGLED],
  'a length beyond numbers': ['Content-Length: 99999999999999999999\r\n', SMUGGLED],
  'an empty length': ['Content-Length:\r\n', SMUGGLED],
  'a length with a space inside': ['Content-Length: 3 4\r\n', SMUGGLED],
  'a space before the colon': ['Transfer-Encoding : chunked\r\n', chunked(SMUGGLED)],
  'a space before the name': [' Transfer-Encoding: chunked\r\n', chunked(SMUGGLED)],
  'a tab before the coding': ['Transfer-Encoding:\tchunked\r\n', chunked(SMUGGLED)],
  'a form feed before the coding': ['Transfer-Encoding: \x0cchunked\r\n', chunked(SMUGGLED)],
  'a folded line': ['Transfer-Encoding:\r\n chunked\r\n', chunked(SMUGGLED)],
  'a folded line of another field': ['X-A: b\r\n\tTransfer-Encoding: chunked\r\n', chunked(SMUGGLED)],
  'an unknown coding': ['Transfer-Encoding: xchunked\r\n', chunked(SMUGGLED)],
  'chunked, then another': ['Transfer-Encoding: chunked, identity\r\n', chunked(SMUGGLED)],
  'chunked twice': ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', chunked(SMUGGLED)],
  'a coding and chunked': ['Transfer-Encoding: gzip, chunked\r\n', chunked(SMUGGLED)],
  'a coding in quotes': ['Transfer-Encoding: "chunked"\r\n', chunked(SMUGGLED)],
  'a line that ends with LF alone': ['X-A: b\nTransfer-Encoding: chunked\r\n', chunked(SMUGGLED)],
  'a line that ends with CR alone': ['X-A: b\rTransfer-Encoding: chunked\r\n', chunked(SMUGGLED)],
  'a head that ends with LF alone': [`X-A: b\n\n${SMUGGLED}`, ''],
  'a NUL in a value': ['X-A: b\0c\r\n', ''],
  'a NUL in a name': ['X-A\0: b\r\n', ''],
  'a name of nothing': [': b\r\n', ''],
  'no colon': ['Transfer-Encoding\r\n', ''],
  'a chunk of negative size': ['Transfer-Encoding: chunked\r\n', `-1\r\n${SMUGGLED}\r\n0\r\n\r\n`],
  'a chunk of size 0x5': ['Transfer-Encoding: chunked\r\n', `0x5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  'a chunk beyond numbers': ['Transfer-Encoding: chunked\r\n', `fffffffffffffffff\r\n${SMUGGLED}`],
  'a chunk that ends too late': ['Transfer-Encoding: chunked\r\n', `1\r\nxx\r\n0\r\n\r\n${SMUGGLED}`],
  'a chunk extension with LF': ['Transfer-Encoding: chunked\r\n', `1;a\nb\r\nx\r\n0\r\n\r\n`],
  'chunks that end with LF': ['Transfer-Encoding: chunked\r\n', '1\nx\n0\n\n'],
  'a long chunk extension': ['Transfer-Encoding: chunked\r\n', `1;${'a'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`],
  'a length among the trailers': [
    'Transfer-Encoding: chunked\r\nTrailer: Content-Length\r\n',
    `1\r\nx\r\n0\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n`,
  ],
  'an endless trailer': ['Transfer-Encoding: chunked\r\n', `1\r\nx\r\n0\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`],
  'a length that Connection lists': [
    `Content-Length: ${SMUGGLED.length}\r\nConnection: close, Content-Length\r\n`,
    SMUGGLED,
  ],
  'a coding that Connection lists': [
    'Transfer-Encoding: chunked\r\nConnection: close, Transfer-Encoding\r\n',
    chunked(SMUGGLED),
  ],
}

const framings: Attack[] = Object.entries(FRAMINGS).map(([name, [lines, body]]) => ({
  name: `a body with ${name}`,
  sends: (at) =>
    ['POST', 'GET', 'DELETE'].map((method) => raw(at, `${method} /api/x`, `Connection: close\r\n${lines}`, body)),
  outcome: 'at most one',
}))

const upgrades: Attack[] = [
  ['h2c', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings\r\n'],
  ['h2c without its settings', 'Upgrade: h2c\r\nConnection: Upgrade\r\n'],
  ['websocket, h2c', 'Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n'],
  ['TLS/1.0', 'Upgrade: TLS/1.0\r\nConnection: Upgrade\r\n'],
  ['something else', 'Upgrade: tcp\r\nConnection: Upgrade\r\n'],
  ['something with a control character', 'Upgrade: \x1b[2J\r\nConnection: Upgrade\r\n'],
].map(([name = '', lines = '']) => ({
  name: `an upgrade to ${name}`,
  sends: (at) => [
    raw(at, 'GET /api/x', lines),
    raw(at, `GET ${relayTo(at)}/x`, lines),
    raw(at, 'GET /secret/x', lines),
  ],
  outcome: 'refusal',
}))

const socketBodies: Attack = {
  name: 'an upgrade with a body, or by another method than GET',
  sends: (at) => {
    const lines = Object.entries(UPGRADE).map(([name, value]) => `${name}: ${value}\r\n`)
    return [
      raw(at, 'GET /api/x', `${lines.join('')}Content-Length: ${SMUGGLED.length}\r\n`, SMUGGLED),
      raw(at, 'GET /api/x', `${lines.join('')}Transfer-Encoding: chunked\r\n`, chunked(SMUGGLED)),
      raw(at, 'POST /api/x', lines.join('')),
    ]
  },
  outcome: 'refusal',
}

const versions: Attack = {
  name: 'another version of HTTP, or none',
  sends: (at) => [
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
    `GET /api/x HTTP/1.10\r\nHost: ${at.authority}\r\nSec-Fetch-Site: same-origin\r\n\r\n`,
    'GET /api/x\r\n\r\n',
    'GET /api/x HTTP/1.1\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\r\n',
    'GET /api/x HTTP/1.0\r\nSec-Fetch-Site: same-origin\r\n\r\n',
    `GET /api/x HTTP/1.1\r\nHost: evil.example\r\nHost: ${at.authority}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\r\n`,
    `Egg /api/x HTTP/1.1\r\nHost: ${at.authority}\r\nSec-Fetch-Site: same-origin\r\n\r\n`,
    `get /api/x HTTP/1.1\r\nHost: ${at.authority}\r\nSec-Fetch-Site: same-origin\r\n\r\n`,
    `GET /api/x HTTP/1.1\r\nHost: ${at.authority}\r\nHost: evil.example\r\nOrigin: ${EVIL}\r\nConnection: close\r\n\r\n`,
  ],
  outcome: 'refusal',
}

/** Node reads the first as what it says, on a connection that speaks the older version. */
const claims: Attack = {
  name: 'a version of HTTP that the connection does not speak',
  sends: (at) =>
    ['2.0', '0.9', '3.0', '1.0'].map(
      (version) =>
        `GET /api/x HTTP/${version}\r\nHost: ${at.authority}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\r\n`,
    ),
  outcome: 'at most one',
}

const second: Attack = {
  name: 'a second request on the connection of the first, by a stranger',
  sends: (at) => [
    raw(at, 'GET /api/x', '') +
      toBytes({ method: 'GET', target: '/api/y', authority: at.authority, headers: { Origin: EVIL } }),
  ],
  outcome: 'one',
}

// --- What else it carries -------------------------------------------------------------------------------------------

const methods: Attack = {
  name: 'a method that no browser sends',
  sends: (at) => [
    own(at, { method: 'TRACE' }),
    own(at, { method: 'TRACE', target: `${relayTo(at)}/x` }),
    own(at, { method: 'TRACE', target: '/secret/x' }),
  ],
  outcome: 'refusal',
}

const tunnels: Attack = {
  name: 'a tunnel to somewhere else',
  sends: (at) =>
    ['169.254.169.254:80', `127.0.0.1:${at.upstream}`, at.authority, '/api/x'].map((target) =>
      toBytes(own(at, { method: 'CONNECT', target })),
    ),
  outcome: 'refusal',
}

const fields: Attack[] = [
  {
    name: 'fields of the hop between page and dev server',
    sends: (at) => [
      raw(
        at,
        'GET /api/x',
        'Connection: close, X-Hop, Host, Authorization\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\nTE: trailers\r\nTrailer: X-T\r\n' +
          'Proxy-Authorization: Basic eA==\r\nProxy-Connection: keep-alive\r\nHTTP2-Settings: AAAA\r\nExpect: 100-continue\r\n',
      ),
    ],
    outcome: 'one',
    seen({ headers }, { upstream }) {
      const names = [
        'x-hop',
        'keep-alive',
        'te',
        'trailer',
        'proxy-authorization',
        'proxy-connection',
        'http2-settings',
        'expect',
      ]
      const passed = names.filter((name) => headers[name] !== undefined)
      if (passed.length > 0) throw new Error(`passed on: ${passed.join(', ')}`)
      if (headers['host'] !== `127.0.0.1:${upstream}`) throw new Error(`Host became ${headers['host']}`)
    },
  },
  {
    name: 'a Connection that lists the secret',
    sends: (at) => [raw(at, 'GET /secret/x', 'Connection: close, X-Api-Key, Host, Via\r\nX-Api-Key: mine\r\n')],
    outcome: 'one',
    reaches: '/secret/x',
    seen({ headers }) {
      if (headers['x-api-key'] !== SECRET) throw new Error(`the key became ${headers['x-api-key']}`)
    },
  },
  {
    name: 'a forged proxy in front, which chooses neither target nor path',
    sends: (at) => [
      own(at, {
        headers: {
          ...{
            'X-Forwarded-Host': 'evil.example',
            'X-Forwarded-Proto': 'https',
            'X-Forwarded-Port': '1',
            'X-Forwarded-Prefix': '/x',
          },
          ...{
            'X-Forwarded-Server': 'evil.example',
            Forwarded: 'host=evil.example;proto=https',
            'X-Host': 'evil.example',
          },
          ...{ 'X-Original-URL': '/admin', 'X-Rewrite-URL': '/admin', 'X-HTTP-Method-Override': 'DELETE' },
        },
      }),
    ],
    outcome: 'one',
    seen({ headers, method }, { upstream }) {
      if (headers['host'] !== `127.0.0.1:${upstream}` || method !== 'GET') throw new Error('it chose')
    },
  },
  {
    name: 'cookies of other projects on this host',
    sends: (at) => [
      own(at, {
        headers: { Cookie: `session=theirs; __cors_dev_0123abcd=key; __cors_dev_host-x=1; a="; b=1"; =x; y` },
      }),
      own(at, { target: `/strip/api/x`, headers: { Cookie: 'session=theirs' } }),
    ],
    outcome: 'one',
    seen({ headers }) {
      if (headers['cookie'] !== undefined) throw new Error(`sent ${headers['cookie']}`)
    },
  },
  {
    name: 'Expect with a body',
    sends: (at) => [raw(at, 'POST /api/x', 'Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n', 'hi')],
    outcome: 'one',
  },
  {
    name: 'an expectation that nobody meets',
    sends: (at) => [
      raw(at, 'POST /api/x', 'Connection: close\r\nExpect: the-unexpected\r\nContent-Length: 2\r\n', 'hi'),
    ],
    outcome: 'refusal',
  },
  {
    name: 'many fields, of a size that Node takes',
    sends: (at) => [
      own(at, { headers: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-${i}`, 'y'.repeat(90)])) }),
    ],
    outcome: 'one',
  },
  {
    name: 'more than Node takes',
    sends: (at) => [
      toBytes(own(at, { headers: { 'X-Long': 'x'.repeat(17_000) } })),
      toBytes(own(at, { headers: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`x-${i}`, 'y'])) })),
      toBytes(own(at, { target: `/api/${'x'.repeat(17_000)}` })),
      toBytes(own(at, { headers: { ...UPGRADE, 'X-Long': 'x'.repeat(17_000) } })),
      toBytes({ ...own(at), authority: `${'a'.repeat(17_000)}.example` }),
    ],
    outcome: 'refusal',
  },
  {
    name: 'a Host, an Origin and a Referer of all the length that Node takes',
    sends: (at) => [
      { ...own(at), authority: `${'a.'.repeat(4000)}example` },
      own(at, { headers: { Origin: `http://${'a'.repeat(12_000)}` } }),
      own(at, {
        target: '/__cors-dev/client.js',
        headers: { 'Sec-Fetch-Site': 'cross-site', Referer: `http://${'['.repeat(12_000)}` },
      }),
    ],
    outcome: 'refusal',
  },
]

export const CORPUS: readonly Attack[] = [
  ...strangers,
  ...neighbours,
  ...rebinding,
  lan,
  ...spellings,
  others,
  ...forms,
  authorities,
  hops,
  ...kept,
  ...whole,
  ...framings,
  ...upgrades,
  socketBodies,
  versions,
  claims,
  second,
  methods,
  tunnels,
  ...fields,
]
