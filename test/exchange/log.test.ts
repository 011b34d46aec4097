import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Exchange, HeaderLines } from '../../src/exchange/exchange'
import { createExchangeLog } from '../../src/exchange/log'
import type { ExchangeRecord } from '../../src/exchange/recorded-exchange'

function record(overrides: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    id: 1,
    startedAt: 1_000,
    way: 'to',
    pageOrigin: 'http://localhost:5173',
    credentials: 'include',
    method: 'GET',
    pageUrl: '/__cors-dev/to/https/api.example.com/users',
    upstreamUrl: 'https://api.example.com/users',
    pageHeaders: {},
    requestHeaders: [],
    ...overrides,
  }
}

/** What a subscriber and a later reader are given: the same. */
function logged(one: ExchangeRecord): Exchange {
  const log = createExchangeLog()
  const seen: Exchange[] = []
  log.subscribe((exchange) => seen.push(exchange))
  log.add(one)
  expect([...log.newestFirst()]).toEqual(seen)
  const [exchange] = seen
  if (!exchange) throw new Error('nobody was told')
  return exchange
}

const header = (name: string, value: string): string | undefined =>
  logged(record({ requestHeaders: [[name, value]], pageHeaders: { [name]: value } })).requestHeaders[0]?.[1]

describe('a log', () => {
  it('forgets the oldest exchange when it is full', () => {
    const log = createExchangeLog(2)
    for (const id of [1, 2, 3]) log.add(record({ id }))
    expect([...log.newestFirst()].map(({ id }) => id)).toEqual([3, 2])
  })

  it('tells whoever listens, until they leave', () => {
    const log = createExchangeLog()
    const seen: number[] = []
    const leave = log.subscribe(({ id }) => seen.push(id))
    log.add(record({ id: 1 }))
    leave()
    log.add(record({ id: 2 }))
    expect(seen).toEqual([1])
  })

  it('shows an exchange as it ended: what the transport adds later is seen', () => {
    const one = record()
    const exchange = logged(one)
    one.failure = { code: 'reset', cause: 'c', remedy: 'r' }
    expect(exchange.failure?.code).toBe('reset')
  })
})

describe('a secret in a header', () => {
  it.each([
    ['authorization', 'Bearer eyJhbGciOi.secret', 'Bearer ***'],
    ['authorization', 'basic c2VjcmV0', 'basic ***'],
    ['authorization', 'AWS4-HMAC-SHA256 Credential=secret, Signature=secret', 'AWS4-HMAC-SHA256 ***'],
    ['authorization', 'secret', '***'],
    ['authorization', 'my secret', '***'],
    ['proxy-authorization', 'Basic c2VjcmV0', 'Basic ***'],
    ['cookie', 'sid=secret; theme=secret', 'sid=***; theme=***'],
    ['cookie', 'secret', '***'],
    ['cookie', 'a=b=secret', 'a=***'],
    ['x-api-key', 'secret', '***'],
    ['apikey', 'secret', '***'],
    ['x-goog-api-key', 'secret', '***'],
    ['ocp-apim-subscription-key', 'secret', '***'],
    ['x-amz-security-token', 'secret', '***'],
    ['x-auth', 'secret', '***'],
    ['x-xsrf-token', 'secret', '***'],
    ['x-session-id', 'secret', '***'],
  ])('%s: %s is shown as %s', (name, value, shown) => {
    expect(header(name, value)).toBe(shown)
  })

  it.each([
    ['content-type', 'application/json'],
    ['accept', 'text/html'],
    ['x-author', 'Ann'],
    ['x-keyboard', 'qwerty'],
    ['sec-fetch-site', 'same-origin'],
    ['access-control-allow-headers', 'authorization, x-api-key'],
    ['www-authenticate', 'Bearer realm="api"'],
  ])('is not suspected in %s: %s', (name, value) => {
    expect(header(name, value)).toBe(value)
  })

  it('of a cookie that is set leaves its name and its attributes', () => {
    const headers: HeaderLines = [
      ['set-cookie', 'sid=secret; Path=/; HttpOnly; SameSite=None'],
      ['set-cookie', 'secret; Path=/'],
      ['location', '/next'],
    ]
    const { upstreamResponse, sentResponse } = logged(
      record({ upstreamResponse: { status: 302, headers }, sentResponse: { status: 302, headers } }),
    )
    const shown = [
      ['set-cookie', 'sid=***; Path=/; HttpOnly; SameSite=None'],
      ['set-cookie', '***; Path=/'],
      ['location', '/next'],
    ]
    expect(upstreamResponse).toEqual({ status: 302, headers: shown })
    expect(sentResponse).toEqual({ status: 302, headers: shown })
  })

  it('is whatever the dev server adds, under any name, and not what it passes on', () => {
    const { requestHeaders } = logged(
      record({
        pageHeaders: { 'x-tenant': 'acme', 'x-plan': 'free', accept: '*/*' },
        requestHeaders: [
          ['host', 'api.example.com'],
          ['origin', 'http://localhost:5173'],
          ['via', '1.1 cors-dev-1'],
          ['accept', '*/*'],
          ['x-tenant', 'acme'],
          ['x-plan', 'enterprise'],
          ['x-partner', 'hunter2'],
        ],
      }),
    )
    expect(Object.fromEntries(requestHeaders)).toEqual({
      host: 'api.example.com',
      origin: 'http://localhost:5173',
      via: '1.1 cors-dev-1',
      accept: '*/*',
      'x-tenant': 'acme',
      'x-plan': '***',
      'x-partner': '***',
    })
  })

  it('is in no form in which an exchange is written down', () => {
    const lines: HeaderLines = [
      ['authorization', 'Bearer hunter2'],
      ['cookie', 'sid=hunter2'],
      ['set-cookie', 'sid=hunter2'],
    ]
    const exchange = logged(
      record({
        pageHeaders: { authorization: 'Bearer hunter2', cookie: 'sid=hunter2', ':path': '/' },
        pageUrl: '/api/users?access_token=hunter2&page=2',
        upstreamUrl: 'https://api.example.com/users?access_token=hunter2&page=2',
        requestHeaders: lines,
        upstreamResponse: { status: 200, headers: [...lines, ['location', '/next#id_token=hunter2']] },
        sentResponse: { status: 200, headers: lines },
      }),
    )
    const written = JSON.stringify(exchange)
    expect(written).not.toContain('hunter2')
    expect(inspect(exchange, { depth: 9, showHidden: true, getters: true })).not.toContain('hunter2')
    expect(JSON.parse(written)).toMatchObject({
      id: 1,
      method: 'GET',
      upstreamUrl: 'https://api.example.com/users?access_token=***&page=2',
      pageHeaders: [
        ['authorization', 'Bearer ***'],
        ['cookie', 'sid=***'],
      ],
      upstreamResponse: { status: 200 },
    })
  })
})
