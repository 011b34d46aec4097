import type { Target } from '../targets/target'
import type { PathRoute, RouteTable } from './table'

const SLASH = 47
const QUESTION_MARK = 63

/**
 * Whether `path`, with or without a query, lies under `prefix`: `/api` takes `/api`, `/api/users` and `/api?page=2`,
 * and neither `/apiary` nor `/api.ts`. The one place where two paths are compared.
 *
 * @param prefix without a slash at its end; `''` takes every path
 */
export function isUnderPrefix(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false
  if (path.length === prefix.length) return true
  const next = path.charCodeAt(prefix.length)
  return next === SLASH || next === QUESTION_MARK
}

/** Whether a route takes a request: a prefix is compared with the path, an expression tested against path and query. */
export function takesPath(route: PathRoute, pathAndQuery: string): boolean {
  const { prefix } = route
  return typeof prefix === 'string' ? isUnderPrefix(pathAndQuery, prefix) : prefix.test(pathAndQuery)
}

/** The path route of a request target. Runs for every request of the dev server, so it allocates nothing. */
export function matchPathRoute(table: RouteTable, pathAndQuery: string): PathRoute | undefined {
  for (const route of table.paths) {
    if (takesPath(route, pathAndQuery)) return route
  }
  return undefined
}

/** The target that the relay reaches under a serialized origin, if the table has one. */
export function matchRelay(table: RouteTable, origin: string): Target | undefined {
  return table.relays.get(origin)
}

/**
 * The route for what neither the host nor any other route knows: that of `"proxy"` in package.json, in the words of
 * Create React App: all but GET, and every GET that doesn't accept `text/html`. Ask only once the host has passed.
 */
export function matchFallback(
  table: RouteTable,
  request: { method: string; accept: string | undefined },
): PathRoute | undefined {
  const { fallback } = table
  if (!fallback || request.method !== 'GET') return fallback
  return request.accept !== undefined && request.accept !== '' && !request.accept.includes('text/html')
    ? fallback
    : undefined
}

/** Any octet up to the space, DEL, and `#`: no client that a browser's address bar leads to sends them. */

const NEVER_SENT = /[\x00-\x20\x7f#]/

/**
 * A path segment that some server takes for `.` or `..`. What follows may be a path parameter (`..;` is `..` to Tomcat)
 * or, decoded once more, the start of a query or the end of a C string.
 */

const DOT_SEGMENT = /(?:^|[/\\])\.{1,2}(?:[/\\;?#\x00]|$)/

const ESCAPE = /%(?:25)*([0-7][0-9a-f])/gi

/**
 * Why a request target can't be passed on as it is, or `undefined` if it can. A server that decodes or normalizes
 * would take such a path out of its route: what was matched would not be what is reached.
 */
export function isMalformedRequestTarget(raw: string): string | undefined {
  if (raw.charCodeAt(0) !== SLASH) return 'it does not start with a slash'
  if (NEVER_SENT.test(raw)) return 'it contains a control byte, a space or a raw "#"'
  const queryStart = raw.indexOf('?')
  let path = queryStart < 0 ? raw : raw.slice(0, queryStart)
  if (path.includes('\\')) return 'it contains a raw "\\"'

  // Each round decodes what is escaped once or, escaped by escaped percent signs, any number of times. A second and a
  // third are needed only where hex digits are escaped themselves: %2%65 is %2e is a dot.
  for (let round = 0; round < 4; round++) {
    if (DOT_SEGMENT.test(path)) return 'it contains a dot segment'
    if (!path.includes('%')) return undefined
    const decoded = path.replace(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    if (decoded === path) return undefined
    path = decoded
  }
  return DOT_SEGMENT.test(path) ? 'it contains a dot segment' : undefined
}
