import { type Report, reportUnknown } from './report'
import type { ProxyEventName, RefusedProxyOption, TargetProxyOptions } from './types'
import { isPlainObject } from './values'

type Check = (value: unknown) => boolean

const isString: Check = (value) => typeof value === 'string'
const isBoolean: Check = (value) => typeof value === 'boolean'
const isFunction: Check = (value) => typeof value === 'function'
const isMilliseconds: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0
const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)

/** What each option must be; the compiler keeps the list complete. */
export const PROXY_OPTION_NAMES: Record<keyof TargetProxyOptions, [check: Check, expected: string, sample: string]> = {
  auth: [isString, 'is not "user:password": basic authentication is one string', '"user:password"'],
  headers: [isPlainObject, 'is not an object: headers have names', '{ "x-api-key": process.env.API_KEY }'],
  on: [isPlainObject, 'is not an object: handlers have names', '{ proxyReq(proxyReq) { … } }'],
  pathFilter: [
    (value) => isString(value) || isFunction(value) || isListOf(isString)(value),
    'is no filter: it is neither a glob, a list of globs nor a function',
    '"/api/**"',
  ],
  pathRewrite: [
    (value) => isPlainObject(value) || isFunction(value),
    'is no rewrite: it is neither a map nor a function',
    '{ "^/old": "/new" }',
  ],
  plugins: [isListOf(isFunction), 'is no list of plugins: each is a function', '[plugin]'],
  proxyTimeout: [isMilliseconds, 'is no duration: it is a number of milliseconds', '30_000'],
  secure: [isBoolean, 'is neither true nor false: certificates are verified or not', 'false'],
  selfHandleResponse: [isBoolean, 'is neither true nor false: the response is passed on or left to a handler', 'true'],
  ssl: [isPlainObject, 'is not an object: it holds the options of a TLS connection', '{ ca: … }'],
  timeout: [isMilliseconds, 'is no duration: it is a number of milliseconds', '30_000'],
  xfwd: [isBoolean, 'is neither true nor false: X-Forwarded headers are sent or not', 'true'],
}

const AUTHORITY = 'is not taken here: it chooses where calls go, which the table of targets alone decides'
const DONE = 'is not taken here: it is done already'
const SERVER = 'is not taken here: the dev server and its transport decide it'

/** Every other option of http-proxy-middleware, with the reason; the compiler keeps this complete, too. */
const REFUSED: Record<RefusedProxyOption, { why: string; instead: string }> = {
  target: { why: AUTHORITY, instead: 'Write the address as url' },
  router: { why: AUTHORITY, instead: 'Give each address a target of its own' },
  forward: { why: AUTHORITY, instead: 'Remove it' },
  followRedirects: {
    why: 'is not taken here: it would go wherever a response points, with what the page sent. The browser follows redirects',
    instead: 'Remove it',
  },
  toProxy: { why: `${AUTHORITY}. HTTP_PROXY and HTTPS_PROXY are honoured`, instead: 'Set these variables' },
  localAddress: { why: SERVER, instead: 'Remove it' },
  agent: { why: `${SERVER}: connections are kept alive, and HTTP_PROXY is honoured`, instead: 'Remove it' },
  http2: { why: SERVER, instead: 'Remove it' },
  buffer: { why: `${SERVER}: bodies are streamed`, instead: 'Remove it' },
  logger: { why: "is not taken here: messages go to the dev server's own logger", instead: 'Remove it' },
  ejectPlugins: { why: SERVER, instead: 'Remove it' },
  upgradeTimeout: { why: SERVER, instead: 'Write proxyTimeout' },
  changeOrigin: { why: `${DONE}: Host is the target's`, instead: 'Remove it' },
  ws: { why: `${DONE}: upgrades go down every route`, instead: 'Remove it' },
  autoRewrite: { why: `${DONE}: Location is mapped back`, instead: 'Remove it' },
  hostRewrite: { why: `${DONE}: Location is mapped back`, instead: 'Remove it' },
  protocolRewrite: { why: `${DONE}: Location is mapped back`, instead: 'Remove it' },
  cookieDomainRewrite: { why: `${DONE}: cookies are made storable on the page's origin`, instead: 'Remove it' },
  cookiePathRewrite: { why: `${DONE}: cookies are made storable on the page's origin`, instead: 'Remove it' },
  prependPath: { why: `${DONE}: the target's path is put before that of the call`, instead: 'Remove it' },
  ignorePath: { why: 'is not taken here: every call would have the same path', instead: 'Write proxy.pathRewrite' },
  preserveHeaderKeyCase: { why: 'is not taken here: names of headers have no case', instead: 'Remove it' },
}

