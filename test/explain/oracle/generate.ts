import type { DirectHop, DirectRequest, DirectResponse, Initiator } from '../../../src/explain.ts'
import { addressSpaceOf, locate, PAGES, pathOf, type Body, type Case, type PageName } from './case.ts'
import { createRandom, type Random } from '../../setup/random.ts'

type Line = [name: string, value: string]

/** Where the servers seem to be: same-site and cross-site, with and without a port. */
const LOOPBACK = [
  'http://localhost:5173',
  'http://localhost:3000',
  'http://127.0.0.1:4000',
  'http://page.site.test',
  'http://api.site.test',
  'http://page.site.test:8080',
  'http://other.test',
]
const SECURE = ['https://api.site.test', 'https://other.test', 'https://localhost', 'https://page.site.test']
const PUBLIC = [
  'https://app.public.test',
  'https://api.public.test',
  'http://api.public.test',
  'http://app.public.test:8080',
]
/** They speak HTTP/2. */
const STREAMED = ['https://api.h2.test', 'https://other.h2.test']
const LOCAL = ['http://nas.lan.test', 'https://nas.lan.test', 'http://nas.lan.test:8080']

/** Those that a page is likely to call. */
const ORIGINS: Record<PageName, readonly string[]> = {
  dev: [...LOOPBACK, ...LOOPBACK, ...SECURE],
  site: LOOPBACK,
  opaque: LOOPBACK,
  'require-corp': LOOPBACK,
  credentialless: [...LOOPBACK, ...SECURE, ...SECURE, ...SECURE],
  secure: [...LOOPBACK, ...SECURE, ...SECURE, ...SECURE],
  public: [...PUBLIC, ...PUBLIC, ...PUBLIC, ...PUBLIC, ...LOCAL, 'http://localhost:3000', 'https://other.test'],
  'public-secure': [
    ...PUBLIC,
    ...PUBLIC,
    ...PUBLIC,
    ...PUBLIC,
    ...LOCAL,
    'http://localhost:3000',
    'https://other.test',
  ],
}

/** The case of a seed and an index: the same one whenever asked. */
export function generateCase(seed: number, index: number, id = `c${index}`): Case {
  const random = createRandom(seed, index)
  const page = random.weighted<PageName>([
    [50, 'dev'],
    [24, 'site'],
    [12, 'opaque'],
    [7, 'require-corp'],
    [7, 'credentialless'],
    [10, 'secure'],
    [3, 'public'],
    [4, 'public-secure'],
  ])
  // Servers that do all right, servers with a fault, servers with many.
  const faults = random.weighted([
    [25, 0],
    [50, 0.1],
    [25, 0.35],
  ])
  const call = generateCall(random, page)
  if (call.request.initiator === 'WebSocket') return generateSocketCase(random, id, page, call)
  if (call.body === 'stream') return generateStreamedCase(random, id, page, call, faults)
  const chain = generateChain(random, id, page, call.request, faults)
  return {
    page,
    exchange: { request: { ...call.request, url: chain.url }, hops: chain.hops },
    ...(call.body !== undefined && { body: call.body }),
    ...(call.bodyBringsType && { bodyBringsType: true }),
  }
}

const PLAIN = /^[!-~](?:[ -~]*[!-~])?$/

/** A body that is a stream goes over HTTP/2 only, and that to one host or another. */
function generateStreamedCase(random: Random, id: string, page: PageName, call: Call, faults: number): Case {
  const { body } = call
  const plainHeaders = call.request.headers?.filter(([, value]) => PLAIN.test(value))
  const request: DirectRequest = { ...call.request, headers: plainHeaders, hasStreamBody: true }
  const { url, hops } = generateChain(random, id, page, request, faults, STREAMED)
  // HTTP/2 has no way to write odd values, and Node's writes most names once.
  const plain = ({ status, headers }: DirectResponse): DirectResponse => ({
    status,
    headers: headers.filter(
      ([name, value], at) =>
        PLAIN.test(value) && headers.findIndex(([other]) => other.toLowerCase() === name.toLowerCase()) === at,
    ),
  })
  const plainHops = hops.map(({ preflight, response, ...hop }) => ({
    ...hop,
    preflight: preflight && plain(preflight),
    response: response && plain(response),
  }))
  return { page, exchange: { request: { ...request, url }, hops: plainHops }, body }
}

/** Its answers know no CORS: there is one, and it opens the connection or does not. */
function generateSocketCase(random: Random, id: string, page: PageName, { request }: Call): Case {
  const origin = initialOrigin(random, page, request)
  const status = random.chance(0.6) ? 101 : random.pick([200, 302, 400, 403, 404, 426, 500])
  const headers: Line[] = status === 101 ? [] : [['Content-Length', '2']]
  const hop = { addressSpace: addressSpaceOf(origin), response: { status, headers } }
  const called = random.chance(0.1) ? withUser(random, origin) : origin
  return { page, exchange: { request: { ...request, url: called.replace('http', 'ws') + pathOf(id, 0) }, hops: [hop] } }
}

