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

/** One byte, escaped once or, escaped by escaped percent signs, any number of times; or one character as IIS reads it. */
const ESCAPE = /%(?:25)*(?:u([0-9a-f]{4})|([0-9a-f]{2}))/gi

/**
 * Bytes in which lenient decoders find ASCII: a longer form than UTF-8 allows, and full-width characters, which some
 * servers take for the plain ones; then other dots and slashes that compatibility normalization makes plain.
 */
const DISGUISED =
  /[\xc0\xc1][\x80-\xbf]|\xe0[\x80\x81][\x80-\xbf]|\xf0\x80[\x80\x81][\x80-\xbf]|\xef\xbc[\x81-\xbf]|[\uff01-\uff3f]/g
const DISGUISED_DOTS = /\xe2\x80[\xa4\xa5]|[\u2024\u2025]/g
const DISGUISED_SLASHES = /\xe2(?:\x81\x84|\x88\x95)|[\u2044\u2215]/g

function unescapeOnce(path: string): string {
  const bytes = path.replace(ESCAPE, (_, unicode?: string, byte?: string) =>
    String.fromCharCode(Number.parseInt(unicode ?? byte ?? '', 16)),
  )
  if (!/[\x80-\uffff]/.test(bytes)) return bytes
  return bytes
    .replace(DISGUISED, (text) => {
      const last = text.charCodeAt(text.length - 1)
      if (text.length === 1) return String.fromCharCode(last - 0xfee0)
      if (text.startsWith('\xef')) return String.fromCharCode(last - 0x60)
      return String.fromCharCode(((text.charCodeAt(text.length - 2) & 1) << 6) | (last & 0x3f))
    })
    .replace(DISGUISED_DOTS, (text) => (/[\xa4\u2024]$/.test(text) ? '.' : '..'))
    .replace(DISGUISED_SLASHES, '/')
}

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

  // A second and a third round are needed only where hex digits are escaped themselves: %2%65 is %2e is a dot.
  for (let round = 0; round < 4; round++) {
    if (DOT_SEGMENT.test(path)) return 'it contains a dot segment'
    if (!/[%\x80-\uffff]/.test(path)) return undefined
    const decoded = unescapeOnce(path)
    if (decoded === path) return undefined
    path = decoded
  }
  return DOT_SEGMENT.test(path) ? 'it contains a dot segment' : undefined
}