export function refusedProxyOption(name: string): { why: string; instead: string } | undefined {
  return Object.hasOwn(REFUSED, name) ? REFUSED[name as keyof typeof REFUSED] : undefined
}

const EVENT_NAMES: Record<ProxyEventName, true> = {
  error: true,
  proxyReq: true,
  proxyReqWs: true,
  proxyRes: true,
  open: true,
  close: true,
  start: true,
  end: true,
  econnreset: true,
}

/** The options of a target's `proxy`, each of them known and of the right kind. */
export function checkProxyOptions(raw: unknown, path: string, report: Report): TargetProxyOptions {
  if (!isPlainObject(raw)) {
    report(
      'CORS_DEV_PROXY',
      path,
      raw,
      'is not an object: it holds options of http-proxy-middleware',
      'Write { secure: false }, for example',
    )
    return {}
  }
  const checked: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(raw)) {
    const place = `${path}.${name}`
    const refused = refusedProxyOption(name)
    if (refused) {
      report('CORS_DEV_PROXY', place, undefined, refused.why, refused.instead)
    } else if (!Object.hasOwn(PROXY_OPTION_NAMES, name)) {
      reportUnknown(report, place, name, Object.keys(PROXY_OPTION_NAMES), 'option of `proxy`')
    } else if (value !== undefined) {
      const [check, expected, sample] = PROXY_OPTION_NAMES[name as keyof TargetProxyOptions]
      if (!check(value)) {
        // `auth` is a secret even where it is no string.
        report('CORS_DEV_PROXY', place, name === 'auth' ? undefined : value, expected, `Write ${sample}`)
      } else {
        if (name === 'headers') checkHeaders(value as object, place, report)
        if (name === 'on') checkEvents(value as object, place, report)
        checked[name] = value
      }
    }
  }
  return checked
}

/** Their values are secrets: no message quotes them. */
function checkHeaders(headers: object, path: string, report: Report): void {
  for (const [name, value] of Object.entries(headers) as [string, unknown][]) {
    const place = `${path}[${JSON.stringify(name)}]`
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) {
      report(
        'CORS_DEV_PROXY',
        place,
        undefined,
        "is no header name: only letters, digits and !#$%&'*+-.^_`|~ make one",
        'Correct it',
      )
    } else if (value === undefined || value === null) {
      report(
        'CORS_DEV_PROXY',
        place,
        undefined,
        'has no value: a variable it was read from may not be set',
        'Set the variable, or remove the header',
      )
    } else if (typeof value !== 'string') {
      report('CORS_DEV_PROXY', place, undefined, 'is no string: a header is sent as text', 'Write it in quotes')
    } else if (/[\r\n\x00]/.test(value)) {
      report('CORS_DEV_PROXY', place, undefined, 'contains a line break: a header is one line', 'Trim the value')
    } else if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      report(
        'CORS_DEV_PROXY',
        place,
        undefined,
        'contains a character that no header can carry: a control character, or one beyond Latin-1',
        'Correct or encode the value',
      )
    }
  }
}

function checkEvents(handlers: object, path: string, report: Report): void {
  for (const [name, handler] of Object.entries(handlers) as [string, unknown][]) {
    const place = `${path}.${name}`
    if (!Object.hasOwn(EVENT_NAMES, name)) {
      reportUnknown(report, place, name, Object.keys(EVENT_NAMES), 'event')
    } else if (handler !== undefined && typeof handler !== 'function') {
      report('CORS_DEV_PROXY', place, handler, 'is no function: a handler is called', 'Write a function')
    }
  }
}