// The call

interface Call {
  /** Its URL is the chain's. */
  request: DirectRequest
  body?: Body
  bodyBringsType?: boolean
}

function generateCall(random: Random, page: PageName): Call {
  const chosen = random.weighted<Initiator>([
    [76, 'fetch'],
    [16, 'XMLHttpRequest'],
    [2, 'EventSource'],
    [1.5, 'image'],
    [1, 'script'],
    [1, 'stylesheet'],
    [1, 'font'],
    [3, 'sendBeacon'],
    [0.7, 'media'],
    [0.7, 'audio'],
    [0.7, 'track'],
    [1.5, 'WebSocket'],
  ])
  // An insecure image, audio or video of a secure page is upgraded to https, which is another call than the one that is explained.
  const isUpgraded = chosen === 'image' || chosen === 'media' || chosen === 'audio'
  const initiator = isUpgraded && PAGES[page].url.startsWith('https:') ? 'font' : chosen
  const call =
    initiator === 'fetch' || initiator === 'XMLHttpRequest'
      ? generateScriptedCall(random, page, initiator === 'XMLHttpRequest')
      : generateOtherCall(random, page, initiator)
  const { request } = call
  request.addressSpace = addressSpaceOf(PAGES[page].url)
  if (page === 'require-corp' || page === 'credentialless') request.embedderPolicy = page
  return call
}

const PLAIN_ELEMENTS = new Set<Initiator>(['image', 'script', 'stylesheet', 'media', 'audio'])

/** By what has no say in method and headers. */
function generateOtherCall(random: Random, page: PageName, initiator: Initiator): Call {
  const { origin } = PAGES[page]
  if (initiator === 'WebSocket') return { request: { url: '', origin, initiator, credentials: 'include' } }
  // Without a `crossorigin` attribute; fonts and tracks go without CORS never.
  if (PLAIN_ELEMENTS.has(initiator) && random.chance(0.4))
    return { request: { url: '', origin, initiator, mode: 'no-cors', credentials: 'include' } }
  if (initiator !== 'sendBeacon') {
    const isCredentialed = initiator !== 'font' && random.chance(0.4)
    return { request: { url: '', origin, initiator, credentials: isCredentialed ? 'include' : 'same-origin' } }
  }
  const body = random.pick<Body>(['string', 'form', { blob: 'application/json' }, { blob: 'application/json' }])
  const type = typeBroughtBy(body)!
  const mode = type === 'application/json' ? 'cors' : 'no-cors'
  const headers = [['Content-Type', type] as const]
  const request: DirectRequest = { url: '', origin, method: 'POST', headers, initiator, mode, credentials: 'include' }
  return { request, body, bodyBringsType: true }
}

function generateScriptedCall(random: Random, page: PageName, isXhr: boolean): Call {
  const { origin } = PAGES[page]
  const mode = isXhr
    ? 'cors'
    : random.weighted([
        [page === 'require-corp' || page === 'credentialless' ? 30 : 80, 'cors' as const],
        [12, 'no-cors' as const],
        [6, 'same-origin' as const],
      ])
  const method = generateMethod(random, mode)
  const headers = generateRequestHeaders(random)
  const isStreamed = /^(POST|PUT|PATCH)$/.test(method) && mode === 'cors' && !isXhr && random.chance(0.05)
  const setsType = headers.some(([name]) => name.toLowerCase() === 'content-type')
  // https://xhr.spec.whatwg.org/#the-send()-method rewrites the charset of what a string is said to be.
  const body = isStreamed ? 'stream' : generateBody(random, method, isXhr && setsType)
  const type = body && typeBroughtBy(body)
  const bodyBringsType = type !== undefined && !setsType
  if (bodyBringsType) headers.push(['Content-Type', type])

  const request: DirectRequest = {
    url: '',
    origin,
    ...(method !== 'GET' || random.chance(0.5) ? { method } : {}),
    ...(headers.length > 0 || random.chance(0.1) ? { headers } : {}),
    ...(isXhr ? { initiator: 'XMLHttpRequest' } : {}),
    ...(mode !== 'cors' || random.chance(0.1) ? { mode } : {}),
    ...generateCredentials(random, isXhr),
    ...(isXhr ? {} : generateRedirectMode(random, mode)),
    // Chromium counts only those of an upload, and what has been set up does not tell whether there is one.
    ...(isXhr && body !== undefined && random.chance(0.4) ? { hasUploadListener: true } : {}),
  }
  return { request, body, bodyBringsType }
}

