import { isSameSiteForResourcePolicy } from './chromium'
import type { Dialect } from './dialect'
import type { HeaderReader } from './headers'
import { isSameOrigin, urlOfOrigin } from './origin'
import { isSchemelesslySameSite, type RegistrableDomain } from './site'

/** Why a response may not be used without CORS, named after Chromium's `BlockedReason`. */
export type CorpFailure = 'CorpNotSameOrigin' | 'CorpNotSameOriginAfterDefaultedToSameOriginByCoep' | 'CorpNotSameSite'

/**
 * https://fetch.spec.whatwg.org/#cross-origin-resource-policy-check
 *
 * @param origin the request's origin, serialized
 * @param embedderPolicy https://html.spec.whatwg.org/#embedder-policy-value of the page
 * @param includesCredentials whether the request went with credentials
 * @returns `unknown` where it takes the public suffix list
 */
export function crossOriginResourcePolicyCheck(input: {
  origin: string
  url: URL
  embedderPolicy: 'unsafe-none' | 'require-corp' | 'credentialless'
  includesCredentials: boolean
  headers: HeaderReader
  registrableDomain: RegistrableDomain | undefined
  dialect: Dialect
}): CorpFailure | 'unknown' | undefined {
  const { origin, url, embedderPolicy, includesCredentials, headers, registrableDomain, dialect } = input
  // Two lines of the same value are one value that is none of these.
  switch (headers.get('cross-origin-resource-policy')) {
    case 'same-origin':
      return isSameOrigin(origin, url.origin) ? undefined : 'CorpNotSameOrigin'
    case 'same-site': {
      const page = urlOfOrigin(origin)
      if (page === null && dialect === 'standard') return 'CorpNotSameSite'
      const { protocol, hostname } = page ?? { protocol: '', hostname: '' }
      // A secure resource is not for an insecure page; the reverse is harmless.
      if (protocol !== 'https:' && url.protocol === 'https:') return 'CorpNotSameSite'
      const sameSite = dialect === 'chromium' ? isSameSiteForResourcePolicy : isSchemelesslySameSite
      const isSameSite = sameSite(hostname, url.hostname, registrableDomain)
      if (isSameSite === undefined) return 'unknown'
      return isSameSite ? undefined : 'CorpNotSameSite'
    }
    case 'cross-origin':
      return undefined
    default: {
      const isDefaulted =
        embedderPolicy === 'require-corp' || (embedderPolicy === 'credentialless' && includesCredentials)
      if (!isDefaulted || isSameOrigin(origin, url.origin)) return undefined
      return 'CorpNotSameOriginAfterDefaultedToSameOriginByCoep'
    }
  }
}
