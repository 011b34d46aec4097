import { isForbiddenByChromium } from '../standard/chromium'
import { combineHeaders, isForbiddenRequestHeader, isNoCorsSafelistedRequestHeader } from '../standard/headers'
import { isCorsSafelistedMethod, isForbiddenMethod, normalizeMethod } from '../standard/methods'
import { isPotentiallyTrustworthyOrigin } from '../standard/mixed-content'
import { OPAQUE_ORIGIN } from '../standard/origin'
import { includesCredentials, withoutCredentials } from '../standard/redirect'
import type { DirectExchange, DirectRequest } from './direct-exchange'
import { type Journey, type NextRequest, type Place, report } from './journey'
import { isTooBig as areHeadersTooBig } from './response'
import type { Dialect } from './verdict'

/** https://fetch.spec.whatwg.org/#concept-request, as far as CORS goes, after `new Request()` has read what it was given. */
export interface Request {
  /** As given, parsed and serialized, without user name and password. */
  href: string
  /** As Chromium's messages name it: with them, since a browser's console knows no secrets. */
  consoleHref: string
  /** Whether its URL is without them from the start in Chromium: `FetchParameters::SetCrossOriginAccessControl`. */
  losesCredentials: boolean
  origin: string
  method: string
  /** Names in lower case, values normalized, and without those that no script can set. */
  headers: readonly (readonly [name: string, value: string])[]
  initiator: NonNullable<DirectRequest['initiator']>
  mode: NonNullable<DirectRequest['mode']>
  credentials: NonNullable<DirectRequest['credentials']>
  redirect: NonNullable<DirectRequest['redirect']>
  embedderPolicy: NonNullable<DirectRequest['embedderPolicy']>
  addressSpace: DirectRequest['addressSpace']
  hasUploadListener: boolean
  hasStreamBody: boolean
}

/** What is given, read once for both dialects. */
export interface Given {
  exchange: DirectExchange
  url: URL | null
  /** Of the request: names in lower case, values normalized. */
  headers: Request['headers']
  /** Whether there are more of them than servers read: then they are none here, since a page could keep us busy for long. */
  isTooBig: boolean
  /** Whether the dialects may read the request differently. */
  isDialectal: boolean
}

export function read(exchange: DirectExchange): Given {
  const { url, headers = NO_HEADERS, hasUploadListener, hasStreamBody } = exchange.request
  const isTooBig = areHeadersTooBig(headers)
  const lines = isTooBig ? NO_HEADERS : headers.map((line) => normalize(line))
  const parsed = URL.parse(url)
  const hasCredentials = parsed !== null && includesCredentials(parsed)
  const isDialectal = !!hasUploadListener || !!hasStreamBody || hasCredentials || readsByDialect(lines)
  return { exchange, url: parsed, headers: lines, isTooBig, isDialectal }
}

/** https://fetch.spec.whatwg.org/#dom-request */
export function newRequest({ exchange, url, headers }: Given, dialect: Dialect): Request {
  const given = exchange.request
  const initiator = given.initiator ?? 'fetch'
  const isBeacon = initiator === 'sendBeacon'
  const href = url ? withoutCredentials(url).href : given.url
  const losesCredentials = initiator !== 'XMLHttpRequest' && initiator !== 'WebSocket'
  const mode = given.mode ?? (isBeacon && isSimpleBeacon(headers) ? 'no-cors' : 'cors')
  return {
    href,
    consoleHref: losesCredentials ? href : (url?.href ?? href),
    losesCredentials,
    origin: given.origin,
    method: normalizeMethod(given.method ?? (isBeacon ? 'POST' : 'GET')),
    headers: fillHeaders(headers, mode, initiator, dialect),
    initiator,
    mode,
    credentials: credentialsOf(given),
    redirect: given.redirect ?? 'follow',
    embedderPolicy: embedderPolicyOf(given),
    addressSpace: given.addressSpace,
    hasUploadListener: !!given.hasUploadListener && !(dialect === 'chromium' && isWithoutBody(given)),
    hasStreamBody: given.hasStreamBody ?? false,
  }
}

/** What main fetch starts from; nothing where the caller is refused at once: https://fetch.spec.whatwg.org/#dom-request */
export function firstRequest(journey: Journey, url: URL | null): NextRequest | undefined {
  const { request, rules, problems } = journey
  const { href, origin, method, headers, initiator } = request
  const place = { index: 0, href, origin, method }
  const refusals = [() => refuseUrl(journey, place, url), () => refuseMethod(journey, place)]
  // https://xhr.spec.whatwg.org/#the-open()-method looks at the method first.
  if (initiator === 'XMLHttpRequest') refusals.reverse()
  for (const refuse of refusals) refuse()
  if (!url || problems.length > 0) return undefined
  const isBare = rules.dialect === 'chromium' && request.losesCredentials
  return { url: isBare ? withoutCredentials(url) : url, method, headers }
}

