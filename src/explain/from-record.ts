import type { Exchange, HeaderLines } from '../exchange/exchange'
import { OPAQUE_ORIGIN, taintsOrigin } from '../standard/origin'
import type { DirectExchange, DirectHop, DirectRequest, DirectResponse, Initiator } from './direct-exchange'
import { addressSpaceOf } from './local-network'
import { type GetHeader, isEventSource, isSetByScript } from './script-headers'

/** One call of a page's, as the dev server recorded it. */
export interface RecordedCall {
  /** What the page asked for; then, in order, what followed the redirects. */
  exchanges: readonly Exchange[]
  /** Serialized origin that the page will have in production. @default the page's own */
  productionOrigin?: string | undefined
  /** For each hop what was answered to the preflight, where somebody has asked. */
  preflights?: readonly (DirectResponse | undefined)[]
}

/**
 * The call as it would have been, had the page called the upstream itself. Of what was recorded only that counts which a
 * direct call would have met with as well.
 *
 * @returns `undefined` for what is no such call: a document, or a request that may not leave the page's origin
 */
export function fromRecord({ exchanges, productionOrigin, preflights = [] }: RecordedCall): DirectExchange | undefined {
  const [first] = exchanges
  const request = first && requestOf(first, productionOrigin ?? first.pageOrigin)
  if (!request) return undefined

  const hops: DirectHop[] = []
  let isTainted = false
  let url = new URL(first.upstreamUrl)
  for (const [index, exchange] of exchanges.entries()) {
    const next = new URL(exchange.upstreamUrl)
    if (index > 0 && taintsOrigin(request.origin, url.origin, next.origin)) isTainted = true
    url = next
    const response = responseTo(exchange, request, isTainted)
    const preflight = preflights[index]
    hops.push({ ...(preflight && { preflight }), ...(response && { response }) })
    // Where the way leads from here is in a response that doesn't count.
    if (!response) break
  }
  return { request, hops }
}

function requestOf(exchange: Exchange, origin: string): DirectRequest | undefined {
  const { upstreamUrl, method, pageHeaders, credentials, forcesPreflight, redirect } = exchange
  const get: GetHeader = (name) => pageHeaders.find(([line]) => line === name)?.[1]
  if (get('upgrade') !== undefined) {
    return { url: upstreamUrl.replace(/^http/, 'ws'), origin, initiator: 'WebSocket', credentials: 'include' }
  }
  const mode = modeOf(get)
  if (mode === undefined) return undefined
  return {
    url: upstreamUrl,
    origin,
    method,
    headers: pageHeaders.filter(([name, value]) => isSetByScript(name, value, get)),
    initiator: initiatorOf(get),
    mode,
    credentials,
    redirect,
    hasUploadListener: forcesPreflight === 'upload-listener',
    hasStreamBody: forcesPreflight === 'stream-body',
    // Where the page will come from nobody knows, nor whether the API at this address is the one that it will call then:
    // the rules for local networks don't decide.
    ...(!tellsAddressSpace(origin) && { addressSpace: 'local' as const }),
  }
}

/** https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-mode-header; over plain http only loopback is told it. */
function modeOf(get: GetHeader): 'cors' | 'no-cors' | undefined {
  const mode = get('sec-fetch-mode')
  if (mode === 'cors' || mode === 'no-cors') return mode
  if (mode !== undefined) return undefined
  const accept = get('accept') ?? ''
  if (accept.startsWith('text/html')) return undefined
  return /^(?:image\/|text\/css)/.test(accept) ? 'no-cors' : 'cors'
}

const INITIATORS: Record<string, Initiator> = {
  audio: 'audio',
  font: 'font',
  image: 'image',
  script: 'script',
  style: 'stylesheet',
  track: 'track',
  video: 'media',
}

/** `XMLHttpRequest` and `fetch()` look alike. */
function initiatorOf(get: GetHeader): Initiator {
  const byDestination = INITIATORS[get('sec-fetch-dest') ?? '']
  return byDestination ?? (isEventSource(get) ? 'EventSource' : 'fetch')
}

function tellsAddressSpace(origin: string): boolean {
  return URL.canParse(origin) && addressSpaceOf(new URL(origin).hostname) !== undefined
}

/** What a server says about an origin it says to whoever names that origin: another one tells nothing. */
function responseTo(exchange: Exchange, request: DirectRequest, isTainted: boolean): DirectResponse | undefined {
  const { upstreamResponse, upstreamUrl, requestHeaders } = exchange
  if (!upstreamResponse) return undefined
  const { origin } = new URL(upstreamUrl)
  const isJudged = originOf(requestHeaders) === (isTainted ? OPAQUE_ORIGIN : request.origin)
  // Then no browser looks at what the server says about origins.
  const isNoCors = request.mode === 'no-cors'
  const isOwn = origin === request.origin && !isTainted
  return isJudged || isNoCors || isOwn ? upstreamResponse : undefined
}

function originOf(headers: HeaderLines): string | undefined {
  return headers.find(([name]) => name === 'origin')?.[1]
}
