import { createRandom, type Random } from '../../setup/random'
import type {
  Answer,
  BeaconCall,
  BodyKind,
  Case,
  EventSourceCall,
  FetchCall,
  HttpCall,
  Protocol,
  WebSocketCall,
  XhrCall,
} from './case'

export function generateCase(seed: number, index: number, protocol: Protocol = 'http/1.1'): Case {
  const random = createRandom(seed, index)
  const id = `${seed.toString(36)}-${index}`
  switch (
    random.weighted([
      [50, 'fetch'],
      [32, 'xhr'],
      [8, 'event-source'],
      [8, 'websocket'],
      [4, 'beacon'],
    ] as const)
  ) {
    case 'fetch': {
      const call = fetchCall(random, protocol)
      const answers = withoutQuirks(call, generateAnswers(random, call.abort), protocol)
      if (call.read !== 'nothing') return { id, call, answers, times: timesOf(random, answers) }
      // Whether a body that nobody reads breaks off in time, and what of it is kept for the next time, is a matter of time.
      for (const answer of answers) if (answer.ends === 'cut-in-body') delete answer.ends
      return { id, call, answers, times: 1 }
    }
    case 'xhr': {
      const call = xhrCall(random)
      const answers = withoutQuirks(call, generateAnswers(random, call.timeout ? 'in-time' : call.abort), protocol)
      if (!call.isAsync) for (const answer of answers) if (!answer.ends?.startsWith('cut')) delete answer.ends
      return { id, call, answers, times: timesOf(random, answers) }
    }
    case 'event-source': {
      const call = eventSourceCall(random)
      const answers = generateAnswers(random)
      const last = answers[answers.length - 1]!
      Object.assign(last, { body: 'none', counted: false, ends: undefined, encoding: undefined })
      last.status = random.weighted([
        [8, 200],
        [1, 500],
        [1, 204],
      ])
      return { id, call, answers, times: 1 }
    }
    case 'websocket':
      return {
        id,
        call: webSocketCall(random),
        answers: [answer(random, random.chance(0.1) ? 'down' : 'api')],
        times: 1,
      }
    case 'beacon': {
      const body = random.pick<BeaconCall['body']>([
        'none',
        'string',
        'form',
        'urlencoded',
        'blob',
        'typed-blob',
        'buffer',
        'view',
      ])
      return { id, call: { api: 'beacon', body }, answers: [answer(random, 'api')], times: 1 }
    }
  }
}

function withoutQuirks(call: FetchCall | XhrCall, answers: Answer[], protocol: Protocol): Answer[] {
  const isHead = /^head$/i.test(call.method)
  if (isHead && call.abort === 'in-body') delete call.abort
  for (const answer of answers) {
    // Node's HTTP/2 takes its length away.
    if (protocol === 'h2' && answer.status === 205) answer.status = 200
    // There is no body to break off.
    if (isHead && answer.ends?.endsWith('in-body')) delete answer.ends
  }
  return answers
}

function timesOf(random: Random, answers: readonly Answer[]): number {
  return answers.some(({ ends }) => ends)
    ? 1
    : random.weighted([
        [2, 1],
        [1, 2],
      ])
}

const METHODS = [
  'GET',
  'GET',
  'GET',
  'POST',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'get',
  'put',
  'PROPFIND',
]

function httpCall(random: Random): HttpCall {
  const method = random.pick(METHODS)
  const hasBody = !/^(get|head)$/i.test(method)
  const headers: [string, string][] = []
  for (const [name, value] of [
    ['X-Custom', 'one, two'],
    ['x-empty', ''],
    ['Authorization', 'Bearer token'],
    ['Accept', 'application/json'],
    ['Accept-Language', 'de'],
    [
      'Content-Type',
      random.pick(['application/json', 'text/plain', 'application/x-www-form-urlencoded;charset=utf-8']),
    ],
    ['Range', 'bytes=0-9'],
    ['Cache-Control', 'no-cache'],
    ['If-None-Match', '"other"'],
    ['X-Umlaut', '\u00fc'],
  ] as const)
    if (random.chance(0.12)) headers.push([name, value])
  return {
    method,
    headers,
    body: hasBody
      ? random.pick<BodyKind>([
          'none',
          'string',
          'json',
          'form',
          'urlencoded',
          'blob',
          'typed-blob',
          'buffer',
          'view',
          'large',
        ])
      : 'none',
    credentials: random.pick([undefined, 'include', 'include', 'omit', 'same-origin']),
  }
}