function refuseUrl(journey: Journey, place: Place, url: URL | null): void {
  const { request, rules } = journey
  // 5.2. If parsedURL is failure, then throw a TypeError.
  if (!url) return report(journey, place, 'request', 'InvalidUrl')
  // 5.3. If parsedURL includes credentials, then throw a TypeError.
  if (!includesCredentials(url)) return
  if (request.initiator === 'fetch') report(journey, place, 'request', 'UrlWithCredentials')
  else if (rules.dialect === 'chromium' && isBlockedAsCredentialedSubresource(request)) {
    report(journey, place, 'request', 'UrlWithCredentials', { anchor: CREDENTIALED_SUBRESOURCES })
  }
}

function refuseMethod(journey: Journey, place: Place): void {
  const { method, mode } = journey.request
  // 25. If method is not a method or method is a forbidden method, then throw a TypeError.
  if (isForbiddenMethod(method)) report(journey, place, 'request', 'ForbiddenMethod')
  // 32. If this's request's mode is "no-cors" and its method is not a CORS-safelisted method, then throw a TypeError.
  else if (mode === 'no-cors' && !isCorsSafelistedMethod(method)) {
    report(journey, place, 'request', 'MethodDisallowedByMode')
  }
}

const CREDENTIALED_SUBRESOURCES = 'https://chromestatus.com/feature/5669008342777856'

/** `ShouldBlockFetchAsCredentialedSubresource`, of what has not lost them before. */
function isBlockedAsCredentialedSubresource({ initiator, mode }: Request): boolean {
  if (initiator === 'EventSource' || initiator === 'sendBeacon') return true
  return mode === 'no-cors' && (initiator === 'image' || initiator === 'script' || initiator === 'stylesheet')
}

/** Chromium minds nobody who listens to an upload of nothing. */
function isWithoutBody({ method = 'GET' }: DirectRequest): boolean {
  return /^(?:get|head)$/i.test(method)
}

export function credentialsOf({ credentials, initiator }: DirectRequest): Request['credentials'] {
  return credentials ?? (initiator === 'sendBeacon' || initiator === 'WebSocket' ? 'include' : 'same-origin')
}

/** https://html.spec.whatwg.org/#obtain-an-embedder-policy: 1. If environment is a non-secure context, return the default. */
function embedderPolicyOf({ origin, embedderPolicy = 'unsafe-none' }: DirectRequest): Request['embedderPolicy'] {
  if (embedderPolicy === 'unsafe-none') return embedderPolicy
  // Whether the context of an opaque origin is secure its origin doesn't tell.
  return origin === OPAQUE_ORIGIN || isPotentiallyTrustworthyOrigin(origin) ? embedderPolicy : 'unsafe-none'
}

const NO_HEADERS: Request['headers'] = []

function normalize(line: Request['headers'][number]): Request['headers'][number] {
  const name = line[0].toLowerCase()
  const value = normalizeValue(line[1])
  return name === line[0] && value === line[1] ? line : [name, value]
}

/** https://fetch.spec.whatwg.org/#concept-header-value-normalize */
function normalizeValue(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isHttpWhitespace(value.charCodeAt(start))) start++
  while (end > start && isHttpWhitespace(value.charCodeAt(end - 1))) end--
  return start === 0 && end === value.length ? value : value.slice(start, end)
}

function isHttpWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
}

/** https://w3c.github.io/beacon/#sendbeacon-method: only what needs a preflight goes in cors mode. */
function isSimpleBeacon(headers: Request['headers']): boolean {
  return headers.every(([name, value]) => isNoCorsSafelistedRequestHeader(name, value))
}

/** https://fetch.spec.whatwg.org/#concept-headers-fill: what the headers' guard doesn't take is left out, silently. */
function fillHeaders(
  headers: Request['headers'],
  mode: Request['mode'],
  initiator: Request['initiator'],
  dialect: Dialect,
): Request['headers'] {
  if (headers.length === 0) return headers
  const isForbidden = dialect === 'chromium' ? isForbiddenByChromium : isForbiddenRequestHeader
  const allowed = headers.filter(
    ([name, value]) =>
      !isForbidden(name, value) && (mode !== 'no-cors' || isNoCorsSafelistedRequestHeader(name, value)),
  )
  // https://xhr.spec.whatwg.org/#the-setrequestheader()-method combines; Chromium does so everywhere.
  if (initiator !== 'XMLHttpRequest' && dialect !== 'chromium') return allowed
  if (!hasTwins(allowed)) return allowed
  const combined = combineHeaders(allowed)
  // An empty value at the end leaves a space there that Chromium counts for nothing.
  return dialect === 'chromium' ? combined.map((line) => normalize(line)) : combined
}

/** Names that only Chromium safelists, forbids or judges otherwise. */
const DIALECTAL = new Set([
  ...['device-memory', 'downlink', 'dpr', 'ect', 'intervention', 'range', 'rtt', 'save-data', 'user-agent'],
  ...['viewport-width', 'width'],
])

function readsByDialect(headers: Request['headers']): boolean {
  return headers.some(([name]) => DIALECTAL.has(name)) || hasTwins(headers)
}

/** Whether a name comes twice. */
function hasTwins(headers: Request['headers']): boolean {
  return headers.length > 1 && new Set(headers.map(([name]) => name)).size < headers.length
}
