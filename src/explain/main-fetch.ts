import { isBlockedAsMixedContent, isUpgradedFromMixedContent } from '../standard/mixed-content'
import { isSameOrigin, OPAQUE_ORIGIN, urlOfOrigin } from '../standard/origin'
import { isBlockedDueToBadPort } from '../standard/port-blocking'
import { withoutCredentials } from '../standard/redirect'
import type { DirectRequest } from './direct-exchange'
import { establishWebSocket, fetchData, httpFetch, WITHOUT_CORS } from './http-fetch'
import { type Hop, type Journey, type NextRequest, report } from './journey'
import { addressSpaceOf, localNetworkAccess } from './local-network'
import type { Outcome } from './verdict'

/** https://fetch.spec.whatwg.org/#main-fetch; a redirect gives the next request. */
export function mainFetch(
  journey: Journey,
  index: number,
  { url, method, headers }: NextRequest,
): NextRequest | undefined {
  const { request, rules, exchange } = journey
  const isImageOrMedia = ['image', 'media', 'audio'].includes(request.initiator)

  // 6. Upgrade a mixed content request to a potentially trustworthy URL, if appropriate.
  if (isUpgradedFromMixedContent(request.origin, url, isImageOrMedia)) {
    url = new URL(url)
    url.protocol = 'https:'
  }

  journey.urls.push(url)
  const origin = journey.isOriginTainted ? OPAQUE_ORIGIN : request.origin
  const hop: Hop = {
    index,
    url,
    urlOrigin: url.origin,
    href: withoutCredentials(url).href,
    method,
    headers,
    origin,
    seen: exchange.hops[index],
  }
  const before = { problems: journey.problems.length, unsettled: journey.unsettled.length }

  // In Chromium it is fetch() that looks at mode and scheme, and the loader below it that looks at the rest.
  const steps = [blockRequest, chooseTainting]
  if (rules.dialect === 'chromium') steps.reverse()
  let isStopped = false
  for (const step of steps) if (!step(journey, hop)) isStopped = true
  const result = isStopped
    ? WITHOUT_CORS
    : request.initiator === 'WebSocket'
      ? establishWebSocket(journey, hop)
      : url.protocol === 'data:'
        ? fetchData(journey)
        : httpFetch(journey, hop)

  const outcome: Outcome =
    journey.problems.length > before.problems
      ? 'blocked'
      : journey.unsettled.length > before.unsettled
        ? 'unknown'
        : 'allowed'
  journey.hops.push({
    url: hop.href,
    origin: sendsOrigin(journey, hop) ? originSent(journey, hop) : undefined,
    method,
    headers,
    outcome,
    isCrossOrigin: journey.tainting !== 'basic',
    preflight: result.preflight,
    corsCheck: result.corsCheck,
    redirectsTo: result.redirectsTo,
  })
  return result.next
}

/** https://fetch.spec.whatwg.org/#append-a-request-origin-header */
function sendsOrigin({ tainting, rules, request: { initiator, mode } }: Journey, { method }: Hop): boolean {
  if (tainting === 'cors' || initiator === 'WebSocket' || (method !== 'GET' && method !== 'HEAD')) return true
  // An element with a `crossorigin` attribute tells its own server, too.
  return rules.dialect === 'chromium' && mode === 'cors' && ELEMENTS.has(initiator)
}

const ELEMENTS = new Set<DirectRequest['initiator']>(['image', 'track', 'script', 'stylesheet', 'font'])

/** https://fetch.spec.whatwg.org/#append-a-request-origin-header without CORS, where the referrer policy has a say. */
function originSent({ rules, request, tainting, urls }: Journey, { url, origin }: Hop): string {
  if (tainting === 'cors' || request.initiator === 'WebSocket') return origin
  if (rules.dialect === 'chromium') {
    // `RedirectUtil::UpdateHttpRequest` hides it from whoever comes after the first other origin.
    return urls.every((each) => each.origin === urls[0]?.origin) ? origin : OPAQUE_ORIGIN
  }
  // strict-origin-when-cross-origin: 1. If request's origin is a tuple origin, its scheme is "https", and request's
  // current URL's scheme is not "https", then set serializedOrigin to `null`.
  const isDowngrade = origin.startsWith('https://') && url.protocol !== 'https:'
  return request.mode !== 'cors' && isDowngrade ? OPAQUE_ORIGIN : origin
}

/**
 * 7. Should request be blocked due to a bad port, should fetching request be blocked as mixed content: then network error.
 *
 * Content security policies are the page's own business, and in no answer.
 */
function blockRequest(journey: Journey, hop: Hop): boolean {
  const { request, rules } = journey
  const { url } = hop
  const isMixed = isBlockedAsMixedContent(request.origin, url)
  const isBadPort = isBlockedDueToBadPort(url)
  if (rules.dialect === 'standard' && isBadPort) report(journey, hop, 'request', 'BadPort')
  if (isMixed) report(journey, hop, 'request', 'MixedContent')
  if (rules.dialect === 'chromium' && isBadPort) report(journey, hop, 'request', 'BadPort')
  blockLocalNetwork(journey, hop)
  return true
}

/** https://wicg.github.io/local-network-access/: not yet in the standard. */
function blockLocalNetwork(journey: Journey, hop: Hop): void {
  const { request, rules } = journey
  if (hop.url.protocol === 'data:') return
  const space = hop.seen?.addressSpace ?? addressSpaceOf(hop.url.hostname)
  if (space === undefined || space === 'public') return
  const page = request.addressSpace ?? addressSpaceOf(urlOfOrigin(request.origin)?.hostname ?? '')
  const access = localNetworkAccess(request.origin, page, space)
  if (access === undefined) return
  journey.mayDiffer = true
  if (rules.dialect === 'standard') return
  if (access !== 'unknown') {
    report(journey, hop, 'request', access, { addressSpace: space })
    return
  }
  journey.unsettled.push({
    hop: hop.index,
    missing: 'page-address-space',
    sentence: `${hop.href} is on a local network, where a page from the public internet needs the user's permission: where the page comes from would settle it.`,
  })
}

/** 12. The first matching statement; `false` where that is a network error. */
function chooseTainting(journey: Journey, hop: Hop): boolean {
  const { request, tainting } = journey
  const { url, urlOrigin } = hop
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:'
  if (request.initiator === 'WebSocket') return true

  // request's current URL's origin is same origin with request's origin, and request's response tainting is "basic"
  if (isSameOrigin(urlOrigin, request.origin) && tainting === 'basic') return true

  // request's current URL's scheme is "data"
  if (url.protocol === 'data:') return true

  // request's mode is "same-origin": return a network error.
  if (request.mode === 'same-origin') {
    report(journey, hop, 'request', 'DisallowedByMode')
    return false
  }

  // request's mode is "no-cors": if request's redirect mode is not "follow", return a network error. Opaque.
  if (request.mode === 'no-cors') {
    if (request.redirect !== 'follow') {
      report(journey, hop, 'request', 'NoCorsRedirectModeNotFollow')
      return false
    }
    journey.tainting = 'opaque'
  }

  // request's current URL's scheme is not an HTTP(S) scheme: return a network error.
  if (!isHttp) {
    report(journey, hop, 'request', 'CorsDisabledScheme')
    return false
  }

  // Otherwise: set request's response tainting to "cors".
  if (request.mode === 'cors') journey.tainting = 'cors'
  return true
}
