import { TARGET_DEFAULTS } from './defaults'
import { showValue } from './errors'
import { type Report, reportUnknown } from './report'
import { checkProxyOptions, PROXY_OPTION_NAMES, refusedProxyOption } from './resolve-proxy'
import { hideCredentials } from './secrets'
import type { TargetInput, TargetOptions } from './types'
import { isPlainObject, oneOf, RELAY_OPTIONS, resolveExplain, withScheme } from './values'

/** The compiler keeps these complete. */
const TARGET_OPTION_NAMES: Record<keyof TargetOptions, true> = {
  url: true,
  stripPrefix: true,
  origin: true,
  relay: true,
  explain: true,
  proxy: true,
}
const ORIGIN_POLICIES: Record<NonNullable<TargetOptions['origin']>, true> = { target: true, page: true, remove: true }

export function resolveTargets(raw: unknown, report: Report): TargetInput[] {
  if (Array.isArray(raw)) {
    return raw.flatMap(
      (entry: unknown, index) => resolveTarget(entry, undefined, `targets[${index}]`, report, true) ?? [],
    )
  }
  if (isPlainObject(raw)) {
    return Object.entries(raw).flatMap(([path, entry]) => {
      const name = `targets[${JSON.stringify(path)}]`
      const checked = checkPath(path, name, entry, report)
      return resolveTarget(entry, checked, name, report, false) ?? []
    })
  }
  report(
    'CORS_DEV_TARGET',
    'targets',
    raw,
    'is neither a map nor a list: a path needs its target, and there may be several',
    typeof raw === 'string' ? `Write [${showValue(raw)}]` : 'Write { "/api": "http://localhost:3000" }',
  )
  return []
}

