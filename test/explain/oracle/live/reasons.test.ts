import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DirectExchange, DirectHop, DirectRequest, Initiator, Reason } from '../../../../src/explain'
import { addressSpaceOf, PAGES, type Body, type Case, type PageName } from '../case'
import { disagreements } from '../compare'
import { openOracle, ORACLE_TIMEOUT, type Oracle } from '../oracle'
import { readRecorded } from '../recorded'
import type { Truth } from '../truth'
import { verdictOf } from '../verdict'

// Calls are written with `ID` where each gets a path of its own.

type Line = [name: string, value: string]

interface Row {
  page?: PageName
  /** `GET` to another origin unless it says otherwise. */
  request?: Partial<DirectRequest>
  hops?: readonly DirectHop[]
  body?: Body
}

const DEV = PAGES.dev.origin
const ALLOWED: Line = ['Access-Control-Allow-Origin', '*']

const answer = (status: number, ...headers: Line[]) => ({
  status,
  headers: [['Content-Length', '2'] as Line, ...headers],
})
const ok = (...headers: Line[]): DirectHop => ({ response: answer(200, ...headers) })
const asked = (preflight: Line[], status = 204): DirectHop => ({
  preflight: { status, headers: preflight },
  response: answer(200, ALLOWED),
})
const to = (location: string, ...headers: Line[]): DirectHop => ({
  response: answer(302, ['Location', location], ALLOWED, ...headers),
})

/** Redirects to the paths `from` … `until`. */
const around = (origin: string, from: number, until: number): DirectHop[] =>
  Array.from({ length: until - from + 1 }, (_, index) => to(`${origin}/ID/${from + index}`))

let calls = 0

function caseOf({ page = 'dev', request = {}, hops = [ok(ALLOWED)], body }: Row): Case {
  const given: DirectExchange = {
    request: {
      url: 'http://other.test/ID/0',
      origin: PAGES[page].origin,
      addressSpace: addressSpaceOf(PAGES[page].url),
      ...(page === 'require-corp' || page === 'credentialless' ? { embedderPolicy: page } : {}),
      ...request,
    },
    hops,
  }
  const exchange = JSON.parse(JSON.stringify(given).replaceAll('/ID/', `/c${calls++}/`)) as DirectExchange
  exchange.hops = exchange.hops.map((hop) => ({ ...hop, addressSpace: spaceOf(exchange, hop) }))
  return { page, exchange, ...(body !== undefined && { body }) }
}

function spaceOf({ request, hops }: DirectExchange, hop: DirectHop) {
  const before = hops[hops.indexOf(hop) - 1]
  const location = before?.response?.headers.find(([name]) => name === 'Location')?.[1]
  return addressSpaceOf(location === undefined ? request.url : new URL(location, request.url).href)
}

