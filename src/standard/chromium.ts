/** Where Chromium departs from the standard. As read in its sources and measured with version 156. */
import { isCorsSafelistedRequestHeader, isForbiddenRequestHeader } from './headers'
import { isIpAddress } from './mixed-content'
import { isSameOrigin } from './origin'
import { isSchemelesslySameSite, type RegistrableDomain } from './site'

const INTEGER = /^[0-9]+$/
const DECIMAL = /^[0-9]+(?:\.[0-9]+)?$/
const EFFECTIVE_CONNECTION_TYPES = new Set(['slow-2g', '2g', '3g', '4g'])
const MAX_RANGE = 2n ** 63n - 1n

/**
 * `IsCorsSafelistedHeader`: client hints that pages may set, and `Intervention`, are safelisted too. The value is that of
 * all fields of the name, combined.
 */
export function isSafelistedByChromium(name: string, value: string): boolean {
  if (value.length > 128 || name.length > 16) return false
  switch (name.toLowerCase()) {
    case 'intervention':
      return true
    case 'device-memory':
    case 'dpr':
    case 'downlink':
      return DECIMAL.test(value)
    case 'width':
    case 'viewport-width':
    case 'rtt':
      return INTEGER.test(value)
    case 'ect':
      return EFFECTIVE_CONNECTION_TYPES.has(value)
    case 'save-data':
      return value.toLowerCase() === 'on'
    case 'range':
      // Numbers that a signed 64-bit integer can't tell from its maximum are refused.
      return (
        isCorsSafelistedRequestHeader(name, value) && (value.match(/\d+/g) ?? []).every((n) => BigInt(n) < MAX_RANGE)
      )
    default:
      return isCorsSafelistedRequestHeader(name, value)
  }
}

/** `IsForbiddenRequestHeader`, and `User-Agent`, which the network stack replaces. */
export function isForbiddenByChromium(name: string, value: string): boolean {
  return isForbiddenRequestHeader(name, value) || (name.length === 10 && name.toLowerCase() === 'user-agent')
}

const CLIENT_HINTS = new Set(['device-memory', 'dpr', 'width', 'viewport-width', 'rtt', 'downlink', 'ect'])

/** `FindClientHintsToRemove`: after a redirect they go to the page's own origin only, whoever has set them. */
export function isDroppedByRedirect(name: string, page: string, to: URL): boolean {
  return CLIENT_HINTS.has(name.toLowerCase()) && !isSameOrigin(page, to.origin)
}

const UNSAFE_REDIRECTS = new Set(
  ['about', 'blob', 'chrome', 'chrome-untrusted', 'data', 'devtools', 'file', 'filesystem'].map(
    (scheme) => `${scheme}:`,
  ),
)

/** `IsSafeRedirectTarget` */
export function isSafeRedirectTarget(url: URL): boolean {
  return !UNSAFE_REDIRECTS.has(url.protocol)
}

/**
 * `ShouldAllowSameSite`, for `Cross-Origin-Resource-Policy`: an IP address is of no site, not even its own, and all hosts
 * without a registrable domain, such as `localhost` and that of an opaque origin, are of one.
 */
export function isSameSiteForResourcePolicy(
  a: string,
  b: string,
  registrableDomain: RegistrableDomain | undefined,
): boolean | undefined {
  if (isIpAddress(a) || isIpAddress(b)) return false
  const hasDomain = (host: string): boolean => host.includes('.')
  if (!hasDomain(a) || !hasDomain(b)) return !hasDomain(a) && !hasDomain(b)
  return isSchemelesslySameSite(a, b, registrableDomain)
}