function checkPath(path: string, name: string, entry: unknown, report: Report): string | undefined {
  const refuse = (why: string, instead: string): undefined => {
    report('CORS_DEV_PATH', name, undefined, why, instead)
    return undefined
  }
  if (path.startsWith('^')) {
    try {
      new RegExp(path)
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error)
      return refuse(`is no valid regular expression: ${reason}`, 'Correct the expression, or write a plain path')
    }
    return path
  }
  if (/^(?:https?|wss?):\/\//i.test(path)) {
    const isPath = typeof entry === 'string' && entry.startsWith('/')
    return refuse(
      'is not a path: it is a URL',
      isPath
        ? `Write { ${JSON.stringify(entry)}: ${showValue(path)} }`
        : 'Write the path that the page calls, such as "/api"',
    )
  }
  if (!path.startsWith('/') && !path.startsWith('*')) {
    return refuse('can never match: the path of a call starts with a slash', `Write ${JSON.stringify(`/${path}`)}`)
  }
  if (path.startsWith('//')) {
    return refuse(
      'can never match: a browser takes what follows two slashes for a host',
      `Write ${JSON.stringify(path.replace(/^\/+/, '/'))}`,
    )
  }
  if (path.includes('*')) {
    const plain = path.slice(0, path.indexOf('*')).replace(/\/+$/, '') || '/'
    // Advice that takes the page's own files away from it would be none.
    const instead =
      plain === '/'
        ? 'Write "/api" or the like, or a list of URLs (targets: ["https://api.example.com"]), which the page calls as they are'
        : `Write ${JSON.stringify(plain)}, which takes all that is under it, or an expression that starts with "^"`
    return refuse('can never match: stars stand for nothing in a path', instead)
  }
  if (/[?#\\]/.test(path)) {
    const plain = path.replace(/[?#\\].*$/s, '') || '/'
    return refuse(
      'can never match: a path ends before "?" and "#", and has no "\\"',
      `Write ${JSON.stringify(plain)}, or an expression that starts with "^"`,
    )
  }
  // The parser drops line breaks, and may find two slashes then.
  const normalized = URL.canParse(path, 'http://localhost') ? new URL(path, 'http://localhost').pathname : '/'
  if (normalized !== path) {
    return refuse('can never match: browsers send it in another form', `Write ${JSON.stringify(normalized)}`)
  }
  return path
}

/** Names that a `server.proxy` or `devServer.proxy` entry would have. */
const NAMES_FROM_ELSEWHERE: Record<string, [why: string, instead: string]> = {
  target: ['is no option of a target: here its address is called url', 'Write url'],
  rewrite: [
    'is no option of a target: a path is rewritten by stripPrefix or proxy.pathRewrite',
    'Write stripPrefix: true if it only drops the prefix',
  ],
  path: ['is no option of a target: the path is its key', 'Write targets as a map: { "/api": { url: … } }'],
  context: ['is no option of a target: the path is its key', 'Write targets as a map: { "/api": { url: … } }'],
  bypass: [
    'is no option of a target: what is proxied is chosen by the path, or by proxy.pathFilter',
    'Write proxy: { pathFilter: … }',
  ],
  configure: ['is no option of a target: handlers are given by proxy.on', 'Write proxy: { on: … }'],
  rewriteWsOrigin: ['is no option of a target: origin says what the upstream is told, for sockets too', 'Remove it'],
}

/** `process.env.API_URL`, before anything has read the file it stands in. */
const NOT_SET: [why: string, instead: string] = [
  'is undefined: a variable it was read from is not set',
  'Set the variable (Vite reads .env files into its config only by loadEnv), or write the address',
]

function resolveTarget(
  raw: unknown,
  path: string | undefined,
  name: string,
  report: Report,
  isListed: boolean,
): TargetInput | undefined {
  if (typeof raw === 'string') {
    const url = checkUrl(raw, name, report)
    return url === undefined ? undefined : { name, path, url, ...TARGET_DEFAULTS }
  }
  if (raw === undefined) {
    report('CORS_DEV_TARGET', name, undefined, ...NOT_SET)
    return undefined
  }
  if (!isPlainObject(raw)) {
    report(
      'CORS_DEV_TARGET',
      name,
      raw,
      'is no target: it is neither a URL nor an object with one',
      'Write "http://localhost:3000"',
    )
    return undefined
  }

  for (const key of Object.keys(raw)) {
    if (Object.hasOwn(TARGET_OPTION_NAMES, key)) continue
    const place = `${name}.${key}`
    const refused = refusedProxyOption(key)
    const elsewhere = Object.hasOwn(NAMES_FROM_ELSEWHERE, key) ? NAMES_FROM_ELSEWHERE[key] : undefined
    if (elsewhere) {
      report('CORS_DEV_UNKNOWN', place, undefined, ...elsewhere)
    } else if (Object.hasOwn(PROXY_OPTION_NAMES, key)) {
      report(
        'CORS_DEV_UNKNOWN',
        place,
        undefined,
        'stands one level too high: it is an option of http-proxy-middleware',
        `Write proxy: { ${key}: … }`,
      )
    } else if (refused) {
      report('CORS_DEV_PROXY', place, undefined, refused.why, refused.instead)
    } else {
      reportUnknown(report, place, key, Object.keys(TARGET_OPTION_NAMES), 'option of a target')
    }
  }

  const { stripPrefix, origin, relay, explain, proxy } = raw
  if (stripPrefix !== undefined && typeof stripPrefix !== 'boolean') {
    report(
      'CORS_DEV_OPTION',
      `${name}.stripPrefix`,
      stripPrefix,
      'is neither true nor false: a prefix is dropped or kept',
      'Write true or false',
    )
  }
  if (stripPrefix === true && isListed) {
    report(
      'CORS_DEV_OPTION',
      `${name}.stripPrefix`,
      stripPrefix,
      'has no effect: a target in a list has no path',
      'Write targets as a map: { "/api": { url: …, stripPrefix: true } }',
    )
  }
  const resolved = {
    stripPrefix: stripPrefix === undefined ? TARGET_DEFAULTS.stripPrefix : stripPrefix === true,
    origin:
      origin === undefined
        ? TARGET_DEFAULTS.origin
        : oneOf(origin, ORIGIN_POLICIES, undefined, `${name}.origin`, report),
    relay:
      relay === undefined
        ? TARGET_DEFAULTS.relay
        : oneOf(relay, RELAY_OPTIONS, TARGET_DEFAULTS.relay, `${name}.relay`, report),
    explain:
      explain === undefined
        ? TARGET_DEFAULTS.explain
        : resolveExplain(explain, TARGET_DEFAULTS.explain, `${name}.explain`, report),
    proxy: proxy === undefined ? TARGET_DEFAULTS.proxy : checkProxyOptions(proxy, `${name}.proxy`, report),
  }

  if (raw['url'] === undefined) {
    if ('url' in raw) {
      report('CORS_DEV_TARGET', `${name}.url`, undefined, ...NOT_SET)
    } else if (raw['target'] === undefined) {
      // `target` has been named above as what it is.
      report(
        'CORS_DEV_TARGET',
        `${name}.url`,
        undefined,
        'is missing: a target is an address',
        'Write url: "http://localhost:3000"',
      )
    }
    return undefined
  }
  const url = checkUrl(raw['url'], `${name}.url`, report)
  return url === undefined ? undefined : { name, path, url, ...resolved }
}

function checkUrl(raw: unknown, path: string, report: Report): string | undefined {
  const refuse = (why: string, instead: string): undefined => {
    report('CORS_DEV_TARGET', path, raw ?? null, why, instead)
    return undefined
  }
  if (typeof raw !== 'string') return refuse('is not an absolute URL: it is no string', 'Write "http://localhost:3000"')
  const text = raw.trim()
  if (text === '') return refuse('is not an absolute URL: it is empty', 'Write "http://localhost:3000"')
  if (/[\x00-\x1f\x7f-\x9f]/.test(text)) {
    return refuse('is not a valid URL: it contains a line break or another control character', 'Write it on one line')
  }

  if (/^(?:[a-z]+:\/\/)?(?:undefined|null|NaN)(?![\w.-])/.test(text)) {
    return refuse(
      'is not an absolute URL: a variable in it is not set',
      'Set the variable (Vite reads .env files into its config only by loadEnv), or write the address',
    )
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined) {
    const suggestion = withScheme(text)
    return refuse(
      'is not an absolute URL: the scheme is missing',
      suggestion === undefined
        ? 'Write the whole address, such as "http://localhost:3000"'
        : `Write ${showValue(suggestion)}`,
    )
  }
  if (!['http', 'https', 'ws', 'wss'].includes(scheme)) {
    return refuse(
      `is no target: calls of pages go to http, https, ws and wss, not to ${scheme}`,
      'Write an address with one of these schemes',
    )
  }
  if (!URL.canParse(text))
    return refuse(
      'is not a valid URL: its host or port is malformed',
      'Correct it, for example to "http://localhost:3000"',
    )

  const url = new URL(text)
  if (/[*{}$]/.test(decodeURIComponentSafely(url.hostname))) {
    return refuse(
      'is no single address: a placeholder in the host stands for nothing',
      'Name each host by an entry of its own',
    )
  }
  if (url.username !== '' || url.password !== '') {
    const bare = hideCredentials(text).replace('***@', '')
    return refuse(
      'contains credentials: a URL is printed and shown to the page',
      `Write ${showValue(bare)}, and the credentials into proxy: { auth: process.env.API_AUTH }`,
    )
  }
  if (url.search !== '' || url.hash !== '') {
    const bare = text.replace(/[?#].*$/s, '')
    return refuse(
      'does not end with its path: what comes after "?" or "#" can\'t be put before the path of a call',
      `Write ${showValue(bare)}`,
    )
  }
  return text
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
