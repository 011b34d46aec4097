import { describe, expect, it } from 'vitest'
import { type DirectRequest, explain, type Initiator, type Outcome, type Reason } from '../../src/explain'
import { allowOrigin, answer, API, exchange, PAGE } from './given'

const open = {
  preflight: answer(204, allowOrigin('*', { 'Access-Control-Allow-Methods': '*' })),
  response: answer(200, allowOrigin('*')),
}

describe('before anybody is asked', () => {
  it.each<[string, Partial<DirectRequest>, Reason | undefined]>([
    ['a plain call passes', {}, undefined],
    ['a URL that is none', { url: '/users' }, 'InvalidUrl'],
    ['a user name in the URL', { url: 'https://me@api.example.com/' }, 'UrlWithCredentials'],
    ['a password in the URL', { url: 'https://:secret@api.example.com/' }, 'UrlWithCredentials'],
    ['an @ in the path', { url: 'https://api.example.com/me@home' }, undefined],
    ['XMLHttpRequest takes them', { url: 'https://me@api.example.com/', initiator: 'XMLHttpRequest' }, undefined],
    ['a forbidden method', { method: 'TRACE' }, 'ForbiddenMethod'],
    ['a forbidden method in lower case', { method: 'connect' }, 'ForbiddenMethod'],
    ['a method that only starts like one', { method: 'TRACER' }, undefined],
    ['PUT in no-cors mode', { method: 'PUT', mode: 'no-cors' }, 'MethodDisallowedByMode'],
    ['post in no-cors mode', { method: 'post', mode: 'no-cors' }, undefined],
    ['a bad port', { url: 'http://api.example.com:6000/' }, 'BadPort'],
    ['a port next to it', { url: 'http://api.example.com:6001/' }, undefined],
    ['another origin in same-origin mode', { mode: 'same-origin' }, 'DisallowedByMode'],
    ['the own origin in same-origin mode', { mode: 'same-origin', url: `${PAGE}/a` }, undefined],
    ['no-cors mode without redirects', { mode: 'no-cors', redirect: 'manual' }, 'NoCorsRedirectModeNotFollow'],
    ['no-cors mode on the own origin without', { mode: 'no-cors', redirect: 'error', url: `${PAGE}/a` }, undefined],
    ['another scheme', { url: 'ftp://api.example.com/' }, 'CorsDisabledScheme'],
  ])('%s', (_, request, reason) => {
    for (const dialect of ['standard', 'chromium'] as const) {
      const verdict = explain(exchange(request, open), { dialect })
      expect({ dialect, outcome: verdict.outcome, reason: verdict.reason }).toEqual({
        dialect,
        outcome: reason ? 'blocked' : 'allowed',
        reason,
      })
      expect(verdict.problems.map(({ at }) => at)).toEqual(reason ? ['request'] : [])
    }
  })

  it.each<Partial<DirectRequest>>([
    { initiator: 'EventSource' },
    { initiator: 'sendBeacon' },
    { initiator: 'image', mode: 'no-cors' },
    { initiator: 'script', mode: 'no-cors' },
  ])('%o with a user name in the URL is refused by Chromium alone', (request) => {
    const given = exchange({ ...request, url: 'https://me@api.example.com/' }, open)
    const { reason, remarks } = explain(given, { dialect: 'chromium' })
    expect(reason).toBe('UrlWithCredentials')
    expect(remarks.join()).toContain('Not refused by the standard')
    expect(explain(given).outcome).toBe('allowed')
  })

  it.each([undefined, 'http://['])('a redirect that nobody may follow leads nowhere (Location: %s)', (location) => {
    const response = answer(302, allowOrigin('*', location === undefined ? {} : { Location: location }))
    const { reason, fixes } = explain(exchange({ redirect: 'error' }, { response }))
    expect([reason, fixes.map(({ callInstead }) => callInstead)]).toEqual(['RedirectModeError', [undefined]])
  })

  it('fetch() looks at the URL first, XMLHttpRequest at the method', () => {
    const reasons = (initiator: Initiator): Reason[] =>
      explain(exchange({ url: '/users', method: 'TRACE', initiator })).problems.map(({ reason }) => reason)
    expect(reasons('fetch')).toEqual(['InvalidUrl', 'ForbiddenMethod'])
    expect(reasons('XMLHttpRequest')).toEqual(['ForbiddenMethod', 'InvalidUrl'])
  })

  it('a user name in the URL is not in what follows a relative redirect, to Chromium', () => {
    const request = { url: 'https://me@api.example.com/', initiator: 'XMLHttpRequest' } as const
    const given = exchange(request, { response: answer(302, allowOrigin('*', { Location: '/a' })) }, open)
    expect(explain(given, { dialect: 'chromium' }).outcome).toBe('allowed')
    expect(explain(given).reason).toBe('RedirectContainsCredentials')
  })

  it.each<[string, string, string | undefined]>([
    ['https://app.example.com', 'http://api.example.com/', 'MixedContent'],
    ['https://app.example.com', 'http://192.0.2.1/', 'MixedContent'],
    ['https://app.example.com', 'http://localhost.example.com/', 'MixedContent'],
    ['https://app.example.com', 'http://localhost:3000/', undefined],
    ['https://app.example.com', 'http://api.localhost:3000/', undefined],
    ['https://app.example.com', 'http://127.0.0.1:3000/', undefined],
    ['https://app.example.com', 'http://[::1]:3000/', undefined],
    ['https://app.example.com', 'https://api.example.com/', undefined],
    ['https://localhost:5173', 'http://api.example.com/', 'MixedContent'],
    ['http://localhost:5173', 'http://api.example.com/', undefined],
    ['http://app.example.com', 'http://api.example.com/', undefined],
  ])('from %s to %s: %s', (origin, url, reason) => {
    expect(explain(exchange({ origin, url }, open)).reason).toBe(reason)
  })

  it('upgrades images and media to https, but for addresses and for all else', () => {
    const secure = { origin: 'https://app.example.com', url: 'http://img.example.com/a.png' }
    for (const initiator of ['image', 'media', 'audio'] as const) {
      const { outcome, hops } = explain(exchange({ ...secure, initiator }, open))
      expect([outcome, hops[0]?.url]).toEqual(['allowed', 'https://img.example.com/a.png'])
    }
    expect(explain(exchange({ ...secure, initiator: 'script' }, open)).reason).toBe('MixedContent')
    expect(explain(exchange({ ...secure, url: 'http://192.0.2.1/a.png', initiator: 'image' }, open)).reason).toBe(
      'MixedContent',
    )
  })

  it('meets the mode before the port in Chromium, and after it in the standard', () => {
    const given = exchange({ mode: 'same-origin', url: 'http://api.example.com:22/' }, open)
    const reasons = (dialect: 'standard' | 'chromium') =>
      explain(given, { dialect }).problems.map(({ reason }) => reason)
    expect(reasons('standard')).toEqual(['BadPort', 'DisallowedByMode'])
    expect(reasons('chromium')).toEqual(['DisallowedByMode', 'BadPort'])
  })
})

