import { toRelayPath, type ClientConfig, type RelayFlags, type RelayMode } from '../exchange/wire'

/** Both directions between the URLs that the page calls and those that the dev server answers. */
export interface DevUrls {
  /** Absolute URL of the reserved prefix on the dev server. */
  readonly devPrefix: string
  /** What the page means by a URL, if that is a call to a target; `undefined` for whatever the platform does alone. */
  targetOf(url: unknown): TargetUrl | undefined
  /** Its scheme is the dev server's own, `http` or `https`, for `ws` and `wss` too. */
  toDevUrl(credentials: boolean, url: URL, flags?: RelayFlags): string
  /** What an element or a style sheet is to name instead of a URL: the dev server's if it is a call to a target. */
  led(url: string, credentials?: boolean): string
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

  /** In attributes that the dev server wrote, they have no origin. */
  const devUrlsInText = new RegExp(`(?:(ws|http)s?://[^/\\s]+)?${new URL(prefix).pathname}[^\\s"]+?/(http)(s?)/`, 'g')
  const shown = (text: string): string =>
    text && text.replace(devUrlsInText, (_, scheme, http, s) => `${scheme ?? http}${s}://`)

  const devUrls: DevUrls = {
    devPrefix: prefix,
    targetOf(input) {
      const base = scope.document?.baseURI ?? scope.location.href
      // Most calls of most pages: told without parsing, which would cost each of them some microseconds.
      if (typeof input === 'string' && PATH_ABSOLUTE.test(input) && base.startsWith(`${scope.origin}/`))
        return undefined
      let url
      try {
        url = new URL(input as string, base)
      } catch {
        return undefined
      }
      if (!HAS_NETWORK_ORIGIN.test(url.href)) return undefined
      const origin = asHttp(url.origin)
      const relay = config.relays[origin] ?? config.others
      return relay && origin !== scope.origin && !prefix.startsWith(`${origin}/`) ? { url, origin, relay } : undefined
    },
    toDevUrl: (credentials, url, flags) => prefix + toRelayPath(credentials ? 'to' : 'anon', url, flags) + url.hash,
    led(url, credentials = false) {
      const target = devUrls.targetOf(url)
      return target ? devUrls.toDevUrl(credentials, target.url) : url
    },
    toUpstreamUrl(devUrl) {
      const url = shown(devUrl)
      return url !== devUrl && asHttp(devUrl).startsWith(prefix) ? url : undefined
    },
    shown,
    close() {
      config = { relays: {} } as ClientConfig
    },
  }
  return devUrls
}

/** The platform has its own way with userinfo: an error in most APIs. */
const HAS_NETWORK_ORIGIN = /^(http|ws)s?:..[^/@]+\//

/** Neither `//host` nor what the URL parser takes for it. */
const PATH_ABSOLUTE = /^\/(?![/\\\t\n\r])/

export function asHttp(url: string): string {
  return url.replace(/^ws/, 'http')
}