/** Every reason there is, so that the compiler asks for a row where one is added. */
const BLOCKED: Record<Reason, Row[]> = {
  InvalidUrl: [
    { request: { url: 'http://[/ID/0' } },
    { request: { url: 'http://[/ID/0', initiator: 'XMLHttpRequest' } },
  ],
  UrlWithCredentials: [
    { request: { url: 'http://user:pass@other.test/ID/0' } },
    { request: { url: 'http://:pass@other.test/ID/0', initiator: 'EventSource' } },
    { request: { url: 'http://user@other.test/ID/0', initiator: 'image', mode: 'no-cors', credentials: 'include' } },
    { request: { url: 'http://user@other.test/ID/0', method: 'POST', initiator: 'sendBeacon' }, body: 'bytes' },
  ],
  ForbiddenMethod: [
    { request: { method: 'TRACE' } },
    { request: { url: 'http://[/ID/0', method: 'TRACE', initiator: 'XMLHttpRequest' } },
    { request: { method: 'connect', initiator: 'XMLHttpRequest' } },
  ],
  MethodDisallowedByMode: [{ request: { method: 'PUT', mode: 'no-cors' } }],
  BadPort: [{ request: { url: 'http://other.test:6000/ID/0' } }, { hops: [to('http://other.test:22/ID/1')] }],
  MixedContent: [
    { page: 'secure' },
    { page: 'secure', request: { initiator: 'XMLHttpRequest' } },
    { page: 'secure', request: { initiator: 'EventSource' } },
    { page: 'secure', request: { initiator: 'script' } },
    { page: 'secure', request: { initiator: 'stylesheet' } },
    { page: 'secure', request: { initiator: 'font' } },
    { page: 'secure', request: { mode: 'no-cors' } },
    { page: 'secure', request: { url: 'https://other.test/ID/0' }, hops: [to('http://other.test/ID/1'), ok(ALLOWED)] },
    { page: 'secure', request: { url: 'ws://other.test/ID/0', initiator: 'WebSocket' } },
  ],
  DisallowedByMode: [
    { request: { mode: 'same-origin' } },
    { request: { url: `${DEV}/ID/0`, mode: 'same-origin' }, hops: [to('http://other.test/ID/1'), ok(ALLOWED)] },
  ],
  NoCorsRedirectModeNotFollow: [
    { request: { mode: 'no-cors', redirect: 'manual' } },
    { request: { mode: 'no-cors', redirect: 'error' } },
  ],
  CorsDisabledScheme: [
    { request: { url: 'ftp://other.test/ID/0' } },
    { request: { url: 'file:///ID/0' } },
    { request: { url: 'foo://other.test/ID/0', initiator: 'XMLHttpRequest' } },
    { hops: [to('mailto:x')] },
    { hops: [to('ftp://other.test/')] },
  ],
  InsecureLocalNetwork: [
    { page: 'public' },
    { page: 'public', request: { mode: 'no-cors' } },
    { page: 'public', request: { method: 'PUT' } },
    { page: 'public', request: { url: 'http://nas.lan.test/ID/0' } },
    {
      page: 'public',
      request: { url: 'http://app.public.test/ID/0' },
      hops: [to('http://other.test/ID/1'), ok(ALLOWED)],
    },
    { page: 'public', request: { initiator: 'EventSource' } },
    { page: 'public', request: { initiator: 'image' } },
    { page: 'public', request: { url: 'ws://nas.lan.test/ID/0', initiator: 'WebSocket' } },
  ],
  LocalNetworkAccessPermissionDenied: [
    { page: 'public-secure', request: { url: 'https://other.test/ID/0' } },
    { page: 'public-secure', request: { url: 'http://localhost:3000/ID/0' } },
    { page: 'public-secure', request: { url: 'https://nas.lan.test/ID/0', mode: 'no-cors' } },
    {
      page: 'public-secure',
      request: { url: 'https://app.public.test/ID/0' },
      hops: [to('https://nas.lan.test/ID/1'), ok(ALLOWED)],
    },
    { page: 'public-secure', request: { url: 'wss://nas.lan.test/ID/0', initiator: 'WebSocket' } },
  ],

  PreflightDisallowedRedirect: [{ request: { method: 'PUT' }, hops: [asked([['Location', '/']], 307)] }],
  PreflightMissingAllowOriginHeader: [
    { request: { method: 'PUT' }, hops: [asked([])] },
    {
      request: { method: 'POST', headers: [['Content-Type', 'application/json']], initiator: 'sendBeacon' },
      hops: [asked([])],
      body: { blob: 'application/json' },
    },
    {
      request: { method: 'POST', initiator: 'XMLHttpRequest', hasUploadListener: true },
      hops: [asked([])],
      body: 'bytes',
    },
    {
      request: { url: 'https://api.h2.test/ID/0', method: 'POST', hasStreamBody: true },
      hops: [asked([])],
      body: 'stream',
    },
  ],
  PreflightWildcardOriginNotAllowed: [{ request: { method: 'PUT', credentials: 'include' }, hops: [asked([ALLOWED])] }],
  PreflightMultipleAllowOriginValues: [
    { request: { method: 'PUT' }, hops: [asked([ALLOWED, ['Access-Control-Allow-Origin', DEV]])] },
  ],
  PreflightInvalidAllowOriginValue: [
    { request: { method: 'PUT' }, hops: [asked([['Access-Control-Allow-Origin', 'localhost']])] },
  ],
  PreflightAllowOriginMismatch: [
    { request: { method: 'PUT' }, hops: [asked([['Access-Control-Allow-Origin', `${DEV}/`]])] },
  ],
  PreflightInvalidAllowCredentials: [
    { request: { method: 'PUT', credentials: 'include' }, hops: [asked([['Access-Control-Allow-Origin', DEV]])] },
  ],
  PreflightInvalidStatus: [
    { request: { method: 'PUT' }, hops: [asked([ALLOWED], 404)] },
    // Without a Location it is no redirect.
    { request: { method: 'PUT' }, hops: [asked([ALLOWED], 302)] },
  ],
  InvalidAllowMethodsPreflightResponse: [
    { request: { method: 'PUT' }, hops: [asked([ALLOWED, ['Access-Control-Allow-Methods', 'PUT GET']])] },
  ],
  InvalidAllowHeadersPreflightResponse: [
    { request: { headers: [['X-A', 'x']] }, hops: [asked([ALLOWED, ['Access-Control-Allow-Headers', 'x-a; x-b']])] },
  ],
  MethodDisallowedByPreflightResponse: [
    { request: { method: 'patch' }, hops: [asked([ALLOWED, ['Access-Control-Allow-Methods', 'PATCH']])] },
  ],
  HeaderDisallowedByPreflightResponse: [
    {
      request: {
        headers: [
          ['X-A', 'x'],
          ['X-B', 'x'],
        ],
      },
      hops: [asked([ALLOWED])],
    },
  ],

  ResponseHeadersTooBig: [{ hops: [ok(ALLOWED, ['X-Big', 'x'.repeat(300_000)])] }],
  MissingAllowOriginHeader: (
    [
      undefined,
      'XMLHttpRequest',
      'EventSource',
      'image',
      'media',
      'audio',
      'track',
      'font',
      'script',
      'stylesheet',
    ] as const
  ).map((initiator) => ({ request: { initiator }, hops: [ok()] })),
  WildcardOriginNotAllowed: [
    { request: { credentials: 'include' } },
    { request: { credentials: 'include', initiator: 'XMLHttpRequest' } },
    { request: { credentials: 'include', initiator: 'image' } },
  ],
  MultipleAllowOriginValues: [{ hops: [ok(ALLOWED, ALLOWED)] }],
  InvalidAllowOriginValue: [{ hops: [ok(['Access-Control-Allow-Origin', ''])] }],
  AllowOriginMismatch: [{ hops: [ok(['Access-Control-Allow-Origin', 'null'])] }],
  InvalidAllowCredentials: [
    {
      request: { credentials: 'include' },
      hops: [ok(['Access-Control-Allow-Origin', DEV], ['Access-Control-Allow-Credentials', 'True'])],
    },
  ],
  CorpNotSameOrigin: [
    { request: { mode: 'no-cors' }, hops: [ok(['Cross-Origin-Resource-Policy', 'same-origin'])] },
    {
      request: { mode: 'no-cors' },
      hops: [to('http://other.test/ID/1', ['Cross-Origin-Resource-Policy', 'same-origin']), ok()],
    },
  ],
  CorpNotSameSite: [
    { request: { mode: 'no-cors' }, hops: [ok(['Cross-Origin-Resource-Policy', 'same-site'])] },
    // An IP address has no site, not even its own.
    {
      request: { url: 'http://127.0.0.1:4000/ID/0', mode: 'no-cors' },
      hops: [ok(['Cross-Origin-Resource-Policy', 'same-site'])],
    },
  ],
  CorpNotSameOriginAfterDefaultedToSameOriginByCoep: [
    { page: 'require-corp', request: { mode: 'no-cors' }, hops: [ok()] },
  ],
  WebSocketHandshakeFailed: [
    { request: { url: 'ws://other.test/ID/0', initiator: 'WebSocket' }, hops: [{ response: answer(403) }] },
  ],

  RedirectModeError: [{ request: { redirect: 'error' }, hops: [to('http://other.test/ID/1'), ok(ALLOWED)] }],
  InvalidRedirect: [
    { hops: [to('http://[')] },
    {
      request: { url: `${DEV}/ID/0` },
      hops: [...around(DEV, 1, 10), ...around('http://other.test', 11, 20), to('http://[')],
    },
    { hops: [to('http://other.test/ID/1', ['Location', 'http://other.test/'])] },
    // Chromium's network stack leads nobody there, whoever asks.
    { hops: [to('data:,x')] },
    { hops: [to('file:///x')] },
    { request: { url: `${DEV}/ID/0`, mode: 'same-origin' }, hops: [to('data:,x')] },
    { request: { redirect: 'error' }, hops: [to('data:,x')] },
  ],
  TooManyRedirects: [
    { hops: [...around('http://other.test', 1, 21), ok(ALLOWED)] },
    // Chromium's network stack counts for itself, and before anybody looks at the answer …
    { hops: [...around('http://other.test', 1, 20), { response: answer(302, ['Location', '/ID/21']) }] },
    { hops: [...around('http://other.test', 1, 20), to('http://[')] },
    {
      request: { initiator: 'image', mode: 'no-cors', credentials: 'include' },
      hops: [...around('http://other.test', 1, 20), to('/ID/21', ['Cross-Origin-Resource-Policy', 'same-origin'])],
    },
    // … but from the start again where a call with CORS leaves the page's origin.
    {
      request: { url: `${DEV}/ID/0` },
      hops: [...around(DEV, 1, 10), ...around('http://other.test', 11, 20), to('file:///x')],
    },
  ],
  RedirectContainsCredentials: [
    { hops: [to('http://user:pass@other.test/ID/1'), ok(ALLOWED)] },
    { request: { url: `${DEV}/ID/0` }, hops: [to(`http://user:pass@localhost:5173/ID/1`), ok(ALLOWED)] },
    {
      request: { url: `${DEV}/ID/0`, initiator: 'script' },
      hops: [to(`http://user:pass@localhost:5173/ID/1`), ok(ALLOWED)],
    },
    { request: { mode: 'no-cors' }, hops: [to('http://user:pass@other.test/ID/1'), ok(ALLOWED)] },
  ],
  RedirectOfStreamBody: [
    {
      request: { url: 'https://api.h2.test/ID/0', method: 'POST', hasStreamBody: true },
      hops: [{ ...to('https://other.h2.test/ID/1'), preflight: { status: 204, headers: [ALLOWED] } }, ok(ALLOWED)],
      body: 'stream',
    },
    {
      request: { url: 'https://api.h2.test/ID/0', method: 'POST', hasStreamBody: true },
      hops: [{ ...to('data:,x'), preflight: { status: 204, headers: [ALLOWED] } }],
      body: 'stream',
    },
  ],
}