describe('what goes along', () => {
  const headersOf = (request: Partial<DirectRequest>, dialect: 'standard' | 'chromium' = 'standard') =>
    explain(exchange(request, open), { dialect }).hops[0]?.headers

  it('leaves out what no script can set', () => {
    const headers = [
      ['Cookie', 'a=b'],
      ['Sec-Fetch-Site', 'x'],
      ['X-A', '1'],
      ['X-HTTP-Method', 'trace'],
      ['X-HTTP-Method-Override', 'PUT'],
    ] as const
    expect(headersOf({ headers })).toEqual([
      ['x-a', '1'],
      ['x-http-method-override', 'PUT'],
    ])
  })

  it('keeps User-Agent, which Chromium drops', () => {
    const headers = [['User-Agent', 'x']] as const
    expect(headersOf({ headers })).toEqual([['user-agent', 'x']])
    expect(headersOf({ headers }, 'chromium')).toEqual([])
  })

  it('keeps in no-cors mode only what needs no preflight', () => {
    const headers = [
      ['Accept', '*/*'],
      ['Content-Type', 'application/json'],
      ['Range', 'bytes=0-'],
      ['X-A', '1'],
      ['Accept-Language', 'en'],
    ] as const
    expect(headersOf({ headers, mode: 'no-cors' })).toEqual([
      ['accept', '*/*'],
      ['accept-language', 'en'],
    ])
  })

  it('takes white space off values', () => {
    expect(headersOf({ headers: [['X-A', ' \t1\r\n']] })).toEqual([['x-a', '1']])
  })

  it('tells the page’s origin to others, and to its own server only what changes something', () => {
    const originOf = (request: Partial<DirectRequest>) => explain(exchange(request, open)).hops[0]?.origin
    expect(originOf({})).toBe(PAGE)
    expect(originOf({ url: `${PAGE}/a` })).toBeUndefined()
    expect(originOf({ url: `${PAGE}/a`, method: 'POST' })).toBe(PAGE)
    expect(originOf({ mode: 'no-cors' })).toBeUndefined()
    expect(originOf({ mode: 'no-cors', method: 'POST' })).toBe(PAGE)
    expect(originOf({ url: 'wss://api.example.com/', initiator: 'WebSocket' })).toBe(PAGE)
  })
})

