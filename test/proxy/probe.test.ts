import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { HeaderLines } from '../../src/exchange/exchange'
import { decisionKey, type RouteQuestion } from '../../src/exchange/wire'
import { createPreflights, type PreflightRequest } from '../../src/proxy/preflights'
import { createProbe, type Probe } from '../../src/proxy/probe'
import type { Target } from '../../src/targets/target'

const PAGE = 'http://localhost:5173'

function targetOf(origin: string): Target {
  return {
    origin,
    basePath: '',
    path: undefined,
    stripPrefix: false,
    originPolicy: 'default',
    relay: 'as-needed',
    proxy: {},
    provenance: { source: 'env', file: '.env', line: 1, name: 'VITE_API_URL' },
  }
}

const API = targetOf('https://api.example.com')

function question(overrides: Partial<RouteQuestion> = {}): RouteQuestion {
  return {
    url: 'https://api.example.com/users?page=1#top',
    method: 'GET',
    headers: [],
    credentials: false,
    forcesPreflight: false,
    ...overrides,
  }
}

interface Bench {
  probe: Probe
  sent: PreflightRequest[]
  answer: (request: PreflightRequest) => Promise<{ status: number; headers: HeaderLines }>
  time: number
}

function bench(headers: HeaderLines = [], status = 204, options: { budget?: number } = {}): Bench {
  const now = (): number => one.time
  const preflights = createPreflights({
    ...options,
    now,
    dispatch: (request) => {
      one.sent.push(request)
      return one.answer(request)
    },
  })
  const one: Bench = {
    sent: [],
    time: 1_000_000,
    answer: () => Promise.resolve({ status, headers }),
    probe: createProbe(preflights, now),
  }
  return one
}

const ALLOWS_PAGE: HeaderLines = [['access-control-allow-origin', PAGE]]

describe('the preflight', () => {
  it('is the one that Chromium would send', async () => {
    const { probe, sent } = bench()
    await probe.decide(
      question({ method: 'PUT', headers: ['authorization', 'content-type'], credentials: true }),
      PAGE,
      API,
    )
    expect(sent).toHaveLength(1)
    expect(sent[0]).toMatchObject({ method: 'OPTIONS', url: 'https://api.example.com/users?page=1', target: API })
    expect(sent[0]?.headers).toEqual([
      ['Accept', '*/*'],
      ['Access-Control-Request-Method', 'PUT'],
      ['Access-Control-Request-Headers', 'authorization,content-type'],
      ['Origin', PAGE],
      ['Sec-Fetch-Mode', 'cors'],
      ['Sec-Fetch-Site', 'cross-site'],
      ['Sec-Fetch-Dest', 'empty'],
      ['Referer', `${PAGE}/`],
      ['user-agent', expect.stringContaining('Chrome/')],
      ['accept-encoding', 'gzip, deflate, br, zstd'],
      ['accept-language', expect.any(String)],
    ])
  })

  it('names no headers where none are CORS-unsafe, and never carries credentials', async () => {
    const { probe, sent } = bench()
    await probe.decide(question({ credentials: true }), PAGE, API)
    const names = sent[0]?.headers.map(([name]) => name.toLowerCase())
    expect(names).not.toContain('access-control-request-headers')
    expect(names).not.toContain('cookie')
    expect(names).not.toContain('authorization')
  })

  it("says same-site to another port of the page's host", async () => {
    const { probe, sent } = bench()
    await probe.decide(question({ url: 'http://localhost:3000/x' }), PAGE, targetOf('http://localhost:3000'))
    expect(sent[0]?.headers).toContainEqual(['Sec-Fetch-Site', 'same-site'])
  })
})

