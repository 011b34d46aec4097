import { urlOfOrigin } from './origin'

/** `http` and `ws` count as their secure twins here: these hosts are reached without leaving the machine. */
function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    (hostname.startsWith('127.') && /^[\d.]+$/.test(hostname))
  )
}

/** https://w3c.github.io/webappsec-secure-contexts/#potentially-trustworthy-url */
export function isPotentiallyTrustworthyUrl(url: URL): boolean {
  const { protocol } = url
  return (
    protocol === 'https:' ||
    protocol === 'data:' ||
    protocol === 'wss:' ||
    protocol === 'file:' ||
    isLoopbackHost(url.hostname)
  )
}

/** https://w3c.github.io/webappsec-secure-contexts/#potentially-trustworthy-origin, of a serialized origin. */
export function isPotentiallyTrustworthyOrigin(origin: string): boolean {
  if (origin.startsWith('https://')) return true
  const url = urlOfOrigin(origin)
  return url !== null && isPotentiallyTrustworthyUrl(url)
}

/**
 * https://w3c.github.io/webappsec-mixed-content/#categorize-settings-object: a page whose origin is `http://localhost`
 * is trusted, but loads what it likes.
 */
export function prohibitsMixedSecurityContexts(origin: string): boolean {
  return origin.startsWith('https://')
}

/** https://w3c.github.io/webappsec-mixed-content/#should-block-fetch, for anything that no document is made of. */
export function isBlockedAsMixedContent(origin: string, url: URL): boolean {
  return prohibitsMixedSecurityContexts(origin) && !isPotentiallyTrustworthyUrl(url)
}

/** Whether a host is an IP address, as the URL parser serializes it. */
export function isIpAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname)
}

/**
 * https://w3c.github.io/webappsec-mixed-content/#upgrade-algorithm
 *
 * @param isImageOrMedia whether the request's destination is `image`, `audio` or `video`
 */
export function isUpgradedFromMixedContent(origin: string, url: URL, isImageOrMedia: boolean): boolean {
  return isImageOrMedia && !isIpAddress(url.hostname) && isBlockedAsMixedContent(origin, url)
}