const INITIATORS: Initiator[] = ['EventSource', 'image', 'media', 'audio', 'track', 'font', 'script', 'stylesheet']

/** Near misses. */
const PASSING: Record<string, Row> = {
  'an insecure server on localhost, for a secure page': {
    page: 'secure',
    request: { url: 'http://localhost:3000/ID/0' },
  },
  'an insecure server on 127.0.0.1, for a secure page': {
    page: 'secure',
    request: { url: 'http://127.0.0.1:4000/ID/0' },
  },
  'an insecure WebSocket to localhost, for a secure page': {
    page: 'secure',
    request: { url: 'ws://localhost:3000/ID/0', initiator: 'WebSocket' },
    hops: [{ response: answer(101) }],
  },
  'a local network, for a page on this machine': { request: { url: 'http://nas.lan.test/ID/0' } },
  'the public internet, for a public page': { page: 'public', request: { url: 'http://api.public.test/ID/0' } },
  'no-cors with a resource policy, under COEP': {
    page: 'require-corp',
    request: { mode: 'no-cors' },
    hops: [ok(['Cross-Origin-Resource-Policy', 'cross-origin'])],
  },
  'no-cors without one, where the page is credentialless': {
    page: 'credentialless',
    request: { url: 'https://other.test/ID/0', mode: 'no-cors' },
  },
  'cors without one, under COEP': { page: 'require-corp' },
  'a resource policy that nobody asks for': { hops: [ok(ALLOWED, ['Cross-Origin-Resource-Policy', 'same-origin'])] },
  'an opaque origin that everybody may have': { page: 'opaque' },
  'an opaque origin, allowed as null': { page: 'opaque', hops: [ok(['Access-Control-Allow-Origin', 'null'])] },
  'twenty redirects': {
    hops: [...Array.from({ length: 20 }, (_, index) => to(`http://other.test/ID/${index + 1}`)), ok(ALLOWED)],
  },
  'a redirect that nobody follows': { request: { redirect: 'manual' }, hops: [to('http://other.test/ID/1')] },
  'a redirect without a Location, where none is wanted': {
    request: { redirect: 'error' },
    hops: [{ response: answer(302, ALLOWED) }],
  },
  'a stream, where the preflight is answered': {
    request: { url: 'https://api.h2.test/ID/0', method: 'POST', hasStreamBody: true },
    hops: [asked([ALLOWED])],
    body: 'stream',
  },
  'a beacon with a body that needs no preflight': {
    request: { method: 'POST', headers: [['Content-Type', 'text/plain;charset=UTF-8']], initiator: 'sendBeacon' },
    hops: [ok()],
    body: 'string',
  },
  'Authorization, where the preflight allows *': {
    request: { headers: [['Authorization', 'Bearer x']] },
    hops: [asked([ALLOWED, ['Access-Control-Allow-Headers', '*']])],
  },
  'a redirect of a URL with a user name and password, which a relative Location does not inherit': {
    request: { url: 'http://user:pass@other.test/ID/0', initiator: 'XMLHttpRequest' },
    hops: [to('/ID/1'), ok(ALLOWED)],
  },
  'an element whose URL has a user name and password, which Chromium leaves out': {
    request: { url: 'http://user:pass@other.test/ID/0', initiator: 'font' },
    hops: [to('/ID/1'), ok(ALLOWED)],
  },
  'a WebSocket, which knows no CORS': {
    request: { url: 'ws://other.test/ID/0', initiator: 'WebSocket' },
    hops: [{ response: answer(101) }],
  },
  ...Object.fromEntries(INITIATORS.map((initiator) => [`a CORS request by ${initiator}`, { request: { initiator } }])),
}