describe('what was not seen', () => {
  it.each<[string, Partial<DirectRequest>, Parameters<typeof exchange>[1][], Outcome, string[]]>([
    ['nothing', {}, [], 'unknown', ['response']],
    ['no response', {}, [{}], 'unknown', ['response']],
    ['no preflight', { method: 'PUT' }, [{ response: answer(200, allowOrigin('*')) }], 'unknown', ['preflight']],
    ['neither', { method: 'PUT' }, [], 'unknown', ['preflight', 'response']],
    ['a preflight that nobody needs', {}, [{ response: answer(200, allowOrigin('*')) }], 'allowed', []],
    ['no preflight, and a response that fails', { method: 'PUT' }, [{ response: answer(200) }], 'blocked', []],
    ['a preflight that fails, and no response', { method: 'PUT' }, [{ preflight: answer(404) }], 'blocked', []],
    [
      'a preflight that passes, and no response',
      { method: 'PUT' },
      [{ preflight: open.preflight }],
      'unknown',
      ['response'],
    ],
    ['no response in no-cors mode', { mode: 'no-cors' }, [], 'unknown', ['response']],
    ['no response of the own origin', { url: `${PAGE}/a` }, [], 'unknown', ['response']],
    ['nothing to a bad port', { url: 'http://api.example.com:22/' }, [], 'blocked', []],
  ])('%s', (_, request, hops, outcome, missing) => {
    const verdict = explain(exchange(request, ...hops.map((hop) => hop)))
    expect(verdict.outcome).toBe(outcome)
    expect(verdict.unsettled.map((entry) => entry.missing)).toEqual(missing)
    expect(verdict.response === undefined).toBe(outcome !== 'allowed')
  })

  it.each<[string, [string, string][]]>([
    ['one name', [['x'.repeat(2 ** 20), '1']]],
    ['one value', [['X-A', 'x'.repeat(2 ** 20)]]],
    ['many names', Array.from({ length: 2 ** 17 }, (_, index): [string, string] => [`x-${index}`, '1'])],
  ])('is more than servers read, in %s', (_, headers) => {
    expect(explain(exchange({ headers }, open))).toMatchObject({ outcome: 'unknown', unsettled: [{ hop: 0 }] })
    expect(explain(exchange({ headers }, { response: answer(200) })).outcome).toBe('blocked')
    expect(explain(exchange({ headers, method: 'PUT' }, { preflight: answer(431) })).outcome).toBe('blocked')
  })

  it('is told in sentences that name where', () => {
    const { unsettled } = explain(exchange({ method: 'PUT' }))
    for (const { sentence } of unsettled) expect(sentence).toContain(API)
  })
})