function generateMethod(random: Random, mode: string): string {
  // Others are no requests at all in this mode.
  if (mode === 'no-cors' && random.chance(0.93)) return random.pick(['GET', 'GET', 'POST', 'HEAD', 'get', 'Post'])
  return random.weighted([
    [40, 'GET'],
    [20, 'POST'],
    [10, 'PUT'],
    [7, 'DELETE'],
    [5, 'PATCH'],
    [4, 'patch'],
    [4, 'HEAD'],
    [2, 'OPTIONS'],
    [6, random.pick(['get', 'Post', 'put', 'Delete', 'head', 'oPtions', 'Patch'])],
    [4, random.pick(['FOO', 'foo', 'PROPFIND', 'QUERY', '*', "!#$%&'+-.^_`|~", 'PUTT', 'connected'])],
    [1, random.pick(['TRACE', 'connect', 'Track'])],
  ])
}

const CUSTOM_NAMES = ['X-A', 'x-b', 'X-Token', 'X-Requested-With', 'x_y', 'X.Z', 'Last-Event-ID', 'X-A']

const OTHER_NAMES = [
  ...['If-None-Match', 'If-Modified-Since', 'Cache-Control', 'Pragma', 'Content-Encoding', 'Content-Location'],
  ...['Upgrade-Insecure-Requests', 'Access-Control-Request-Private-Network', 'Accepts', 'Content-Typ', 'Priority'],
  ...["!#$%&'*+-.^_`|~0a", 'Accept-Datetime', 'Baggage', 'Service-Worker', 'Purpose', 'Early-Data', 'X-HTTP-Method'],
]

const FORBIDDEN_NAMES = [
  ...['Accept-Charset', 'Accept-Encoding', 'Access-Control-Request-Headers', 'Access-Control-Request-Method'],
  ...['Connection', 'Content-Length', 'Cookie', 'Cookie2', 'Date', 'DNT', 'Expect', 'Host', 'Keep-Alive', 'Origin'],
  ...['Referer', 'Set-Cookie', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'Via', 'Proxy-Foo', 'Sec-Foo'],
  ...['Sec-CH-UA', 'User-Agent', 'sec-', 'Proxy-'],
]

const OVERRIDES = ['X-HTTP-Method', 'X-HTTP-Method-Override', 'X-Method-Override']

function generateRequestHeaders(random: Random): Line[] {
  const count = random.weighted([
    [28, 0],
    [32, 1],
    [16, 2],
    [12, 3],
    [6, 5],
    [6, 0.5],
  ])
  if (count === 0.5) return manySafelisted(random)
  const headers: Line[] = []
  for (let left = count; left > 0; left--) headers.push(generateRequestHeader(random))
  // The same name again, maybe in another case: `Headers` and setRequestHeader() combine them.
  if (headers.length > 0 && random.chance(0.15)) {
    const [name, value] = random.pick(headers)
    headers.push([
      random.chance(0.5) ? name : name.toLowerCase(),
      random.chance(0.5) ? value : safelistedValue(random, name),
    ])
  }
  return headers
}

function generateRequestHeader(random: Random): Line {
  return random.weighted<() => Line>([
    [30, () => [random.pick(CUSTOM_NAMES), oddValue(random)]],
    [
      14,
      () => [random.pick(['Authorization', 'authorization', 'AUTHORIZATION']), random.pick(['Bearer x', 'Basic eDp5'])],
    ],
    [10, () => [random.pick(OTHER_NAMES), random.pick(['1', 'x', '"a"', 'br', oddValue(random)])]],
    [6, () => [random.pick(FORBIDDEN_NAMES), random.pick(['x', '1'])]],
    [3, () => [random.pick(OVERRIDES), random.pick(['PUT', 'TRACE', 'put, trace', 'GET,connect ', 'TRACES', ''])]],
    [
      40,
      () => {
        const name = random.pick(SAFELISTED_NAMES)
        return [
          random.chance(0.8) ? name : random.pick([name.toLowerCase(), name.toUpperCase()]),
          safelistedValue(random, name),
        ]
      },
    ],
  ])()
}

/** The standard's and Chromium's own. */
const SAFELISTED_NAMES = [
  ...[
    'Accept',
    'Accept',
    'Accept-Language',
    'Content-Language',
    'Content-Type',
    'Content-Type',
    'Content-Type',
    'Range',
  ],
  ...['Save-Data', 'DPR', 'Device-Memory', 'Downlink', 'Width', 'Viewport-Width', 'RTT', 'ECT', 'Intervention'],
]

/** Around the limit of 1024 bytes for all safelisted values together. */
function manySafelisted(random: Random): Line[] {
  const long = (fill: string): string => fill.repeat(random.pick([128, 128, 128, 127, 120, 100]))
  const lines: Line[] = [
    ['Accept', long('a')],
    ['Accept-Language', long('e')],
    ['Content-Language', long('f')],
    ['Content-Type', `text/plain;${long('t').slice(11)}`],
    ['DPR', long('1')],
    ['Device-Memory', long('2')],
    ['Downlink', long('3')],
    ['Width', long('4')],
    ['Viewport-Width', long('5')],
    ['RTT', long('6')],
    ['Intervention', long('i')],
    ['Range', 'bytes=0-'],
  ]
  while (lines.length > 8 && random.chance(0.6)) lines.splice(random.int(lines.length), 1)
  if (random.chance(0.3)) lines.push(['X-A', 'x'])
  return lines
}

