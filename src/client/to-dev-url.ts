import { toRelayPath, type ClientConfig, type RelayFlags, type RelayKind, type RelayMode } from '../exchange/wire'

/** Both directions between the URLs that the page calls and those that the dev server answers. */
export interface DevUrls {
  /** Absolute URL of the reserved prefix on the dev server. */
  readonly prefix: string
  /** What the page means by a URL, if that is a call to a target; `undefined` for whatever the platform does alone. */
  targetOf(url: unknown): TargetUrl | undefined
  /** Its scheme is the dev server's own, `http` or `https`, for `ws` and `wss` too. */
  toDevUrl(kind: RelayKind, url: URL, flags?: RelayFlags): string
  /** The upstream's URL behind one of the dev server's, as an answer of the platform shows it. */
  toUpstreamUrl(devUrl: string): string | undefined
  /** What the page is shown instead of a URL that the platform shows: one that is the dev server's own stays. */
  shown(url: string): string
  /** Lets every later call go its native way. */
  close(): void
}

export interface TargetUrl {
  url: URL
  /** Serialized http(s) origin of the target. */
  origin: string
  /** `unknown`: the dev server has not said so far whether this is a target. */
  relay: RelayMode | 'unknown'
}

export interface PageScope {
  origin: string
  location: { href: string }
  document?: { baseURI: string }
}

/** @param devServer - Any absolute URL of the dev server; that of a `blob:` worker names its creator's origin. */
export function createDevUrls(config: ClientConfig, devServer: string, scope: PageScope): DevUrls {
  const { origin } = new URL(devServer)
  // `about:srcdoc` and its like name no server, but they share the origin of the page that made them.
  const prefix = new URL(config.prefix, origin === 'null' ? scope.origin : origin).href
  let others: 'unknown' | undefined = config.discovers ? 'unknown' : undefined
  let relays = new Map(Object.entries(config.relays))
  let ownBase: string | undefined

  /** Most calls of most pages: told without parsing, which would cost each of them some microseconds. */
  function isPathOfOwn(input: unknown, base: string): boolean {
    if (typeof input !== 'string' || !PATH_ABSOLUTE.test(input)) return false
    if (base !== ownBase && parse(base)?.origin === scope.origin) ownBase = base
    return base === ownBase
  }

  /** In attributes that the dev server wrote, they have no origin. */
  const devUrls = new RegExp(`(?:(ws|http)s?://[^/\\s]+)?${new URL(prefix).pathname}[^\\s"]+?/(http)(s?)/`, 'g')
  const shown = (text: string): string =>
    text && text.replace(devUrls, (_, scheme, http, s) => `${scheme ?? http}${s}://`)

  return {
    prefix,
    targetOf(input) {
      if (!relays.size && !others) return undefined
      const base = scope.document?.baseURI ?? scope.location.href
      if (isPathOfOwn(input, base)) return undefined
      const url = parse(input, base)
      // The platform has its own way with userinfo: an error in most APIs.
      if (!url || !/^(http|ws)s?:$/.test(url.protocol) || url.username || url.password) return undefined
      const origin = asHttp(url.origin)
      const relay = relays.get(origin) ?? others
      return relay && origin !== scope.origin && !prefix.startsWith(`${origin}/`) ? { url, origin, relay } : undefined
    },
    toDevUrl: (kind, url, flags) => prefix + toRelayPath(kind, url, flags) + url.hash,
    toUpstreamUrl: (devUrl) =>
      asHttp(devUrl).startsWith(prefix) && shown(devUrl) !== devUrl ? shown(devUrl) : undefined,
    shown,
    close() {
      relays = new Map()
      others = undefined
    },
  }
}

/** Neither `//host` nor what the URL parser takes for it. */
const PATH_ABSOLUTE = /^\/(?![/\\\t\n\r])/

function parse(input: unknown, base?: string): URL | undefined {
  try {
    return new URL(String(input), base)
  } catch {
    return undefined
  }
}

function asHttp(url: string): string {
  return url.replace(/^ws/, 'http')
}
