import { matchesGlob } from 'node:path'
import type { IncomingMessage } from 'node:http'
import { RESERVED_PREFIX } from '../exchange/wire'

/** Whether a request belongs to the host and not to us, although one of our paths may match it. */
export type IsHosts = (request: IncomingMessage) => boolean

/** One entry of a host's own proxy table, with the name under which it stands there. */
export interface HostPath {
  name: string
  takes: IsHosts
}

/** Our reserved prefix is nobody else's, however wide the paths of others are. */
export function exceptReserved(base: string, isHosts: IsHosts): IsHosts {
  const prefixes = [RESERVED_PREFIX, base.replace(/\/$/, '') + RESERVED_PREFIX]
  return (request) => !prefixes.some((prefix) => request.url?.startsWith(prefix)) && isHosts(request)
}

/** A `server.proxy` table of Vite: its keys, matched as Vite matches them. */
export function isInViteTable(keys: readonly string[]): IsHosts {
  const matchers = keys.map((key) => {
    if (!key.startsWith('^')) return (url: string) => url.startsWith(key)
    const expression = new RegExp(key)
    return (url: string) => expression.test(url)
  })
  return ({ url = '' }) => matchers.some((matches) => matches(url))
}

/** The keys of a `server.proxy` table, each by itself. */
export function pathsInViteTable(keys: readonly string[]): HostPath[] {
  return keys.map((name) => ({ name, takes: isInViteTable([name]) }))
}

/** One entry of a `devServer.proxy` list: http-proxy-middleware's options, or a function that returns them. */
export type ProxyEntry = ProxyEntryOptions | (() => ProxyEntryOptions | undefined)
interface ProxyEntryOptions {
  context?: PathFilter
  path?: PathFilter
  pathFilter?: PathFilter
}
type PathFilter = string | readonly string[] | ((pathname: string, request: IncomingMessage) => boolean)

/** What a `devServer.proxy` list takes, as far as it names paths. What a function takes shows only with each request. */
export function pathsInProxyList(entries: readonly ProxyEntry[]): HostPath[] {
  return entries.map(filterOf).flatMap((filter) => {
    if (typeof filter === 'function' || filter === undefined) return []
    const patterns = typeof filter === 'string' ? [filter] : filter
    const excluded = patterns.filter((pattern) => pattern.startsWith('!'))
    return patterns
      .filter((pattern) => !pattern.startsWith('!'))
      .map((name) => ({ name, takes: isInProxyList([{ context: [name, ...excluded] }]) }))
  })
}

/** A `devServer.proxy` list, matched as http-proxy-middleware matches it. */
export function isInProxyList(entries: readonly ProxyEntry[]): IsHosts {
  const filters = entries.map(filterOf)
  return (request) => {
    const pathname = (request.url ?? '').replace(/[?#].*$/s, '')
    return filters.some((filter) => {
      if (filter === undefined) return false
      if (typeof filter === 'function') return filter(pathname, request)
      const patterns = typeof filter === 'string' ? [filter] : filter
      const included = patterns.filter((pattern) => !pattern.startsWith('!'))
      const excluded = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1))
      const matches = (pattern: string): boolean =>
        /[*?{}[\]()!]/.test(pattern) ? matchesGlob(pathname, pattern) : pathname.startsWith(pattern)
      return included.some(matches) && !excluded.some(matches)
    })
  }
}

function filterOf(entry: ProxyEntry): PathFilter | undefined {
  // A function is asked once, as the dev server does when it starts; what it says later about a single request is its own affair.
  const options = typeof entry === 'function' ? entry() : entry
  return options?.context ?? options?.path ?? options?.pathFilter
}