function safelistedValue(random: Random, name: string): string {
  switch (name.toLowerCase()) {
    case 'accept':
      return random.pick([
        '*/*',
        'application/json',
        'text/html, */*;q=0.5',
        atLimit(random, 'a'),
        oddValue(random),
        'a"b',
        '',
      ])
    case 'accept-language':
    case 'content-language':
      return random.pick(['en', 'de-CH, *;q=0.5', 'en_US', atLimit(random, 'e'), oddValue(random), 'fr/CA', ''])
    case 'content-type':
      return contentType(random)
    case 'range':
      return random.pick([
        ...['bytes=0-', 'bytes=0-10', 'bytes=5-5', 'bytes=-5', 'bytes=5-2', 'BYTES=0-1', 'bytes=0-1,3-4', 'bytes= 0-1'],
        ...[
          'bytes =0-1',
          'bytes=00-01',
          'bytes=9223372036854775807-',
          'bytes=9223372036854775808-',
          'bytes=0-1 ',
          'bytes=-',
        ],
        ...[
          'bytes=0-99999999999999999999',
          'bytes=99999999999999999998-99999999999999999999',
          'items=0-1',
          'bytes=',
          '',
        ],
        ...['bytes=+1-2', 'bytes=0-0x1', 'bytes=0\t-1', `bytes=${'0'.repeat(random.pick([120, 121, 122]))}-`],
      ])
    case 'save-data':
      return random.pick(['on', 'On', 'off', 'on ', '', 'on, on', 'on;x'])
    case 'ect':
      return random.pick(['4g', '3g', 'slow-2g', '2g', '5g', '4G', '', 'slow-2G'])
    case 'rtt':
      return random.pick(['100', '0', '1.5', '', '-1', '1 ', '1e3', atLimit(random, '1')])
    case 'intervention':
      return random.pick(['<https://x.test>', 'x', '', atLimit(random, 'i'), oddValue(random)])
    case 'dpr':
    case 'device-memory':
    case 'downlink':
    case 'width':
    case 'viewport-width':
      return random.pick([
        '1',
        '2.5',
        '0.25',
        '.5',
        '5.',
        '1.2.3',
        '-1',
        '+1',
        '1e3',
        'x',
        '',
        '1 ',
        atLimit(random, '1'),
      ])
    default:
      return oddValue(random)
  }
}

function contentType(random: Random): string {
  const essence = random.pick([
    ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/json', 'text/html'],
    ...[
      'TEXT/Plain',
      'text /plain',
      'text/ plain',
      'text',
      '',
      '/',
      'text/',
      '/plain',
      'text/plain, text/plain',
      'text/plain,',
    ],
    ...[
      'text/plain ',
      'application/json',
      'text/plain',
      'text/plain',
      'application/x-ndjson',
      'text/pl@in',
      'tex\xe9t/plain',
    ],
  ])
  const parameters = random.pick([
    ...[
      '',
      '',
      '',
      ';charset=utf-8',
      '; charset="utf-8"',
      ';',
      ';;',
      ';boundary=x',
      ' ; a=b',
      ';a=\xe9',
      ';=',
      ';a="',
      ';(x)',
    ],
    ...[',application/json', ';a=b,c', `;${'p'.repeat(117)}`, `;${'p'.repeat(118)}`, ';\tx=y', ';x=\x01'],
  ])
  return essence + parameters
}

/** 126 to 130 bytes; and now and then twice half of it. */
const atLimit = (random: Random, fill: string): string => fill.repeat(random.pick([126, 127, 128, 129, 130, 63, 64]))

/** Anything that `Headers` takes: bytes but NUL, LF and CR. */
function oddValue(random: Random): string {
  return random.weighted([
    [50, random.pick(['1', 'x', 'abc', 'a b', 'a,b'])],
    [8, random.pick([' x ', '\tx', 'x\t', ' ', ''])],
    [6, 'x'.repeat(random.pick([127, 128, 129, 1024, 2000]))],
    [8, `a${String.fromCharCode(random.pick([1, 8, 9, 11, 12, 27, 31, 32, 33, 127, 128, 160, 233, 255]))}b`],
    [12, `a${random.pick([...'"():<>?@[\\]{}*,-.;=/_~'])}b`],
  ])
}

function generateBody(random: Random, method: string, isBytes: boolean): Body | undefined {
  if (/^(get|head)$/i.test(method) || random.chance(0.3)) return undefined
  if (isBytes) return 'bytes'
  return random.weighted<Body>([
    [35, 'bytes'],
    [30, 'string'],
    [10, 'form'],
    [8, 'multipart'],
    [12, { blob: random.pick(['application/json', 'text/plain', '', 'image/png', 'text/plain;charset=utf-8']) }],
  ])
}

