import { type Cookie, type CookieJar, domainMatch, getPublicSuffix } from 'tough-cookie'
import { addressLiteral, isLoopbackHost } from '../targets/address'

/** Why a browser would not store it; `undefined` when it would. In the order of RFC 6265bis, section 5.7. */
export function refusalReason(cookie: Cookie, url: URL, shared: CookieJar): string | undefined {
  const host = bareHost(url.hostname)
  const isTrustworthy = url.protocol === 'https:' || url.protocol === 'wss:' || isLoopbackHost(url.hostname)
  // Chromium's rule. tough-cookie would take it, and then never find the cookie again under the name that URLs have.
  if (cookie.domain !== null && /[^\x00-\x7f]/.test(cookie.domain)) {
    return `its Domain "${printableName(cookie.domain)}" is not in ASCII, as in "${host}"`
  }
  if (cookie.domain !== null && !coversHost(cookie.domain, host)) {
    return `its Domain "${printableName(cookie.domain)}" does not cover "${host}"`
  }
  if (cookie.domain !== null && cookie.domain !== undefined && !isRegistrable(cookie.domain.toLowerCase())) {
    return `its Domain "${printableName(cookie.domain)}" is a public suffix, shared by strangers`
  }
  if (cookie.secure && !isTrustworthy) return 'it is Secure, and the target is called over plain http'
  if (cookie.sameSite === 'none' && !cookie.secure) return 'it has SameSite=None without Secure'
  if (!cookie.secure && cookie.extensions?.some((extension) => /^partitioned\s*(=|$)/i.test(extension))) {
    return 'it is Partitioned without Secure'
  }
  const prefix = /^__(host-http|http|host|secure)-/i.exec(cookie.key || cookie.value)?.[1]?.toLowerCase()
  if (prefix !== undefined) {
    if (cookie.key === '') return 'it has no name, and a value that looks like a name with a prefix'
    const shown = cookie.key.slice(0, prefix.length + 3)
    if (!cookie.secure) return `its prefix ${shown} asks for Secure`
    if (prefix.startsWith('host') && (cookie.domain !== null || cookie.path !== '/')) {
      return `its prefix ${shown} asks for Path=/ and no Domain`
    }
    if (prefix.endsWith('http') && !cookie.httpOnly) return `its prefix ${shown} asks for HttpOnly`
  }
  if (!isTrustworthy && overlaysSecure(cookie, url, shared)) {
    return 'a Secure cookie of this name exists, which plain http may not overlay'
  }
  return undefined
}

function coversHost(domain: string, host: string): boolean {
  try {
    return domainMatch(host, domain) === true
  } catch {
    // A Domain that no URL parser takes.
    return false
  }
}

/** Whether a domain belongs to somebody, so that its owner's hosts may share: neither a public suffix nor one label. */
export function isRegistrable(domain: string): boolean {
  if (isLoopbackHost(domain) || addressLiteral(domain) !== undefined) return false
  try {
    return getPublicSuffix(domain, { allowSpecialUseDomain: true, ignoreError: true }) !== undefined
  } catch {
    return false
  }
}

/** https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-leave-secure-cookies-alone */
function overlaysSecure(cookie: Cookie, url: URL, shared: CookieJar): boolean {
  if (sharesNothing(url)) return false
  const secureTwin = new URL(url)
  secureTwin.protocol = 'https:'
  return shared
    .getCookiesSync(toContext(secureTwin), { allPaths: false })
    .some((existing) => existing.secure && existing.key === cookie.key)
}

/**
 * Cookies know no ports, so on `localhost` every API of every project would get every other's. Two hosts that only their
 * port tells apart are two targets here. Browsers would let them share; servers in production never would.
 */
export function sharesNothing(url: URL): boolean {
  return isLoopbackHost(url.hostname) || addressLiteral(url.hostname) !== undefined
}

/** tough-cookie decodes the path before it compares; browsers don't, and a `Path` is never decoded. */
export function toContext(url: URL): URL {
  const scheme = url.protocol === 'ws:' ? 'http:' : url.protocol === 'wss:' ? 'https:' : url.protocol
  if (scheme === url.protocol && !url.pathname.includes('%')) return url
  // Read by tough-cookie for these three fields alone.
  return { protocol: scheme, hostname: url.hostname, pathname: url.pathname.replaceAll('%', '%25') } as URL
}

export function bareHost(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

export function printableName(text: string): string {
  const [name = ''] = text.split(/[=;]/, 1)
  return name.slice(0, 80).replace(/[^\x20-\x7e]/g, '?')
}
