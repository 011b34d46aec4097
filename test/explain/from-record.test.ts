import { describe, expect, it } from 'vitest'
import type { Exchange, HeaderLines } from '../../src/exchange/exchange'
import { fromRecord } from '../../src/explain/from-record'

const PAGE = 'http://localhost:5173'
const API = 'https://api.example.com'

function exchange(overrides: Partial<Exchange> = {}): Exchange {
  return {
    id: 1,
    startedAt: 0,
    way: 'to',
    pageOrigin: PAGE,
    credentials: 'include',
    method: 'GET',
    pageUrl: '/__cors-dev/to/https/api.example.com/users',
    upstreamUrl: `${API}/users`,
    pageHeaders: FETCH,
    requestHeaders: [['origin', PAGE]],
    upstreamResponse: { status: 200, headers: [['content-type', 'application/json']] },
    ...overrides,
  }
}

const FETCH: HeaderLines = [
  ['sec-fetch-mode', 'cors'],
  ['sec-fetch-dest', 'empty'],
]

/** What Chromium 156 sends with a `fetch()` that was given nothing but a URL. */
const BARE: HeaderLines = [
  ['host', 'localhost:5173'],
  ['connection', 'keep-alive'],
  ['sec-ch-ua-platform', '"Linux"'],
  ['user-agent', 'Mozilla/5.0'],
  ['sec-ch-ua', '"Chromium";v="156"'],
  ['sec-ch-ua-mobile', '?0'],
  ['accept', '*/*'],
  ['sec-fetch-site', 'same-origin'],
  ['sec-fetch-mode', 'cors'],
  ['sec-fetch-dest', 'empty'],
  ['referer', 'http://localhost:5173/'],
  ['accept-encoding', 'gzip, deflate, br, zstd'],
  ['accept-language', 'en-US,en;q=0.9'],
  ['cookie', 'a=***'],
]

const requestOf = (overrides: Partial<Exchange>, productionOrigin?: string) =>
  fromRecord({ exchanges: [exchange(overrides)], productionOrigin })?.request

describe('the headers of a script', () => {
  it('are none where the browser has said all', () => {
    expect(requestOf({ pageHeaders: BARE })?.headers).toEqual([])
  })

  it.each<[string, HeaderLines]>([
    ['a reload', [['cache-control', 'max-age=0']]],
    [
      'developer tools that keep the cache out',
      [
        ['pragma', 'no-cache'],
        ['cache-control', 'no-cache'],
      ],
    ],
    [
      'the HTTP cache',
      [
        ['if-none-match', '"1"'],
        ['if-modified-since', 'Tue, 24 Nov 2026 00:00:00 GMT'],
      ],
    ],
    ['HTTP/2', [['priority', 'u=1, i']]],
    ['a body', [['content-length', '2']]],
  ])('are not those of %s', (_name, lines) => {
    expect(requestOf({ pageHeaders: [...BARE, ...lines] })?.headers).toEqual([])
  })

  it.each<[name: string, value: string]>([
    ['authorization', 'Bearer ***'],
    ['x-api-key', '***'],
    ['content-type', 'application/json'],
    ['content-type', 'text/plain;charset=UTF-8'],
    ['cache-control', 'no-store'],
    ['cache-control', 'no-cache'],
    ['accept', 'application/json; profile="https://a.test"'],
    ['accept-language', 'de(ch)'],
    ['last-event-id', '7'],
    ['range', 'bytes=0-'],
  ])('are %s: %s', (name, value) => {
    const others = BARE.filter(([other]) => other !== name)
    expect(requestOf({ pageHeaders: [...others, [name, value]] })?.headers).toEqual([[name, value]])
  })

  it('are none in an EventSource, which comes back with Last-Event-ID', () => {
    const lines: HeaderLines = [
      ...FETCH,
      ['accept', 'text/event-stream'],
      ['pragma', 'no-cache'],
      ['cache-control', 'no-cache'],
      ['last-event-id', '7'],
    ]
    expect(requestOf({ pageHeaders: lines })).toMatchObject({ initiator: 'EventSource', headers: [] })
  })
})