function fetchCall(random: Random, protocol: Protocol): FetchCall {
  const call: FetchCall = {
    ...httpCall(random),
    api: 'fetch',
    input: random.weighted([
      [6, 'string'],
      [1, 'url'],
      [3, 'request'],
      [2, 'request-and-init'],
      [1, 'cloned-request'],
      [1, 'used-request'],
      [1, 'locked-request'],
      [1, 'reused-request'],
      [1, 'clone-before-request'],
      [1, 'init-is-request'],
    ]),
    headersAs: random.pick(['object', 'pairs', 'headers']),
    init: {},
    read: random.pick([
      'text',
      'text',
      'json',
      'arrayBuffer',
      'blob',
      'bytes',
      'formData',
      'stream',
      'clone',
      'twice',
      'nothing',
    ]),
  }
  // Directly, streams need HTTP/2. The body of a Request given as an init is one.
  if (protocol === 'h2') {
    if (call.body !== 'none' && random.chance(0.15)) call.body = 'stream'
  } else if (call.input === 'init-is-request') Object.assign(call, { method: 'GET', body: 'none' })
  const { init } = call
  if (random.chance(0.1))
    init.mode = random.pick(['cors', 'cors', 'same-origin', 'no-cors', 'navigate' as never, 'nonsense' as never])
  if (random.chance(0.25)) init.redirect = random.pick(['follow', 'manual', 'error', 'nonsense' as never])
  if (random.chance(0.2)) init.cache = random.pick(['no-store', 'reload', 'no-cache', 'force-cache', 'only-if-cached'])
  if (random.chance(0.1)) init.referrerPolicy = random.pick(['no-referrer', 'origin', 'unsafe-url', 'same-origin'])
  if (random.chance(0.05)) init.referrer = random.pick(['', 'about:client', '/elsewhere'])
  if (random.chance(0.1)) init.keepalive = true
  if (random.chance(0.1)) init.priority = random.pick(['high', 'low', 'nonsense' as never])
  if (random.chance(0.06))
    init.integrity = random.pick(['right', 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='])
  if (random.chance(0.02)) call.credentials = 'nonsense' as never
  if (random.chance(0.03)) call.method = random.pick(['CONNECT', 'TRACE', 'b ad', ''])
  if (random.chance(0.03))
    call.headers.push(
      random.pick([
        ['b ad', '1'],
        ['x-bad', 'a\nb'],
        ['Cookie', 'a=b'],
        ['Origin', 'https://x.test'],
        ['X-Wide', '\u2713'],
      ]),
    )
  if (random.chance(0.18)) {
    call.abort = random.pick(['before', 'at-once', 'in-time', 'after-headers', 'in-body'])
    // Chromium lets these end by themselves, whoever has given up.
    delete init.keepalive
    call.reason = random.pick([undefined, 'error', 'text'])
    // Else they would be over, or given up, before they begin.
    if (/reused|clone-before/.test(call.input)) call.input = 'request'
    if (call.abort === 'before' && call.input === 'request-and-init' && random.chance(0.5)) call.ignoresSignal = true
  }
  if (random.chance(0.02)) {
    call.refusedBody = random.pick(['locked-stream', 'stream-without-duplex'])
    if (call.body === 'stream') call.body = 'string'
  }
  return call
}

function xhrCall(random: Random): XhrCall {
  const call: XhrCall = {
    ...httpCall(random),
    api: 'xhr',
    isAsync: !random.chance(0.12),
    responseType: random.pick(['', '', 'text', 'json', 'arraybuffer', 'blob', 'document']),
    listensToUpload: random.chance(0.4),
  }
  if (call.body !== 'none' && random.chance(0.08)) call.body = 'document'
  if (call.credentials !== 'include') delete call.credentials
  if (!call.isAsync && !random.chance(0.1)) call.responseType = ''
  if (random.chance(0.15))
    call.overrideMimeType = random.pick(['text/plain; charset=x-user-defined', 'application/xml', 'nonsense'])
  if (random.chance(0.05)) call.opensTwice = true
  if (random.chance(0.03))
    call.headers.push(
      random.pick([
        ['b ad', '1'],
        ['x-bad', 'a\nb'],
        ['Cookie', 'a=b'],
        ['Host', 'x.test'],
      ]),
    )
  if (random.chance(0.03)) call.method = random.pick(['CONNECT', 'TRACE', 'b ad'])
  if (call.isAsync && random.chance(0.2)) call.abort = random.pick(['opened', 'at-once', 'headers', 'loading', 'done'])
  else if (call.isAsync && random.chance(0.08)) call.timeout = true
  return call
}

const STREAMS = [
  ['data: one\n\n', 'event: named\ndata: two\ndata: lines\nid: 7\n\n', ': comment\n\ndata: \u00fc\n\n'],
  ['retry: 1\nid: a b\ndata: x\n\n', 'data: half'],
  ['id\ndata\n\n', 'data: after\r\n\r\n'],
  ['data: only\n\n'],
  [],
]

function eventSourceCall(random: Random): EventSourceCall {
  return {
    api: 'event-source',
    credentials: random.chance(0.5),
    streams: Array.from({ length: 1 + random.int(3) }, (_, at) => [
      ...(at ? [] : ['retry: 5\n\n']),
      ...random.pick(STREAMS),
    ]),
    contentType: random.pick([
      'text/event-stream',
      'text/event-stream',
      'text/event-stream; charset=utf-8',
      'text/plain',
    ]),
  }
}

function webSocketCall(random: Random): WebSocketCall {
  const protocols = random.pick([undefined, undefined, 'chat', ['chat', 'superchat'], [], ['chat', 'chat'], 'b ad'])
  return {
    api: 'websocket',
    scheme: random.chance(0.2) ? 'http' : 'ws',
    protocols,
    chosen: random.pick([undefined, 'chat', 'superchat', 'never offered']),
    binaryType: random.pick(['blob', 'arraybuffer']),
    sends: Array.from({ length: random.int(4) }, () =>
      random.pick<WebSocketCall['sends'][number]>(['text', 'empty', 'buffer', 'view', 'blob', 'large']),
    ),
    closes: random.pick<WebSocketCall['closes']>([
      { by: 'page' },
      { by: 'page', code: 1000 },
      { by: 'page', code: 3001, reason: 'done \u00fc' },
      { by: 'page', code: 1001 },
      { by: 'page', code: 3000, reason: 'x'.repeat(124) },
      { by: 'server', code: 1000 },
      { by: 'server', code: 1011, reason: 'failed' },
      { by: 'server', code: 4444, reason: 'own' },
      { by: 'server' },
      { by: 'reset' },
      { by: 'refusal', status: 403 },
      { by: 'refusal', status: 200 },
    ]),
    fragment: random.chance(0.05),
  }
}

const STATUSES = [
  200, 200, 200, 200, 201, 202, 204, 205, 206, 304, 400, 401, 403, 404, 409, 418, 422, 429, 500, 503, 599,
]

function answer(random: Random, at: Answer['at']): Answer {
  return {
    at,
    status: 200,
    headers: [['Content-Type', 'text/plain']],
    body: random.pick(['none', 'text']),
    counted: true,
  }
}

function generateAnswers(random: Random, gaveUp?: string): Answer[] {
  const answers: Answer[] = []
  const redirects = random.weighted([
    [16, 0],
    [4, 1],
    [2, 2],
    [1, 3],
  ])
  // Whether nobody answers is told before the time is up is a matter of time.
  let at: Answer['at'] = random.chance(0.03) && gaveUp !== 'in-time' ? 'down' : 'api'
  for (let hop = 0; hop < redirects; hop++) {
    const status = random.pick([301, 302, 303, 307, 308])
    answers.push({ ...answer(random, at), status, headers: random.chance(0.3) ? [cookie(random)] : [] })
    // Whoever is no target leads the browser to the target itself, which allows nobody.
    const isLast = hop === redirects - 1
    at = random.weighted([
      [6, 'api'],
      [4, 'other'],
      [isLast ? 1 : 0, 'third'],
      [isLast ? 1 : 0, 'page'],
    ])
    // Who gives up in time is not to be refused before.
    if (gaveUp === 'in-time' && at === 'page') at = 'third'
  }
  answers.push(lastAnswer(random, at, gaveUp))
  return answers
}

function lastAnswer(random: Random, at: Answer['at'], gaveUp?: string): Answer {
  const last = answer(random, at)
  last.status = random.pick(STATUSES)
  if (random.chance(0.1)) last.statusText = random.pick(['', 'I am fine', 'A-b'])
  last.body = random.pick(['none', 'text', 'text', 'json', 'json', 'bytes', 'html', 'large', 'chunks'])
  last.counted = last.body !== 'chunks' && random.chance(0.7)
  if (random.chance(0.2)) last.encoding = random.pick(['gzip', 'deflate', 'br'])
  last.headers = [
    random.pick([
      ['Content-Type', 'text/plain'],
      ['Content-Type', 'application/json'],
      ['Content-Type', 'text/html; charset=iso-8859-1'],
      ['Content-Type', 'application/xml'],
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ['Content-Type', 'nonsense'],
    ]),
  ]
  if (random.chance(0.1)) last.headers = []
  for (const [name, value] of [
    ['X-One', 'a, b'],
    ['X-Umlaut', '\u00fc'],
    ['X-Empty', ''],
    ['Link', '<https://api.example.com/?page=2>; rel="next"'],
    ['Content-Disposition', 'attachment; filename="a.txt"'],
    ['Content-Language', 'de'],
    ['Last-Modified', 'Wed, 01 Jan 2020 00:00:00 GMT'],
    ['Retry-After', '7'],
    ['Vary', 'Accept, X-Custom'],
    ['Server-Timing', 'db;dur=5'],
    ['WWW-Authenticate', 'Bearer realm="x"'],
    ['Location', '/not-followed'],
    ['X-Twice', '1'],
    ['X-Twice', '2'],
  ] as const)
    if (random.chance(0.1)) last.headers.push([name, value])
  if (random.chance(0.25))
    last.headers.push([
      'Cache-Control',
      random.pick(['max-age=60', 'no-store', 'no-cache', 'private, max-age=60', 'max-age=0, must-revalidate']),
    ])
  if (random.chance(0.2)) {
    last.headers.push(['ETag', '"v1"'])
    last.validates = true
  }
  for (let more = 0; more < 2; more++) if (random.chance(0.15)) last.headers.push(cookie(random))
  // What is given up in time has no answer yet, or it would be a matter of time.
  if (gaveUp === 'in-time') last.ends = 'before-headers'
  else if (gaveUp && /in-body|loading/.test(gaveUp)) last.ends = 'in-body'
  else if (gaveUp && /at-once|headers/.test(gaveUp)) last.ends = random.pick([undefined, 'in-body'])
  else if (!gaveUp && random.chance(0.05)) last.ends = random.pick(['cut-before-headers', 'cut-in-body'])
  // The page is not told of these: they are a stranger's to it.
  if (at === 'page') delete last.ends
  if (last.ends) {
    Object.assign(last, { status: 200, body: 'text', counted: true, encoding: undefined, validates: undefined })
    // Directly, of a body without a type or with this one the browser waits for enough to guess.
    last.headers = [
      ['Content-Type', 'application/json'],
      ...last.headers.filter(([name]) => !/^(Location|Content-Type)$/.test(name)),
    ]
  }
  return last
}

/** `Path` is filled in where it is sent: no case is to see what another was given. */
function cookie(random: Random): [string, string] {
  return [
    'Set-Cookie',
    random.pick([
      'a=1',
      'b=2; HttpOnly',
      'a=; Max-Age=0',
      'c=3; SameSite=Lax',
      'd="q"; Max-Age=600',
      '__Host-e=5',
      'f=6; SameSite=Strict',
    ]),
  ]
}