/** https://fetch.spec.whatwg.org/#concept-bodyinit-extract */
function typeBroughtBy(body: Body): string | undefined {
  if (body === 'bytes' || body === 'stream') return undefined
  if (body === 'string') return 'text/plain;charset=UTF-8'
  if (body === 'form') return 'application/x-www-form-urlencoded;charset=UTF-8'
  // A browser makes up a boundary of its own, of this length and these characters.
  if (body === 'multipart') return 'multipart/form-data; boundary=----WebKitFormBoundaryABCDEFGHIJKLMNOP'
  return body.blob === '' ? undefined : body.blob
}

function generateCredentials(random: Random, isXhr: boolean): Pick<DirectRequest, 'credentials'> {
  if (isXhr)
    return random.chance(0.4) ? { credentials: 'include' } : random.chance(0.5) ? { credentials: 'same-origin' } : {}
  const credentials = random.weighted([
    [40, 'include' as const],
    [15, 'omit' as const],
    [15, 'same-origin' as const],
    [30, undefined],
  ])
  return credentials === undefined ? {} : { credentials }
}

function generateRedirectMode(random: Random, mode: string): Pick<DirectRequest, 'redirect'> {
  const redirect = random.weighted([
    [mode === 'no-cors' ? 90 : 70, undefined],
    [10, 'follow' as const],
    [8, 'error' as const],
    [8, 'manual' as const],
  ])
  return redirect === undefined ? {} : { redirect }
}

// The chain of redirects, and what is answered on it

function generateChain(
  random: Random,
  id: string,
  page: PageName,
  request: DirectRequest,
  faults: number,
  origins?: readonly string[],
): { url: string; hops: DirectHop[] } {
  const redirects = random.weighted([
    [62, 0],
    [17, 1],
    [11, 2],
    [8, 3],
    [0.7, 20],
    [0.7, 21],
  ])
  const isLong = redirects > 3
  // Long chains are there to be too long: little else goes wrong on the way, and seldom another origin comes in.
  const wrongs = isLong ? 0 : faults
  // What the answers are made to fit. It steers the chances; what is right is for a browser to say.
  const state = {
    origin: request.origin,
    here: origins ? random.pick(origins) : initialOrigin(random, page, request),
    method: request.method ?? 'GET',
  }

  const isScripted = !origins && (request.initiator === undefined || request.initiator === 'XMLHttpRequest')
  const hasUser = !isScripted && !origins && random.chance(0.08)
  const url = isScripted
    ? initialUrl(random, id, state.here)
    : (hasUser ? withUser(random, state.here) : state.here) + pathOf(id, 0)
  let here = url
  const hops: DirectHop[] = []
  for (let index = 0; index <= redirects; index++) {
    const preflight = generatePreflightAnswer(random, request, state, wrongs)
    const addressSpace = addressSpaceOf(here)
    state.here = URL.parse(here)?.origin ?? state.here
    if (index === redirects) {
      hops.push({
        addressSpace,
        preflight,
        response: generateAnswer(random, request, state, wrongs, finalStatus(random, request, wrongs)),
      })
      break
    }
    const stays = isLong && random.chance(0.97)
    const next = stays ? state.here : random.pick(origins ?? [...ORIGINS[page], ownOrigin(page)])
    const path = pathOf(id, index + 1)
    const odd = generateLocation(random, path, state.here, next, isLong ? 0 : 0.08 + faults)
    // From a URL with an odd end a relative one leads round in circles.
    const hop = locate(URL.parse(odd[0] ?? '', here)?.href ?? '')?.hop ?? index + 1
    const location = hop === index + 1 ? odd : [next + path]
    const response = generateAnswer(random, request, state, wrongs, random.pick([301, 302, 303, 307, 308]))
    hops.push({
      addressSpace,
      preflight,
      response: { ...response, headers: [...location.map((value): Line => ['Location', value]), ...response.headers] },
    })
    if (next !== state.here && state.here !== request.origin) state.origin = 'null'
    // An odd one may lead elsewhere than it was meant to.
    here = URL.parse(location[0]?.trim() ?? '', here)?.href ?? here
    if (response.status === 303 && state.method !== 'HEAD') state.method = 'GET'
  }
  return { url, hops }
}

function initialOrigin(random: Random, page: PageName, request: DirectRequest): string {
  const isOwn = random.chance(request.mode === 'same-origin' ? 0.7 : 0.15)
  return isOwn ? ownOrigin(page) : random.pick(ORIGINS[page])
}

/** What a document of an opaque origin has come from. */
const ownOrigin = (page: PageName): string => new URL(PAGES[page].url).origin

