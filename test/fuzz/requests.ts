/** Requests such as nobody sends, or somebody does who means ill: each made of a seed and its number, and of nothing else. */
import { createRandom, type Random } from '../setup/random.ts'

export interface Fuzzed {
  method: string
  /** As it is sent, but for the names of {@link PLACES}. */
  target: string
  fields: string[]
  body: string
  /** Whether a page of the dev server's own may have sent it: else it must reach nobody. */
  isOwn: boolean
  /** How its bytes are spoiled before they are sent, where they are. */
  spoil?: (bytes: string) => string
}

/** Stand for what has another name in every run: the APIs, in the order of their routes, and the dev server. */
export const PLACES = ['\u0100', '\u0101', '\u0102', '\u0103', '\u0104'] as const
const [A, B, C, D, DEV] = PLACES

/** Where the four APIs are reached. */
export const ROUTES = ['/api', '/strip', '^/re(?:x|gex)/', undefined] as const

const STARTS: [number, string][] = [
  [50, '/api'],
  [50, '/strip'],
  [20, '/rex/'],
  [10, '/regex/'],
  ...[A, B, C, D].map((place): [number, string] => [15, `/__cors-dev/to/http/${place}`]),
  [15, `/__cors-dev/anon/http/${D}`],
  [5, `/__cors-dev/to+stream-body/http/${D}/`],
  [5, `/__cors-dev/to/https/${D}/`],
  [5, `/__cors-dev/hop/AAAAAAAAAAAAAAAAAAAAAA/to/http/${D}/`],
  [5, `/__cors-dev/to/http/${DEV}/api/x`],
  [5, '/__cors-dev/to/http/evil.example/'],
  [5, '/__cors-dev/'],
  [1, '/__cors-dev/client.js'],
  [3, '/__cors-dev/decision'],
  [5, '/__cors-dev/failure?url='],
  [5, `http://${A}/`],
  [3, 'http://evil.example/'],
  [3, A],
  [1, '*'],
  [2, ''],
  // The host's own are Vite's to answer, and take it long.
  [4, '/'],
  [1, '/index.html'],
  [1, '/@vite/client'],
]

const PIECES = [
  '/ // /../ /./ /.. .. . ... /..;/ ; ;x=1 \\ \\..\\ /x /users/1 /a.ts',
  '%2e %2E%2e %2f %5c %252e %25 % %zz %00 %0d%0a %23 %3f %u002e %c0%ae %20',
  '? ?? ?q=1 & = ?url=http://evil.example/ # #x @ : @evil.example :80 [ ]',
  'api apiary strip rex __cors-dev to http https: ws:// __proto__ constructor',
  '\xe9vil \xff \xef\xbc\x8e \xe2\x80\xa5 ~ ! $ \' ( ) * + , | ^ " < > ` { }',
  `${A} ${D} ${DEV} localhost 127.0.0.1 127.1 0x7f000001 [::1] 169.254.169.254 evil.example`,
].flatMap((pieces) => pieces.split(' '))

/** What Node refuses by itself, most of the time by hanging up. */
const CONTROLS = [' ', '\t', '\r', '\n', '\r\n', '\0', '\x01', '\x1b[2J', '\x7f', '\r\nX-Split: 1', ' HTTP/1.1\r\n\r\n']

const FOREIGN = [
  ['Origin: https://evil.example', 'Sec-Fetch-Site: cross-site'],
  ['Origin: null'],
  ['Sec-Fetch-Site: cross-site'],
  ['Sec-Fetch-Site: same-site'],
  ['Referer: https://evil.example/'],
  [],
]