describe('a decision', () => {
  it.each<[string, Partial<RouteQuestion>, number, HeaderLines, 'direct' | 'relay', RegExp]>([
    ['the origin', {}, 204, ALLOWS_PAGE, 'direct', /allows http:\/\/localhost:5173 itself/],
    ['any origin', {}, 200, [['Access-Control-Allow-Origin', '*']], 'direct', /allows/],
    ['nothing', {}, 204, [], 'relay', /no Access-Control-Allow-Origin/],
    ['another origin', {}, 204, [['access-control-allow-origin', 'https://app.example']], 'relay', /another origin/],
    ['two origins', {}, 204, [...ALLOWS_PAGE, ...ALLOWS_PAGE], 'relay', /several values/],
    ['garbage', {}, 204, [['access-control-allow-origin', 'yes']], 'relay', /no origin/],
    [
      'any origin, with credentials',
      { credentials: true },
      204,
      [['access-control-allow-origin', '*']],
      'relay',
      /"\*"/,
    ],
    ['the origin, no credentials', { credentials: true }, 204, ALLOWS_PAGE, 'relay', /Allow-Credentials/],
    [
      'the origin, with credentials',
      { credentials: true },
      204,
      [...ALLOWS_PAGE, ['access-control-allow-credentials', 'true']],
      'direct',
      /allows/,
    ],
    ['the origin, status 404', {}, 404, ALLOWS_PAGE, 'relay', /status 404/],
    ['the origin, by redirect', {}, 302, ALLOWS_PAGE, 'relay', /redirect \(302\)/],
    ['no PUT', { method: 'PUT' }, 204, ALLOWS_PAGE, 'relay', /method PUT/],
    [
      'PUT',
      { method: 'PUT' },
      204,
      [...ALLOWS_PAGE, ['access-control-allow-methods', 'GET'], ['access-control-allow-methods', 'PUT']],
      'direct',
      /allows/,
    ],
    [
      'a list that does not parse',
      { method: 'PUT' },
      204,
      [...ALLOWS_PAGE, ['access-control-allow-methods', 'PUT;']],
      'relay',
      /does not parse/,
    ],
    [
      'headers that do not parse',
      {},
      204,
      [...ALLOWS_PAGE, ['access-control-allow-headers', 'a b']],
      'relay',
      /does not parse/,
    ],
    ['no X-Key', { headers: ['x-key'] }, 204, ALLOWS_PAGE, 'relay', /request header x-key/],
    [
      'X-Key',
      { headers: ['x-key'] },
      204,
      [...ALLOWS_PAGE, ['access-control-allow-headers', 'X-Key']],
      'direct',
      /allows/,
    ],
  ])('on a target that allows %s', async (_name, asked, status, headers, route, reason) => {
    const decision = await bench(headers, status).probe.decide(question(asked), PAGE, API)
    expect(decision.route).toBe(route)
    expect(decision.reason).toMatch(reason)
    // It stands after "… is called through the relay:".
    expect(decision.reason).toMatch(/^[a-z].*[^.]$/)
  })

  it('is the relay without asking where no header could help', async () => {
    const { probe, sent } = bench(ALLOWS_PAGE)
    const plain = targetOf('http://api.example.com')
    expect(await probe.decide(question({ url: 'wss://api.example.com/ws' }), PAGE, API)).toMatchObject({
      route: 'relay',
    })
    expect(await probe.decide(question({ url: 'https://other.example/' }), PAGE, API)).toMatchObject({ route: 'relay' })
    expect(
      await probe.decide(question({ url: 'http://api.example.com/' }), 'https://localhost:5173', plain),
    ).toMatchObject({
      route: 'relay',
      reason: expect.stringContaining('https page'),
    })
    expect(sent).toHaveLength(0)
  })

  it('is asked for from an https page, where the target is on loopback', async () => {
    const { probe, sent } = bench([['access-control-allow-origin', '*']])
    const local = targetOf('http://localhost:3000')
    const decision = await probe.decide(question({ url: 'http://localhost:3000/' }), 'https://localhost:5173', local)
    expect(decision.route).toBe('direct')
    expect(sent).toHaveLength(1)
  })

  it('is the relay when the target does not answer', async () => {
    const one = bench()
    one.answer = () => Promise.reject(new Error('ECONNREFUSED'))
    expect(await one.probe.decide(question(), PAGE, API)).toMatchObject({ route: 'relay' })
    // A dispatcher that throws at once is no different.
    one.answer = () => {
      throw new Error('closed')
    }
    expect(await one.probe.decide(question({ method: 'PUT' }), PAGE, API)).toMatchObject({ route: 'relay' })
  })
})

