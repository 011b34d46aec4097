import { getPublicSuffix } from 'tough-cookie'

/**
 * https://url.spec.whatwg.org/#host-registrable-domain by the public suffix list; `null` where there is none. The
 * library's name for it is that of its part.
 */
export function registrableDomain(hostname: string): string | null {
  return getPublicSuffix(hostname, { allowSpecialUseDomain: false, ignoreError: true }) ?? null
}
