import type { DirectRequest } from '../explain/direct-exchange'
import type { HopVerdict } from '../explain/verdict'
import type { HeaderLines } from '../exchange/exchange'
import { isPotentiallyTrustworthyUrl } from '../standard/mixed-content'
import { isSameOrigin } from '../standard/origin'
import { isSameSite } from '../standard/site'
import { registrableDomain } from './registrable-domain'

/**
 * Servers and the firewalls before them treat strangers in other ways than browsers, so this looks like one. The
 * version is that of the Chromium which the rest was seen in.
 */
const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'
const CLIENT_HINTS: HeaderLines = [
  ['sec-ch-ua-platform', '"Linux"'],
  ['sec-ch-ua', '"Not:A-Brand";v="8", "Chromium";v="156"'],
  ['sec-ch-ua-mobile', '?0'],
]

interface PreflightedHop extends Pick<HopVerdict, 'url'> {
  preflight: { request?: Pick<NonNullable<HopVerdict['preflight']['request']>, 'headers'> }
}

/** The CORS-preflight request as Chromium sends it: what the standard says, and what every request of its has. */
export function preflightHeaders({ url, preflight }: PreflightedHop): HeaderLines {
  const said = preflight.request?.headers ?? []
  return withoutRepeats([...said, ['user-agent', USER_AGENT], ...acceptHeaders(url)])
}

/**
 * The actual request as Chromium sends it, without cookies.
 *
 * @param before the hops that led here
 */
export function actualHeaders(request: DirectRequest, hop: HopVerdict, before: readonly HopVerdict[]): HeaderLines {
  const trusted = isTrustworthy(hop.url)
  return withoutRepeats([
    // The script's own come first, and stand in the place of what the browser would say.
    ...hop.headers,
    ['user-agent', USER_AGENT],
    ...(trusted ? CLIENT_HINTS : []),
    ['accept', '*/*'],
    ...(hop.origin === undefined ? [] : [['origin', hop.origin] as const]),
    ...(trusted ? fetchMetadata(request, [...before, hop]) : []),
    ...referer(request.origin, hop.url),
    ...acceptHeaders(hop.url),
  ])
}

function acceptHeaders(url: string): HeaderLines {
  return [
    // Middleboxes garble codings that they don't know.
    ['accept-encoding', isTrustworthy(url) ? 'gzip, deflate, br, zstd' : 'gzip, deflate'],
    ['accept-language', 'en-US,en;q=0.9'],
  ]
}

/** https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header: each URL on the way counts. */
function fetchMetadata({ origin, mode = 'cors', credentials }: DirectRequest, way: readonly HopVerdict[]): HeaderLines {
  const relations = way.map(({ url }) => siteRelation(origin, url))
  const site = ['cross-site', 'same-site'].find((relation) => relations.includes(relation)) ?? 'same-origin'
  return [
    ['sec-fetch-site', site],
    ['sec-fetch-mode', mode],
    ['sec-fetch-dest', 'empty'],
    // https://privacycg.github.io/storage-access-headers/: whoever has no cookies has no access to them.
    ...(site === 'cross-site' && credentials === 'include' ? [['sec-fetch-storage-access', 'none'] as const] : []),
  ]
}

function siteRelation(origin: string, url: string): string {
  const call = new URL(url)
  if (isSameOrigin(origin, call.origin)) return 'same-origin'
  return isSameSite(origin, call, registrableDomain) ? 'same-site' : 'cross-site'
}

/**
 * https://w3c.github.io/webappsec-referrer-policy/#default-referrer-policy, of a page of which only the origin is known.
 * Chromium takes no loopback page over plain http for a secure one here.
 */
function referer(origin: string, url: string): HeaderLines {
  if (!URL.canParse(origin)) return []
  return origin.startsWith('https:') && !isTrustworthy(url) ? [] : [['referer', `${origin}/`]]
}

function isTrustworthy(url: string): boolean {
  return isPotentiallyTrustworthyUrl(new URL(url))
}

/** The first of a name stands. */
function withoutRepeats(lines: HeaderLines): HeaderLines {
  const taken = new Set<string>()
  return lines.filter(([name]) => {
    const key = name.toLowerCase()
    const isFirst = !taken.has(key)
    taken.add(key)
    return isFirst
  })
}