/** An upgrade of what is none of ours is the host's to answer, and Vite leaves it open. */
export const OURS = /^\/(?:(?:api|strip)(?:$|[/?])|re(?:x|gex)\/|__cors-dev\/)/
const WEBSOCKET = ['Upgrade: websocket', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version: 13']
const UPGRADES = [
  WEBSOCKET,
  ['Upgrade: h2c'],
  ['Upgrade: WebSocket, h2c'],
  ['Upgrade: websocket', 'Transfer-Encoding: x'],
]

/** Fields that mean something to a proxy. */
const FIELDS = [
  'Connection: close | Connection: X-Api-Key, Host | Keep-Alive: timeout=0',
  'HTTP2-Settings: AAMAAABkAAQAAP__ | TE: trailers | Trailer: Host | Expect: 100-continue',
  'Proxy-Authorization: Basic eA== | Proxy-Connection: keep-alive | Max-Forwards: 0 | Via: 1.1 x',
  'Forwarded: host=evil.example | X-Forwarded-Host: evil.example | X-Forwarded-Proto: https',
  'X-Original-URL: /admin | X-Http-Method-Override: DELETE | Cookie: a=1; b=\xff; __cors_dev=x; =',
  'Cookie: ;;; | Authorization: x | Accept: text/html | Accept-Encoding: gzip, br | Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Dest: document | Sec-Fetch-Dest: script | Service-Worker: script | Range: bytes=0-',
  'If-None-Match: * | Content-Type: application/json | X-Empty: | X-Bytes: \xff\xfe | __proto__: x',
  'constructor: x',
].flatMap((fields) => fields.split(' | '))

function makeTarget(random: Random): string {
  let target = random.weighted(STARTS)
  for (let left = random.int(1 + random.int(6)); left > 0; left--) {
    const piece = random.chance(0.9)
      ? random.pick(PIECES)
      : String.fromCharCode(33 + random.int(223)).replace('\x7f', '')
    target += piece
  }
  if (random.chance(0.03)) target = splice(random, target, random.pick(CONTROLS))
  if (random.chance(0.1)) target = splice(random, target, random.pick(PIECES))
  if (random.chance(0.003)) target += random.pick(['a', '/', '%2e', '/..', '?']).repeat(random.int(8000))
  return target
}

function splice(random: Random, text: string, piece: string): string {
  const at = random.int(text.length + 1)
  return text.slice(0, at) + piece + text.slice(at + random.int(3))
}

/** One to four accidents to the bytes of a request. */
function spoiler(random: Random): (bytes: string) => string {
  const accidents = Array.from(
    { length: 1 + random.int(4) },
    () => [random.next(), random.int(6), random.int(256), random.next()] as const,
  )
  return (bytes) => {
    for (const [where, what, byte, length] of accidents) {
      const at = Math.floor(where * bytes.length)
      const until = at + Math.ceil(length * 8)
      if (what === 0) bytes = bytes.slice(0, at) + String.fromCharCode(byte) + bytes.slice(at)
      else if (what === 1) bytes = bytes.slice(0, at) + bytes.slice(until)
      else if (what === 2) bytes = bytes.slice(0, at) + String.fromCharCode(byte) + bytes.slice(at + 1)
      else if (what === 3) bytes = bytes.slice(0, at) + bytes.slice(at, until) + bytes.slice(at)
      else if (what === 4) bytes = bytes.slice(0, at)
      else bytes = bytes.slice(0, at) + CONTROLS[byte % CONTROLS.length] + bytes.slice(at)
    }
    return bytes
  }
}

export function requestAt(seed: number, index: number): Fuzzed {
  const random = createRandom(seed, index)
  const target = makeTarget(random)
  const method = random.weighted([
    [20, 'GET'],
    [3, 'HEAD'],
    [4, 'POST'],
    [2, 'OPTIONS'],
    [1, 'PUT'],
    [1, 'DELETE'],
    [1, 'PROPFIND'],
  ] as const)
  const isOwn = random.chance(0.93)
  const fields = isOwn ? ['Sec-Fetch-Site: same-origin'] : [...random.pick(FOREIGN)]
  for (let left = random.int(3); left > 0; left--) fields.push(random.pick(FIELDS))
  const body = method === 'GET' || method === 'HEAD' ? '' : 'x'.repeat(random.int(40))
  if (body !== '') fields.push(`Content-Length: ${body.length}`)
  const isUpgrade = random.chance(0.02) && OURS.test(target)
  if (isUpgrade) fields.push('Connection: Upgrade', ...random.pick(UPGRADES))
  const spoil = !isUpgrade && random.chance(0.03) ? spoiler(random) : undefined
  return { method, target, fields, body, isOwn, ...(spoil && { spoil }) }
}

/** The bytes of a request. @param names of {@link PLACES} */
export function toBytes(fuzzed: Fuzzed, id: number, names: readonly string[]): string {
  const { method, target, fields, body, spoil } = fuzzed
  const host = names[PLACES.indexOf(DEV)]
  const bytes = `${method} ${named(target, names)} HTTP/1.1\r\nHost: ${host}\r\nX-Fuzz: ${id} ${id}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n${body}`
  return spoil ? spoil(bytes) : bytes
}

export function named(text: string, names: readonly string[]): string {
  return text.replace(/[\u0100-\u0104]/g, (place) => names[place.charCodeAt(0) - 0x100] ?? '')
}