function initialUrl(random: Random, id: string, origin: string): string {
  const path = pathOf(id, 0)
  return random.weighted([
    [85, origin + path],
    [8, `${origin}${path}?q=1,2#fragment`],
    [4, `${origin}${path}#`],
    [3, origin + path + random.pick(ODD_TAILS)],
    [0.5, `${origin}${path}?${'x'.repeat(random.pick([1000, 1024, 3000]))}`],
    [
      1,
      `http://${random.pick(['b\xfccher.test', 'xn--bcher-kva.test', '[::1]:4000', 'OTHER.test:80', '0x7f.1:4000'])}${path}`,
    ],
    [2, withUser(random, origin) + path],
    [1, `http://other.test:${random.pick([6000, 22, 1, 10080, 65535])}${path}`],
    [2, `${random.pick(['ftp', 'file', 'foo', 'ws', 'mailto', 'http://['])}://other.test${path}`],
    [0.5, `data:,x${path}`],
  ])
}

function withUser(random: Random, origin: string): string {
  return origin.replace('//', `//${random.pick(['user', 'user:pass', ':pass', ':'])}@`)
}

/** What URLs are spelled with by hand, and browsers write in another way. */
const ODD_TAILS = [
  ...[
    '?q=a b',
    '?q="<>"',
    '?q=\xe9',
    '?q=\u20ac',
    '?q=|{}^`',
    "?q='",
    '?%zz',
    '?a=%41',
    '?\\',
    '?[]',
    '?q=\t',
    '/./x',
    '/a b',
  ],
  ...['/\xe9', '/^', '/"', '/%7e~', '#a b', '#\xe9"`<>', '/;a=b?c#d', '//x', '/x/'],
]

/** Where no fetch goes. */
const OTHER_SCHEMES = [
  ...['data:,x', 'data:text/plain,x', 'javascript:1', 'about:blank', 'blob:x', 'foo:bar', 'ftp://x.test/', 'file:///x'],
  ...['ws://x.test/', 'wss://x.test/', 'mailto:x', 'MAILTO:x@x.test', 'tel:1'],
]

// `http:` alone would be the same URL over and over.
const NO_URLS = ['http://[', 'http://', 'http://a%zz/', 'https://:80/', 'http://x:99999/', '//', 'http://[::g]/']