// All are asked at once: a browser has time for many calls.

const blocked = Object.entries(BLOCKED).map(([reason, rows]) => ({ reason, cases: rows.map(caseOf) }))
const passing = Object.entries(PASSING).map(([name, row]) => ({ name, given: caseOf(row) }))

let oracle: Oracle
const truths = new Map<Case, Truth>()

beforeAll(async () => {
  oracle = await openOracle()
  const cases = [...blocked.flatMap((one) => one.cases), ...passing.map(({ given }) => given)]
  for (const [index, truth] of (await oracle.ask(cases)).entries()) truths.set(cases[index]!, truth)
}, ORACLE_TIMEOUT)

afterAll(() => oracle.close())

function judge(given: Case) {
  const truth = truths.get(given)!
  const texts = readRecorded().version === oracle.version
  const verdict = verdictOf(given)
  return { truth: truth.outcome, verdict, found: disagreements(given, truth, verdict, { texts }) }
}

describe('Chromium blocks as explain() says', () => {
  it.each(blocked)('for $reason', ({ reason, cases }) => {
    for (const given of cases) {
      const { truth, verdict, found } = judge(given)
      expect({ given, truth, reason: verdict.reason, found }).toEqual({ given, truth: 'blocked', reason, found: [] })
    }
  })
})

describe('Chromium allows as explain() says', () => {
  it.each(passing)('$name', ({ given }) => {
    const { truth, verdict, found } = judge(given)
    expect({ given, truth, says: verdict.outcome, found }).toEqual({
      given,
      truth: 'allowed',
      says: 'allowed',
      found: [],
    })
  })
})