describe('the request', () => {
  it.each<[Exchange['credentials'], string]>([
    ['include', 'include'],
    ['omit', 'omit'],
    ['unknown', 'unknown'],
  ])('has the credentials mode %s', (credentials, mode) => {
    expect(requestOf({ credentials })?.credentials).toBe(mode)
  })

  it('comes from where the page will be', () => {
    expect(requestOf({})?.origin).toBe(PAGE)
    expect(requestOf({}, 'https://app.example.com')).toMatchObject({
      origin: 'https://app.example.com',
      addressSpace: 'local',
    })
  })

  it.each<[dest: string, initiator: string]>([
    ['empty', 'fetch'],
    ['image', 'image'],
    ['font', 'font'],
    ['video', 'media'],
    ['script', 'script'],
    ['style', 'stylesheet'],
  ])('for %s is made by %s', (dest, initiator) => {
    const lines: HeaderLines = [
      ['sec-fetch-mode', 'cors'],
      ['sec-fetch-dest', dest],
    ]
    expect(requestOf({ pageHeaders: lines })?.initiator).toBe(initiator)
  })

  it.each(['navigate', 'same-origin'])('is none in the mode %s', (mode) => {
    expect(requestOf({ pageHeaders: [['sec-fetch-mode', mode]] })).toBeUndefined()
  })

  it.each<[accept: string, mode: string | undefined]>([
    ['*/*', 'cors'],
    ['application/json', 'cors'],
    ['image/avif,image/webp,*/*;q=0.8', 'no-cors'],
    ['text/css,*/*;q=0.1', 'no-cors'],
    ['text/html,application/xhtml+xml', undefined],
  ])('that accepts %s, without Sec-Fetch-Mode, has the mode %s', (accept, mode) => {
    expect(requestOf({ pageHeaders: [['accept', accept]] })?.mode).toBe(mode)
  })

  it('of a socket is that of a WebSocket', () => {
    const pageHeaders: HeaderLines = [
      ['upgrade', 'websocket'],
      ['sec-fetch-mode', 'websocket'],
    ]
    expect(requestOf({ pageHeaders })).toMatchObject({ url: 'wss://api.example.com/users', initiator: 'WebSocket' })
  })

  it.each<[Exchange['forcesPreflight'], object]>([
    [undefined, { hasUploadListener: false, hasStreamBody: false }],
    ['upload-listener', { hasUploadListener: true, hasStreamBody: false }],
    ['stream-body', { hasUploadListener: false, hasStreamBody: true }],
  ])('with %s says so', (forcesPreflight, flags) => {
    expect(requestOf({ forcesPreflight })).toMatchObject(flags)
  })

  it('that follows no redirects is taken for what it is', () => {
    expect(requestOf({})?.redirect).toBeUndefined()
    expect(requestOf({ redirect: 'manual' })?.redirect).toBe('manual')
  })
})

describe('a response', () => {
  const counts = (overrides: Partial<Exchange>, productionOrigin?: string): boolean =>
    fromRecord({ exchanges: [exchange(overrides)], productionOrigin })?.hops[0]?.response !== undefined

  it('counts where the request carried the origin that is judged', () => {
    expect(counts({})).toBe(true)
    expect(counts({ requestHeaders: [['origin', 'https://app.test']] }, 'https://app.test')).toBe(true)
  })

  it.each<[string, HeaderLines]>([
    ["the target's own", [['origin', API]]],
    ['none', []],
    ['another page', [['origin', 'http://localhost:3000']]],
  ])('counts for nothing where it carried %s', (_name, requestHeaders) => {
    expect(counts({ requestHeaders })).toBe(false)
  })

  it("counts for nothing where it carried the page's and production's is judged", () => {
    expect(counts({}, 'https://app.test')).toBe(false)
  })

  it('counts whoever asked where browsers read nothing about origins in it', () => {
    expect(counts({ requestHeaders: [], pageHeaders: [['sec-fetch-mode', 'no-cors']] })).toBe(true)
    expect(counts({ requestHeaders: [], upstreamUrl: 'https://app.test/users' }, 'https://app.test')).toBe(true)
  })

  it('is absent where none came', () => {
    expect(counts({ upstreamResponse: undefined })).toBe(false)
  })
})

describe('a chain of redirects', () => {
  const to = (location: string): Exchange['upstreamResponse'] => ({ status: 302, headers: [['location', location]] })
  const FIRST = exchange({ upstreamResponse: to('https://cdn.example.net/users') })
  const second = (origin: string): Exchange =>
    exchange({ id: 2, upstreamUrl: 'https://cdn.example.net/users', requestHeaders: [['origin', origin]] })

  it('has a hop for each exchange, with what was answered to its preflight', () => {
    const preflight = { status: 204, headers: [] }
    const direct = fromRecord({ exchanges: [FIRST, second('null')], preflights: [undefined, preflight] })
    expect(direct?.request.url).toBe(`${API}/users`)
    expect(direct?.hops).toEqual([
      { response: FIRST.upstreamResponse },
      { preflight, response: second('null').upstreamResponse },
    ])
  })

  it('counts what was said to "null", once a stranger has sent the request on', () => {
    expect(fromRecord({ exchanges: [FIRST, second('null')] })?.hops[1]?.response).toBeDefined()
    expect(fromRecord({ exchanges: [FIRST, second(PAGE)] })?.hops[1]?.response).toBeUndefined()
  })

  it("counts what was said to the page's origin, where the page's own server has sent it on", () => {
    const own = exchange({ upstreamUrl: `${PAGE}/start`, upstreamResponse: to('https://cdn.example.net/users') })
    expect(fromRecord({ exchanges: [own, second(PAGE)] })?.hops[1]?.response).toBeDefined()
    expect(fromRecord({ exchanges: [own, second('null')] })?.hops[1]?.response).toBeUndefined()
  })

  it('ends where a response does not count', () => {
    const unjudged = { ...FIRST, requestHeaders: [['origin', API]] as const }
    expect(fromRecord({ exchanges: [unjudged, second('null')] })?.hops).toEqual([{}])
  })
})