describe('a preflight that is redirected', () => {
  const fixesFor = (location: string | string[]) =>
    explain(exchange({ method: 'PUT' }, { preflight: answer(308, { Location: location }) })).fixes

  it.each([
    ['/users/', 'https://api.example.com/users/'],
    ['https://me:secret@www.example.com/', 'https://www.example.com/'],
  ])('to %s can be answered, or saved', (location, callInstead) => {
    const [fix] = fixesFor(location)
    expect(fix).toMatchObject({ kind: 'policy', policy: { methods: ['PUT'] }, callInstead })
    expect(fix?.sentence).toContain(` Or call ${callInstead} at once`)
  })

  it.each<[string, string | string[]]>([
    ['nowhere', []],
    ['to no URL', 'http://['],
    ['to another scheme', 'mailto:me@example.com'],
    ['to two places', ['/a', '/b']],
  ])('%s can be answered only', (_, location) => {
    const [fix] = fixesFor(location)
    expect(fix?.kind).toBe('policy')
    expect(fix).not.toHaveProperty('callInstead')
  })
})

describe('WebSockets', () => {
  const socket = (response?: Parameters<typeof answer>[0]) =>
    explain(
      exchange(
        { url: 'wss://api.example.com/live', initiator: 'WebSocket' },
        response === undefined ? {} : { response: answer(response) },
      ),
    )

  it('have nothing to do with CORS', () => {
    expect(socket(101)).toMatchObject({
      outcome: 'allowed',
      hops: [{ preflight: { result: 'unneeded' }, corsCheck: 'unneeded' }],
    })
    expect(socket()).toMatchObject({ outcome: 'unknown' })
  })

  it('are refused by the server itself', () => {
    const { reason, consoleText, fixes } = socket(403)
    expect(reason).toBe('WebSocketHandshakeFailed')
    expect(consoleText).toBe(
      "WebSocket connection to 'wss://api.example.com/live' failed: Error during WebSocket handshake: Unexpected response code: 403",
    )
    expect(fixes).toMatchObject([{ kind: 'request', sentence: expect.stringContaining(`Origin: ${PAGE}`) }])
  })

  it('carry cookies without being asked to', () => {
    expect(socket().cookies.sent).toBe('same-site-none-only')
    expect(explain(exchange({ url: 'wss://api.example.com/live' })).cookies.sent).toBe('none')
  })

  it('have to be secure on a secure page', () => {
    const given = exchange({ url: 'ws://api.example.com/', origin: 'https://app.example.com', initiator: 'WebSocket' })
    const { reason, fixes } = explain(given)
    expect(reason).toBe('MixedContent')
    expect(fixes).toMatchObject([{ callInstead: 'wss://api.example.com/' }])
  })
})

describe('beacons', () => {
  it('go without CORS unless their type asks for a preflight', () => {
    const beacon = (type: string) =>
      explain(exchange({ initiator: 'sendBeacon', headers: [['Content-Type', type]] }, { response: answer(204) }))
    expect(beacon('text/plain')).toMatchObject({
      outcome: 'allowed',
      hops: [{ method: 'POST' }],
      response: { type: 'opaque' },
    })
    expect(beacon('application/json')).toMatchObject({
      outcome: 'blocked',
      hops: [{ preflight: { result: 'unknown' } }],
    })
  })

  it('carry cookies, so `*` does not do', () => {
    const given = exchange(
      { initiator: 'sendBeacon', headers: [['Content-Type', 'application/json']] },
      { preflight: answer(204, allowOrigin('*', { 'Access-Control-Allow-Headers': '*' })) },
    )
    expect(explain(given).reason).toBe('PreflightWildcardOriginNotAllowed')
  })
})
