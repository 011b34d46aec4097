import { isIpAddress } from './mixed-content'
import { urlOfOrigin } from './origin'

/**
 * https://url.spec.whatwg.org/#host-registrable-domain of a host; `null` where there is none, as for `localhost`.
 */
export type RegistrableDomain = (hostname: string) => string | null

/**
 * https://html.spec.whatwg.org/#schemelessly-same-site of two hosts; ports don't matter.
 *
 * Only the public suffix list tells for certain, and it has 15,000 lines: it is for the caller to bring along. Without it
 * most questions are answered by the labels alone, and the rest, two siblings such as `app.example.com` and
 * `api.example.com`, by `undefined`: the same question about `app.github.io` and `api.github.io` has the other answer.
 */
export function isSchemelesslySameSite(
  a: string,
  b: string,
  registrableDomain: RegistrableDomain | undefined,
): boolean | undefined {
  if (a === b) return true
  if (isIpAddress(a) || isIpAddress(b)) return false
  if (registrableDomain) {
    const domain = registrableDomain(a)
    return domain !== null && domain === registrableDomain(b)
  }
  // A name of one label is a public suffix by itself.
  const [ofA, ofB] = [a.split('.').reverse(), b.split('.').reverse()]
  let shared = 0
  while (shared < ofA.length && ofA[shared] === ofB[shared]) shared++
  if (shared < 2) return false
  // A page lives at a registrable domain or below, hardly ever at a public suffix itself.
  return shared === Math.min(ofA.length, ofB.length) ? true : undefined
}

/** https://html.spec.whatwg.org/#same-site of a serialized origin and a URL. */
export function isSameSite(
  origin: string,
  url: URL,
  registrableDomain: RegistrableDomain | undefined,
): boolean | undefined {
  const parsed = urlOfOrigin(origin)
  if (parsed === null) return false
  const { protocol, hostname } = parsed
  if (protocol !== url.protocol.replace(/^ws/, 'http')) return false
  return isSchemelesslySameSite(hostname, url.hostname, registrableDomain)
}