describe('asking', () => {
  it('happens once per kind of call, however many ask at the same time', async () => {
    const one = bench()
    const waiting: ((value: { status: number; headers: HeaderLines }) => void)[] = []
    one.answer = () => new Promise((resolve) => waiting.push(resolve))
    const asked = Array.from({ length: 20 }, (_, i) =>
      one.probe.decide(question({ url: `https://api.example.com/${i}` }), PAGE, API),
    )
    expect(one.sent).toHaveLength(1)
    waiting[0]?.({ status: 204, headers: ALLOWS_PAGE })
    expect(new Set((await Promise.all(asked)).map(({ route }) => route))).toEqual(new Set(['direct']))
    await one.probe.decide(question(), PAGE, API)
    expect(one.sent).toHaveLength(1)
  })

  it('happens again for another method, header, page or target', async () => {
    const { probe, sent } = bench()
    await probe.decide(question(), PAGE, API)
    await probe.decide(question({ method: 'PUT' }), PAGE, API)
    await probe.decide(question({ headers: ['x-a'] }), PAGE, API)
    await probe.decide(question(), 'http://localhost:8000', API)
    await probe.decide(question({ url: 'https://b.example/' }), PAGE, targetOf('https://b.example'))
    expect(sent).toHaveLength(5)
  })

  it('happens once for either credentials mode, which preflights do not show, though the answers mean different things', async () => {
    const { probe, sent } = bench([['access-control-allow-origin', '*']])
    expect((await probe.decide(question(), PAGE, API)).route).toBe('direct')
    expect((await probe.decide(question({ credentials: true }), PAGE, API)).route).toBe('relay')
    expect((await probe.decide(question({ forcesPreflight: true }), PAGE, API)).route).toBe('direct')
    expect(sent).toHaveLength(1)
  })

  it('happens again after ten minutes, and after half a minute where no answer came', async () => {
    const one = bench(ALLOWS_PAGE)
    await one.probe.decide(question(), PAGE, API)
    one.time += 9 * 60_000
    await one.probe.decide(question(), PAGE, API)
    expect(one.sent).toHaveLength(1)
    one.time += 2 * 60_000
    one.answer = () => Promise.reject(new Error('down'))
    expect((await one.probe.decide(question(), PAGE, API)).route).toBe('relay')
    expect(one.sent).toHaveLength(2)
    one.time += 31_000
    one.answer = () => Promise.resolve({ status: 204, headers: ALLOWS_PAGE })
    expect((await one.probe.decide(question(), PAGE, API)).route).toBe('direct')
    expect(one.sent).toHaveLength(3)
  })

  it('stops at the budget of each target, and goes on after a minute', async () => {
    const one = bench(ALLOWS_PAGE, 204, { budget: 3 })
    const ask = (i: number, target = API): Promise<{ route: string; reason: string }> =>
      one.probe.decide(question({ url: `${target.origin}/`, headers: [`x-${i}`] }), PAGE, target)
    for (let i = 0; i < 3; i++) await ask(i)
    expect(await ask(3)).toEqual({ route: 'relay', reason: 'it was asked 3 times within a minute' })
    expect(one.sent).toHaveLength(3)
    await ask(0, targetOf('https://b.example'))
    expect(one.sent).toHaveLength(4)
    one.time += 60_001
    await ask(3)
    expect(one.sent).toHaveLength(5)
  })

  it('can be told to the next page', async () => {
    const one = bench(ALLOWS_PAGE)
    await one.probe.decide(question(), PAGE, API)
    await one.probe.decide(question({ method: 'PUT' }), PAGE, API)
    expect(one.probe.known(PAGE)).toEqual({
      [decisionKey(API.origin, question())]: 'direct',
      [decisionKey(API.origin, question({ method: 'PUT' }))]: 'relay',
    })
    expect(one.probe.known('http://localhost:8000')).toEqual({})
    one.time += 11 * 60_000
    expect(one.probe.known(PAGE)).toEqual({})
  })
})

describe('a target that is silent', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is relayed after five seconds, and its connection is given up', async () => {
    const one = bench()
    one.answer = () => new Promise(() => {})
    const decision = one.probe.decide(question(), PAGE, API)
    await vi.advanceTimersByTimeAsync(4_999)
    expect(one.sent[0]?.signal.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect((await decision).route).toBe('relay')
    expect(one.sent[0]?.signal.aborted).toBe(true)
  })
})
