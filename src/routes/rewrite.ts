import { injectsHeaders } from '../targets/target'
import { isUnderPrefix, matchPathRoute, matchRelay } from './match'
import { parseRelayPath, type RelayKind, toRelayPath } from './relay-path'
import type { PathRoute, RouteTable } from './table'

// --- Request path ---------------------------------------------------------------------------------------------------

/** What goes up in place of the page's path and query: their bytes, the target's own path before them. */
export function toUpstreamPath(route: PathRoute, pathAndQuery: string): string {
  const { basePath } = route.target
  const path = basePath + withoutPrefix(route, pathAndQuery)
  if (path.startsWith('/') && !path.startsWith('//')) return path
  // `/api//evil.example` without its prefix, or `//evil.example` under `/`, would name an authority to whoever parses
  // it as a URL.
  return path.startsWith('?') || path === '' ? `/${path}` : path.replace(/^\/*/, '/')
}

function withoutPrefix({ prefix, target }: PathRoute, pathAndQuery: string): string {
  if (!target.stripPrefix) return pathAndQuery
  // A `pathRewrite` may have dropped it already.
  if (typeof prefix === 'string') {
    return isUnderPrefix(pathAndQuery, prefix) ? pathAndQuery.slice(prefix.length) : pathAndQuery
  }
  // Only the first alternative of `^/a|/b` is bound to the start.
  const match = prefix.exec(pathAndQuery)
  if (match?.index !== 0) return pathAndQuery
  const rest = pathAndQuery.slice(match[0].length)
  return rest === '' || rest.startsWith('/') || rest.startsWith('?') ? rest : `/${rest}`
}

/**
 * The inverse of {@link toUpstreamPath}: what the page calls to reach an upstream's path and query. `undefined` where
 * this route doesn't lead there, or another route would take that path.
 */
export function toPagePath(table: RouteTable, route: PathRoute, upstreamPathAndQuery: string): string | undefined {
  const { prefix, target } = route
  if (!isUnderPrefix(upstreamPathAndQuery, target.basePath)) return undefined
  // What an expression has stripped can't be told from what is left.
  if (target.stripPrefix && typeof prefix !== 'string') return undefined
  const rest = upstreamPathAndQuery.slice(target.basePath.length)
  const path = target.stripPrefix ? (prefix as string) + rest : rest
  // `//evil.example` is another server to a browser.
  const safe = path.startsWith('/') ? path.replace(/^\/+/, '/') : `/${path}`
  const taken = matchPathRoute(table, safe)
  return taken === route || (!taken && route === table.fallback) ? safe : undefined
}

// --- Location -------------------------------------------------------------------------------------------------------

export interface LocationContext {
  table: RouteTable
  /** URL of the request that was answered: relative references are resolved against it. */
  upstreamUrl: string
  /** The way the request came down. */
  way: 'path' | RelayKind
  /** Its path route, if it came by one. */
  route: PathRoute | undefined
  /** Whether a document is being loaded: the relay serves none. */
  isNavigation: boolean
  /** Whether an origin is one of the dev server's own. */
  isDevServer(origin: string): boolean
  /** Absolute paths of the reserved prefix, slash at their ends. */
  prefixes: readonly string[]
}

export type RewrittenLocation =
  /** No known target is meant, or none that the page can reach this way. */
  | { kind: 'unchanged' }
  /** Path, query and fragment on the dev server's origin, by a path route. */
  | { kind: 'path'; path: string }
  /**
   * What stands after the reserved prefix, fragment included. `origin` is the target's: where it is not the one that
   * answered, the redirect crosses origins, and the caller puts a hop's nonce before it.
   */
  | { kind: 'relay'; origin: string; relayPath: string }
  /** The target itself, on its own origin. */
  | { kind: 'url'; url: string }
  /** The dev server's own pages, which a relayed call may not be led to: a browser that called directly would refuse. */
  | { kind: 'nowhere' }

const UNCHANGED: RewrittenLocation = Object.freeze({ kind: 'unchanged' })
const NOWHERE: RewrittenLocation = Object.freeze({ kind: 'nowhere' })

/**
 * Where on the dev server the page finds what `Location` (or `Content-Location`) names, so that the browser can follow
 * it there.
 */
export function rewriteLocation(location: string, context: LocationContext): RewrittenLocation {
  const { table, upstreamUrl, way, route, isNavigation } = context
  const reference = decodeBytes(location)
  if (!URL.canParse(reference, upstreamUrl)) return UNCHANGED
  const named = new URL(reference, upstreamUrl)
  // https://fetch.spec.whatwg.org/#http-redirect-fetch: with CORS these are a network error. Nothing to be made of them
  // but a password in a path.
  if (named.username !== '' || named.password !== '') return UNCHANGED
  if (named.protocol !== 'http:' && named.protocol !== 'https:') return UNCHANGED

  // An upstream that names the dev server would lead the browser from one target to another without its noticing.
  const behind = context.isDevServer(named.origin) ? behindDevUrl(named, context) : { url: named, route: undefined }
  if (behind === undefined) return way === 'path' ? UNCHANGED : NOWHERE
  const { url } = behind
  const isOwn = url.origin === new URL(upstreamUrl).origin
  if (url !== named && way === 'path') {
    const isWithin = isOwn || (isNavigation && !(behind.route && injectsHeaders(behind.route.target)))
    if (isWithin) return UNCHANGED
  }
  // A step to another target by a path of the dev server would be no cross-origin step to the browser, which then
  // leaves `Authorization` on. Documents carry none.
  if (way === 'path' && (isOwn || isNavigation)) {
    // Documents never take the fallback.
    const path = findPagePath(table, isNavigation && route === table.fallback ? undefined : route, url, isOwn)
    if (path !== undefined) return { kind: 'path', path: path + url.hash }
  }
  const target = isNavigation ? undefined : matchRelay(table, url.origin)
  // A client's certificate belongs to the connection: it can't be left out for one request.
  if (!target || (!isOwn && target.proxy.ssl !== undefined)) {
    return url === named ? UNCHANGED : { kind: 'url', url: url.href }
  }
  const relayPath = toRelayPath(way === 'anon' ? 'anon' : 'to', url) + url.hash
  return { kind: 'relay', origin: url.origin, relayPath }
}

/** The upstream's URL that a URL of the dev server stands for; `undefined` where it is the host's own. */
function behindDevUrl(
  { pathname, search, hash }: URL,
  { table, prefixes, upstreamUrl, isNavigation }: LocationContext,
): { url: URL; route: PathRoute | undefined } | undefined {
  const pathAndQuery = pathname + search
  const prefix = prefixes.find((one) => pathAndQuery.startsWith(one))
  if (prefix !== undefined) {
    const relay = parseRelayPath(pathAndQuery.slice(prefix.length))
    return relay && { url: new URL(relay.origin + relay.pathAndQuery + hash), route: undefined }
  }
  const { fallback } = table
  const isOwnFallback = fallback?.target.origin === new URL(upstreamUrl).origin
  const route = matchPathRoute(table, pathAndQuery) ?? (isNavigation || isOwnFallback ? undefined : fallback)
  return route && { url: new URL(route.target.origin + toUpstreamPath(route, pathAndQuery) + hash), route }
}

/** The route that was taken knows best; then any route to the same origin. */
function findPagePath(table: RouteTable, taken: PathRoute | undefined, url: URL, isOwn: boolean): string | undefined {
  const candidates = taken ? [taken, ...table.paths] : table.paths
  for (const route of candidates) {
    if (route.target.origin !== url.origin) continue
    // What is added to the page's own calls is not for a server to call forth by a redirect.
    if (!isOwn && injectsHeaders(route.target)) continue
    const path = toPagePath(table, route, url.pathname + url.search)
    if (path !== undefined) return path
  }
  return undefined
}

/** Node hands header values over byte by byte; browsers read UTF-8 there, as servers write it. */
function decodeBytes(value: string): string {
  if (!/[\x80-\xff]/.test(value) || /[^\x00-\xff]/.test(value)) return value
  try {
    const bytes = Uint8Array.from(value, (character) => character.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return value
  }
}

// --- Cookies --------------------------------------------------------------------------------------------------------

export interface CookieContext {
  /** Whether the page was loaded by https: only then does the browser keep what asks for it. */
  pageIsSecure: boolean
  route: PathRoute
  /** Stands before the name, where the cookie must not take the place of another one. */
  asidePrefix?: string
}

/** Whether a cookie, or a line that sets one, has a name of ours, of whichever project on this host. */
export function isReservedCookie(pair: string): boolean {
  return /^\s*__cors_dev_/i.test(pair)
}

/** Name prefixes that browsers honour on https pages only, in any case: RFC 6265bis §4.1.3 and Chromium's `__Http-`. */
const NAME_PREFIX = /^__(host|secure|http)-/i
const RENAMED_PREFIX = /^__cors_dev_(host|secure|http)-/i

/**
 * A `Set-Cookie` line that the browser can store on the page's origin. `Domain` would name a stranger there. `Secure`
 * and what depends on it stay where the page is secure; elsewhere they go, and names that promise them are changed,
 * to be restored by {@link restoreCookieHeader}.
 */
export function rewriteSetCookie(line: string, { pageIsSecure, route, asidePrefix }: CookieContext): string {
  const [pair = '', ...attributes] = line.split(';')
  const parsed = attributes.map((text) => {
    const equals = text.indexOf('=')
    const name = (equals < 0 ? text : text.slice(0, equals)).trim().toLowerCase()
    return { name, value: equals < 0 ? '' : text.slice(equals + 1).trim(), text: text.trim() }
  })
  const isSecure = pageIsSecure && parsed.some(({ name }) => name === 'secure')

  const kept = parsed.flatMap(({ name, value, text }) => {
    switch (name) {
      case 'domain':
        return []
      case 'secure':
      case 'partitioned':
        return isSecure ? [text] : []
      case 'samesite':
        // `None` is only taken together with `Secure`. The page and the dev server are one site, so `Lax` does as well.
        return !isSecure && value.toLowerCase() === 'none' ? ['SameSite=Lax'] : [text]
      case 'path':
        return [`Path=${toPageCookiePath(value, route)}`]
      default:
        return text === '' ? [] : [text]
    }
  })
  if (asidePrefix !== undefined) {
    // Its name is a secret of the dev server's.
    if (!parsed.some(({ name }) => name === 'httponly')) kept.push('HttpOnly')
    return [asidePrefix + pair.trim(), ...kept].join('; ')
  }
  const renamed = pageIsSecure ? pair.trim() : pair.trim().replace(NAME_PREFIX, '__cors_dev_$1-')
  return [renamed, ...kept].join('; ')
}

/**
 * Where on the dev server a cookie belongs that an upstream sets for `path`. `/` stays `/`, not the route's prefix:
 * page code reads such cookies by `document.cookie` (XSRF tokens).
 */
function toPageCookiePath(path: string, { prefix, target }: PathRoute): string {
  const { basePath, stripPrefix } = target
  if (path === '/' || !path.startsWith('/')) return path
  const pagePrefix = !stripPrefix ? '' : typeof prefix === 'string' ? prefix : undefined
  // What an expression has stripped is not known here; a path too wide beats a cookie that is never sent.
  if (pagePrefix === undefined) return '/'
  if (isUnderPrefix(path, basePath)) return pagePrefix + path.slice(basePath.length) || '/'
  if (isUnderPrefix(basePath, path.replace(/\/+$/, ''))) return pagePrefix || '/'
  return path
}

/** A `Cookie` header with the names that the upstream gave. */
export function restoreCookieHeader(header: string, { pageIsSecure }: { pageIsSecure: boolean }): string {
  if (!header.includes('__cors_dev_')) return header
  return (
    header
      .split(';')
      .map((pair) => pair.trim())
      // A secure page stores the true name: a changed one is left over from before it was secure.
      .filter((pair) => !(pageIsSecure && RENAMED_PREFIX.test(pair)))
      .map((pair) => pair.replace(RENAMED_PREFIX, '__$1-'))
      .join('; ')
  )
}