function generateLocation(random: Random, path: string, from: string, to: string, odd: number): string[] {
  if (!random.chance(odd)) return [to === from && random.chance(0.4) ? path : to + path]
  const [scheme = '', host = ''] = to.split('//')
  const last = path.slice(path.lastIndexOf('/') + 1)
  return random.weighted<() => string[]>([
    [3, () => []],
    [3, () => [random.pick(['', ' '])]],
    [14, () => [`${scheme}//${random.pick(['u:p@', 'u@', ':p@', '@', ':@', 'u:@'])}${host}${path}`]],
    [4, () => [`//${host}${path}`]],
    [3, () => [last]],
    [3, () => [`${scheme.toUpperCase()}//${host.toUpperCase()}${path}`]],
    [3, () => [to + path + random.pick(['/\xe9', '/\xc3\xa9', '?\xff', '?q=a b', '?"<>|', '#\xe9', "?'", '/a b'])]],
    [4, () => [`${to}${path}${random.pick(['#other', '?x=y', '#', '?q#f'])}`]],
    [3, () => [` ${to}${path}\t`]],
    [2, () => [`${scheme}\\\\${host}\\${path.slice(1).replace('/', '\\')}`]],
    [2, () => [`${to}/x/..${path}/../${last}`]],
    [2, () => [`${scheme}${to === from ? '' : `//${host}`}${path}`]],
    [8, () => [random.pick(OTHER_SCHEMES)]],
    [5, () => [random.pick(NO_URLS)]],
    [2, () => [`http://other.test:${random.pick([6000, 22, 10080])}${path}`]],
    [2, () => [to + path, to + path]],
    [2, () => [to + path, `${to}/other`]],
  ])()
}

interface State {
  /** What the request's origin is by now. */
  origin: string
  /** The server's. */
  here: string
  method: string
}

function generatePreflightAnswer(random: Random, request: DirectRequest, state: State, faults: number): DirectResponse {
  const status = random.chance(faults * 0.6)
    ? random.pick([404, 500, 401, 403, 302, 301, 307, 308, 303, 304, 299, 300, 400, 405, 201, 206, 503])
    : random.pick([200, 204, 204])
  const headers: Line[] = [
    ...corsLines(random, request, state, faults),
    ...allowMethods(random, state.method, faults),
    ...allowHeaders(
      random,
      (request.headers ?? []).map(([name]) => name),
      faults,
      request.credentials === 'include',
    ),
    ...random.pick<Line[]>([
      [],
      [],
      [['Access-Control-Max-Age', random.pick(['0', '600', 'abc', '-1', '60, 60', ''])]],
    ]),
  ]
  if (status >= 300 && status < 400 && random.chance(0.8)) headers.push(['Location', state.here])
  if (status === 401 && random.chance(0.5)) headers.push(['WWW-Authenticate', 'Basic realm="x"'])
  return { status, headers: withLength(random, status, headers) }
}

function generateAnswer(
  random: Random,
  request: DirectRequest,
  state: State,
  faults: number,
  status: number,
): DirectResponse {
  const headers: Line[] = [
    ...corsLines(random, request, state, faults),
    ...exposeHeaders(random),
    ...random.pick<Line[]>([[], EXTRA_LINES.filter(() => random.chance(0.25))]),
    ...resourcePolicy(random, request),
  ]
  return { status, headers: withLength(random, status, headers) }
}

/** Somewhere among the lines, since there is nothing special about it. Names are written as anybody likes. */
function withLength(random: Random, status: number, lines: Line[]): Line[] {
  const headers = lines.map(([name, value]): Line => {
    if (random.chance(0.85)) return [name, value]
    return [random.chance(0.7) ? name.toLowerCase() : name.toUpperCase(), value]
  })
  if (status === 204 || status === 304) return headers
  headers.splice(random.int(headers.length + 1), 0, ['Content-Length', '2'])
  return headers
}

function finalStatus(random: Random, request: DirectRequest, faults: number): number {
  if (!random.chance(Math.max(faults, 0.1))) return 200
  // A redirect without a Location is none.
  const plain = random.pick([
    201, 202, 203, 204, 205, 206, 226, 299, 300, 304, 305, 306, 400, 403, 404, 410, 418, 451, 500, 503, 599,
  ])
  return request.redirect !== undefined && random.chance(0.2) ? 302 : random.chance(0.15) ? 401 : plain
}

const EXTRA_LINES: readonly Line[] = [
  ['Content-Type', 'application/json'],
  ['X-Total', '3'],
  ['x-request-id', 'a'],
  ['X-Total', '4'],
  ['ETag', '"a"'],
  ['Cache-Control', 'no-cache'],
  ['Content-Language', 'en'],
  ['Expires', '0'],
  ['Last-Modified', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['Pragma', 'no-cache'],
  ['Set-Cookie', 'a=b; Max-Age=1'],
  ['Set-Cookie2', 'a=b'],
  ['Vary', 'Origin'],
  ['Server', 'x'],
  ['Retry-After', '1'],
  ['Timing-Allow-Origin', '*'],
  ["X-!#$%&'*+.^_`|~", 'x'],
  ['Access-Control-Max-Age', '60'],
]

function corsLines(random: Random, request: DirectRequest, state: State, faults: number): Line[] {
  const lines: Line[] = allowOrigin(random, request, state, faults).map((value) => [
    'Access-Control-Allow-Origin',
    value,
  ])
  for (const value of allowCredentials(random, request.credentials === 'include', faults))
    lines.push([random.chance(0.9) ? 'Access-Control-Allow-Credentials' : 'access-control-allow-credentials', value])
  return lines
}

function allowOrigin(random: Random, request: DirectRequest, { origin, here }: State, faults: number): string[] {
  if (!random.chance(faults)) return [request.credentials === 'include' || random.chance(0.5) ? origin : '*']
  const port = origin.startsWith('http://localhost') ? origin : `${origin}:80`
  // What goes wrong most outside of a laboratory.
  if (random.chance(0.35)) return random.pick<string[]>([[], ['*'], ['http://localhost:3000'], ['null'], [here]])
  return random.pick<string[]>([
    ...[[], ['*'], [`${origin}/`], [origin.toUpperCase()], [port], [origin, origin], [origin, '*'], ['*', '*']],
    ...[
      [`${origin}, ${origin}`],
      [`${origin} http://x.test`],
      ['null'],
      [''],
      [' '],
      ['garbage'],
      ['http://'],
      ['localhost'],
    ],
    ...[
      ['localhost:5173'],
      ['*.test'],
      [` ${origin} `],
      [`\t${origin}\t`],
      [`"${origin}"`],
      ['* '],
      ['**'],
      ['*,'],
      ['', origin],
    ],
    ...[
      ['http://a.example'],
      [origin.replace('http', 'https')],
      [`${origin}/path`],
      ['file://'],
      [`${origin},`],
      [`,${origin}`],
    ],
    ...[
      [`${origin};`],
      ['http://\xe9.test'],
      [`${origin}\x01`],
      [`${origin}\x0b`],
      [`\x0c${origin}`],
      ['null, null'],
      ['Null'],
      [here],
    ],
    ...[
      ['http://u:p@localhost:5173'],
      ['//localhost:5173'],
      ['http:localhost:5173'],
      [`http://${'a'.repeat(300)}.test`],
    ],
    ...[
      [origin, ''],
      ['undefined'],
      ['https://*'],
      ['http://*:5173'],
      [`${origin}\xa0`],
      ['http://localhost:5173'],
      ['data:,x'],
    ],
    ...[
      ['http://[::1]:5173'],
      ['http://[::1'],
      ['http://a\tb.test'],
      ['blob:http://localhost:5173/x'],
      ['x y'],
      ['"'],
      ["'"],
    ],
  ])
}

function allowCredentials(random: Random, isWanted: boolean, faults: number): string[] {
  if (!random.chance(faults)) return isWanted || random.chance(0.2) ? ['true'] : []
  if (random.chance(0.3)) return []
  return random.pick<string[]>([
    ...[['TRUE'], ['True'], ['false'], [''], [' true '], ['\ttrue'], ['true', 'true'], ['true, true'], ['true,']],
    ...[['1'], ['"true"'], ['true\x0b'], ['*'], ['yes'], ['true;'], ['', 'true'], ['tr\xfce'], ["it's \\ <b>"]],
  ])
}

function allowMethods(random: Random, method: string, faults: number): Line[] {
  const values = random.chance(faults)
    ? random.pick<string[]>([
        ...[
          [],
          [],
          ['GET, POST'],
          ['*'],
          [method.toLowerCase()],
          [method.toUpperCase()],
          [`GET,${method},,`],
          ['GET POST'],
        ],
        ...[
          ['GET', method],
          [`"${method}"`],
          [`${method};GET`],
          [''],
          [','],
          [' '],
          ['PUT\x80'],
          [`${method}, \x01`],
          ['(PUT)'],
        ],
        ...[
          ['GET, *'],
          [`${method}\t`],
          ['PUT/GET'],
          [`${method}\x0b`],
          [`\x0c${method}`],
          ['GET', ''],
          [`${method}, P\xe9T`],
        ],
        ...[
          ['PUT', '@'],
          ['*, *'],
          [', '],
          ['PUT , DELETE\t,\tPATCH'],
          [`${method},GET=1`],
          ['get, put, patch, delete'],
        ],
      ])
    : random.pick<string[]>([
        [method.toUpperCase()],
        [`GET, POST, PUT, ${method.toUpperCase()}, ${method}`],
        [method],
        ['*', method],
      ])
  return values.map((value) => ['Access-Control-Allow-Methods', value])
}

function allowHeaders(random: Random, all: readonly string[], faults: number, isCredentialed: boolean): Line[] {
  const names = random.chance(0.2) ? [...all].reverse() : [...all]
  const values = random.chance(faults)
    ? random.pick<string[]>([
        ...[
          [],
          [],
          ['*'],
          ['*', 'authorization'],
          [names.slice(1).join(',')],
          [names.slice(0, -1).join(', ')],
          ['x-a x-b'],
        ],
        ...[
          [`${names.join(';')}`],
          [`,${names.join(',,')},`],
          names,
          [''],
          [','],
          [`${names.join()}, \x80`],
          ['x-a, "x-b"'],
        ],
        ...[
          [`${names.join()}\x0b`],
          ['*, *'],
          ['X-*'],
          [`${names.join()}, (`],
          [names.join('\t,\t')],
          ['content-type'],
          ['\x0b'],
        ],
        ...[
          [`${names.join()}`, ''],
          [`${names.join(' ')}`],
          ['authorization'],
          [`${names.join()},a=b`],
          [`${names.join()},\x7f`],
        ],
      ])
    : random.pick<string[]>([
        [names.join(', ').toLowerCase()],
        [names.join(',')],
        [`${names.join(', ').toUpperCase()}, X-More`],
        isCredentialed ? [names.join()] : ['*'],
        names.length > 0 ? names : ['content-type'],
      ])
  return values.map((value) => ['Access-Control-Allow-Headers', value])
}

function exposeHeaders(random: Random): Line[] {
  const values = random.weighted<() => string[]>([
    [55, () => []],
    [15, () => ['X-Total']],
    [10, () => ['*']],
    [
      20,
      () =>
        random.pick<string[]>([
          ...[
            ['x-total, etag'],
            ['X-TOTAL', 'x-request-id'],
            ['x-total etag'],
            ['x-total,,etag,'],
            [''],
            ['*, x-total'],
            ['x-total, @'],
          ],
          ...[
            ['set-cookie'],
            ['"x-total"'],
            ['x-total\x0b'],
            ['x-total, \x80'],
            ['*', '*'],
            ["x-!#$%&'*+.^_`|~"],
            ['@', 'x-total'],
          ],
          ...[['x-total;etag'], ['set-cookie2, etag'], ['\tx-total\t,etag'], ['x-missing, etag'], ['*;']],
        ]),
    ],
  ])()
  return values.map((value) => ['Access-Control-Expose-Headers', value])
}

/** Read for opaque responses only; now and then it stands where nobody asks for it. */
function resourcePolicy(random: Random, request: DirectRequest): Line[] {
  const isRead = request.mode === 'no-cors'
  if (!random.chance(isRead ? 0.6 : 0.03)) return []
  const values = random.pick<string[]>([
    ...[
      ['same-origin'],
      ['same-site'],
      ['cross-origin'],
      ['cross-origin'],
      ['Same-Origin'],
      ['same-origin, same-origin'],
    ],
    ...[['same-site', 'same-site'], [''], [' same-origin '], ['cross-origin;x'], ['none'], ['same-origin\x0b']],
  ])
  return values.map((value) => ['Cross-Origin-Resource-Policy', value])
}
