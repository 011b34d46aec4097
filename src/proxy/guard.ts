import type { IncomingHttpHeaders } from 'node:http'
import { CLIENT_SCRIPT, RESERVED_PREFIX } from '../exchange/wire'
import { type Advice, IN_PLUGIN } from '../options/advice'
import { isForbiddenMethod } from '../standard/methods'
import { OPAQUE_ORIGIN, parseOrigin } from '../standard/origin'
import { classifyAddress, isLoopbackHost } from '../targets/address'

/** A request or an upgrade, as far as it decides who is asking. */
export interface GuardRequest {
  method: string
  /** Path and query as they came, for the message alone, and to tell the client script. */
  url: string
  headers: IncomingHttpHeaders
  /** `Host`, or `:authority` over HTTP/2. */
  authority: string | undefined
  isEncrypted: boolean
  isUpgrade: boolean
  way: 'path' | 'relay' | 'reserved'
  /** Whether the route adds secrets that the page never saw. */
  injectsHeaders: boolean
  /** Whether a valid session cookie came with it. */
  hasSession: boolean
}

/** As far as it says whom it is meant for. */
export type Addressed = Pick<GuardRequest, 'authority' | 'isEncrypted' | 'isUpgrade' | 'method' | 'url'>

/** What was allowed, once and for all: not to be changed after the first request, since it is compiled then. */
export interface GuardPolicy {
  /** Serialized origins and `loopback`. */
  origins: readonly string[]
  /** Host names; `.example.com` is `example.com` and everything below it. */
  allowedHosts: readonly string[]
  /** What would allow a page. @default the plugin's options */
  advice?: Advice
}

export type RefusalCode =
  | 'host-malformed'
  | 'host-not-allowed'
  | 'method-forbidden'
  | 'destination-refused'
  | 'origin-malformed'
  | 'origin-null'
  | 'origin-not-allowed'
  | 'origin-not-explicit'
  | 'cross-site'
  | 'no-proof'

export interface Admission {
  allowed: true
  /** The dev server's origin as the page's browser sees it. */
  ownOrigin: string
  pageOrigin: string
  /** The page's origin where it is not the dev server's own, so that the answer needs CORS headers. */
  otherOrigin: string | undefined
}

export interface Refusal {
  allowed: false
  status: 400 | 403
  code: RefusalCode
  /** For the terminal: what was refused, why, and what would allow it. */
  message: string
}

/**
 * Who may use a route. One function for requests and upgrades, since a check that one of two code paths forgets is the
 * classic hole of dev proxies.
 *
 * The request must be addressed to this dev server by a name that no stranger's DNS can give it (against DNS rebinding),
 * and must bring one proof that a page of ours sent it: a browser's own statement (`Sec-Fetch-Site`, `Origin`), or, where
 * browsers make none (plain-http names on the LAN), the session cookie.
 */
export function guardRequest(request: GuardRequest, policy: GuardPolicy): Admission | Refusal {
  const compiled = compile(policy)
  const host = admitHost(request, compiled)
  if ('allowed' in host) return host

  const { headers, method } = request
  if (isForbiddenMethod(method)) {
    return refuse(request, 400, 'method-forbidden', [
      `the method ${quote(method)} is forbidden: browsers never send it, and TRACE would show injected headers`,
      'Use another method',
    ])
  }

  if (request.way === 'relay') {
    const destination = single(headers['sec-fetch-dest'])
    if (isRefusedDestination(destination) || headers['service-worker'] !== undefined) {
      return refuse(request, 403, 'destination-refused', [
        `the relay was asked for a ${quote(destination ?? 'serviceworker')}: a remote document or script would run with the rights of the page`,
        'Use a path route: give the target a key such as "/api" in the plugin\'s targets',
      ])
    }
  }

  const site = single(headers['sec-fetch-site'])
  const origin = single(headers.origin)
  if (origin === undefined) {
    if (request.way === 'reserved' && method === 'GET' && isClientScript(request.url)) {
      return admitScript(request, compiled, host, site)
    }
    return site === undefined ? admitSession(request, compiled, host) : admitSite(request, compiled, host, site)
  }

  if (origin === host.same.ownOrigin) return host.same
  // TLS ends before us, at a tunnel or a reverse proxy, and the browser sees the same host with https.
  if (origin === host.httpsInFront?.ownOrigin) return host.httpsInFront
  // A referrer policy of no-referrer turns the Origin of a form's POST into null; the browser still says where it is from.
  if (origin === OPAQUE_ORIGIN && site === 'same-origin') return host.same
  return admitOrigin(request, compiled, host, origin)
}

/** Whether a request is addressed to this dev server by a name that no stranger's DNS can give it. */
export function hasOwnHost(request: Addressed, policy: GuardPolicy): boolean {
  return !('allowed' in admitHost(request, compile(policy)))
}

interface AdmittedHost {
  name: string
  /** Answers that differ from request to request in nothing, built once. */
  same: Admission
  httpsInFront: Admission | undefined
}

/** No Origin, but the browser says from where: same-origin GETs, navigations, and other sites' images and scripts. */
function admitSite(
  request: GuardRequest,
  { advice }: CompiledPolicy,
  host: AdmittedHost,
  site: string,
): Admission | Refusal {
  const own = ownAdmission(request, host)
  if (site === 'same-origin') return own

  const { headers, method } = request
  const isNavigation = (method === 'GET' || method === 'HEAD') && headers['sec-fetch-mode'] === 'navigate'
  // An address that was typed, or a bookmark.
  if (isNavigation && site === 'none') return own
  // An OAuth provider that sends the browser back, a link in an e-mail: what opening the API itself would do. A document
  // of its own, so nothing of it can be read by the page that led here.
  if (isNavigation && request.way === 'path' && headers['sec-fetch-dest'] === 'document' && !request.injectsHeaders) {
    return own
  }

  const from = parseReferrer(headers.referer)
  return refuse(request, 403, 'cross-site', [
    `it comes ${from ? `from a page on ${quote(from)}` : 'from another site'} (Sec-Fetch-Site ${quote(site)}) and carries no Origin: it could be any page the developer opens`,
    `If the page is yours, use fetch or the crossorigin attribute, and ${lowerFirst(allow(advice, from))}`,
  ])
}

/**
 * The client script, asked for by a classic script element, which carries no Origin on any page. It names the targets,
 * so that a foreign page would learn the hosts of an intranet by loading it; pages that another server renders load it
 * by right, and their Referer, which no page can forge, says who they are.
 */
function admitScript(
  request: GuardRequest,
  policy: CompiledPolicy,
  host: AdmittedHost,
  site: string | undefined,
): Admission | Refusal {
  const own = ownAdmission(request, host)
  if (site === 'same-origin') return own
  const from = parseReferrer(request.headers.referer)
  if (from === own.ownOrigin) return own
  if (from !== undefined && from !== OPAQUE_ORIGIN) return admitOrigin(request, policy, host, from)
  // A page that hides its Referer: the site it shares with us is this machine, or has been shown the session's cookie.
  if (site === 'same-site' && policy.countsLoopback && isLoopbackHost(host.name)) return own
  return site === undefined ? admitSession(request, policy, host) : admitSite(request, policy, host, site)
}

/** Neither Origin nor Sec-Fetch-Site: a plain-http name on the LAN, an old browser, or no browser at all. */
function admitSession(request: GuardRequest, policy: CompiledPolicy, host: AdmittedHost): Admission | Refusal {
  const own = ownAdmission(request, host)
  if (request.hasSession) {
    // The cookie proves the site, and ports share a site. A page can leave its Referer out but never forge it.
    const from = parseReferrer(request.headers.referer)
    if (from === own.ownOrigin) return own
    if (from !== undefined) return admitOrigin(request, policy, host, from)
    if (!request.injectsHeaders) return own
  }
  return refuse(request, 403, 'no-proof', [
    `it carries neither Origin nor Sec-Fetch-Site, ${request.hasSession ? 'and no Referer, which a route with injected headers needs' : 'nor the session cookie that comes with the page'}: it could be any page the developer opens`,
    request.hasSession
      ? 'Have the page send its Referer, or open it over https'
      : `Open ${host.same.ownOrigin}/ in this browser first; a script can send the header "Origin: ${host.same.ownOrigin}"`,
  ])
}

function admitOrigin(
  request: GuardRequest,
  policy: CompiledPolicy,
  host: AdmittedHost,
  origin: string,
): Admission | Refusal {
  if (origin === OPAQUE_ORIGIN) {
    return refuse(request, 403, 'origin-null', [
      'the page\'s origin is "null": every sandboxed frame, file and data URL of every site has it',
      'Serve the page over http from an origin of its own, or add allow-same-origin to the sandbox',
    ])
  }
  const ownOrigin = ownAdmission(request, host).ownOrigin
  if (policy.origins.has(origin)) return { allowed: true, ownOrigin, pageOrigin: origin, otherOrigin: origin }
  const isHttp = /^https?:/.test(origin)
  if (isHttp ? parseOrigin(origin) === undefined : !ORIGIN_LIKE.test(origin)) {
    return refuse(request, 400, 'origin-malformed', [
      `the Origin ${quote(origin)} is not a serialized origin: no browser sends it`,
      `Send one origin, such as "${ownOrigin}"`,
    ])
  }
  if (isHttp && isLoopbackHost(new URL(origin).hostname)) {
    if (policy.countsLoopback && !request.injectsHeaders) {
      return { allowed: true, ownOrigin, pageOrigin: origin, otherOrigin: origin }
    }
    if (policy.countsLoopback) {
      return refuse(request, 403, 'origin-not-explicit', [
        `the page's origin ${quote(origin)} is allowed as "loopback" only: this route adds headers that the page never saw, so it needs an entry of its own`,
        allow(policy.advice, origin),
      ])
    }
  }
  return refuse(request, 403, 'origin-not-allowed', [
    `the page's origin ${quote(origin)} is not allowed: any web page the developer opens could use their sessions through the dev server`,
    allow(policy.advice, origin),
  ])
}

/** The own origin, with https where the page's own Referer shows that TLS ends in front of us. */
function ownAdmission(request: GuardRequest, host: AdmittedHost): Admission {
  const { httpsInFront, same } = host
  const { referer } = request.headers
  if (httpsInFront === undefined || referer === undefined) return same
  return referer.startsWith(`${httpsInFront.ownOrigin}/`) ? httpsInFront : same
}

// --- Host -----------------------------------------------------------------------------------------------------------

/** A registered name, an IPv4 address in whatever spelling, or a bracketed IPv6 address; then a port as URLs write it. */
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)(?::([1-9]\d{0,4}))?$/i
const MAX_AUTHORITY = 260
const CANONICAL_IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/
/** What the URL Standard takes for an IPv4 address: a host whose last label is a number, be it octal or hexadecimal. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/
/** Enough for every name that one machine is called by. */
const MAX_ADMITTED_HOSTS = 32

function admitHost(request: Addressed, policy: CompiledPolicy): AdmittedHost | Refusal {
  const { authority, isEncrypted } = request
  const admitted = isEncrypted ? policy.encryptedHosts : policy.plainHosts
  if (authority !== undefined) {
    const known = admitted.get(authority)
    if (known) return known
  }

  const parts = authority !== undefined && authority.length <= MAX_AUTHORITY ? AUTHORITY.exec(authority) : null
  const port = parts?.[2] === undefined ? undefined : Number(parts[2])
  if (!parts?.[1] || (port !== undefined && port > 65535)) {
    return refuse(request, 400, 'host-malformed', [
      `the Host ${quote(authority ?? '')} is not a host with an optional port: no browser sends it`,
      'Call the dev server by its URL',
    ])
  }
  const name = parts[1].toLowerCase()
  const defaultPort = isEncrypted ? 443 : 80
  const origin = `${isEncrypted ? 'https' : 'http'}://${name}${port === undefined || port === defaultPort ? '' : `:${port}`}`

  const rebindable = hostRefusal(name, policy)
  if (rebindable) {
    return refuse(request, 403, 'host-not-allowed', [
      `the Host ${quote(name)} ${rebindable}`,
      rebindable === NOT_A_NAME_OF_OURS
        ? `${allow(policy.advice, origin)} if the dev server has this name`
        : `Open http${isEncrypted ? 's' : ''}://localhost${port === undefined ? '' : `:${port}`} instead`,
    ])
  }

  const host: AdmittedHost = {
    name,
    same: ownOriginAdmission(origin),
    httpsInFront:
      isEncrypted || isLoopbackHost(name)
        ? undefined
        : ownOriginAdmission(`https://${name}${port === undefined || port === 443 ? '' : `:${port}`}`),
  }
  if (admitted.size >= MAX_ADMITTED_HOSTS) admitted.clear()
  if (authority !== undefined) admitted.set(authority, host)
  return host
}

const NOT_A_NAME_OF_OURS =
  "is none of the dev server's names: a stranger's domain can be made to lead here (DNS rebinding)"

/** Why a host is refused; `undefined` when it is one of ours. */
function hostRefusal(name: string, policy: CompiledPolicy): string | undefined {
  if (name.startsWith('[')) {
    const address = name.slice(1, -1)
    if (!URL.canParse(`http://${name}`) || new URL(`http://${name}`).hostname !== name) {
      return 'is an odd spelling of an address: browsers send the canonical one'
    }
    return addressRefusal(address)
  }
  if (ENDS_IN_NUMBER.test(name)) {
    if (!CANONICAL_IPV4.test(name)) return 'is an odd spelling of an address: browsers send the canonical one'
    return addressRefusal(name)
  }
  if (isLoopbackHost(name) || policy.hosts.has(name)) return undefined
  if (policy.hostSuffixes.some((suffix) => name.endsWith(suffix))) return undefined
  return NOT_A_NAME_OF_OURS
}

/** An address can't be rebound: only a page that this very address served has it as its host. */
function addressRefusal(address: string): string | undefined {
  const kind = classifyAddress(address)
  if (kind === 'unspecified') return 'is the unspecified address: pages of any site can reach local servers by it'
  if (kind === 'multicast') return 'is no address of a server'
  return undefined
}

function ownOriginAdmission(ownOrigin: string): Admission {
  return Object.freeze({ allowed: true, ownOrigin, pageOrigin: ownOrigin, otherOrigin: undefined })
}

// --- Policy ---------------------------------------------------------------------------------------------------------

interface CompiledPolicy {
  origins: ReadonlySet<string>
  countsLoopback: boolean
  hosts: ReadonlySet<string>
  /** With their leading dot. */
  hostSuffixes: readonly string[]
  advice: Advice
  /** Authorities that passed, so that no request of an open page parses its Host again. */
  plainHosts: Map<string, AdmittedHost>
  encryptedHosts: Map<string, AdmittedHost>
}

const compiledPolicies = new WeakMap<GuardPolicy, CompiledPolicy>()

function compile(policy: GuardPolicy): CompiledPolicy {
  const known = compiledPolicies.get(policy)
  if (known) return known
  const allowedHosts = policy.allowedHosts.map((host) => host.toLowerCase())
  const origins = policy.origins.filter((origin) => origin !== 'loopback' && origin !== '*' && origin !== OPAQUE_ORIGIN)
  const hosts = new Set(allowedHosts.map((host) => host.replace(/^\./, '')))
  for (const origin of origins) if (URL.canParse(origin)) hosts.add(new URL(origin).hostname)
  hosts.delete('')
  const compiled: CompiledPolicy = {
    origins: new Set(origins),
    countsLoopback: policy.origins.includes('loopback'),
    hosts,
    hostSuffixes: allowedHosts.filter((host) => host.length > 1 && host.startsWith('.')),
    advice: policy.advice ?? IN_PLUGIN,
    plainHosts: new Map(),
    encryptedHosts: new Map(),
  }
  compiledPolicies.set(policy, compiled)
  return compiled
}

// --- Request --------------------------------------------------------------------------------------------------------

/**
 * Destinations whose response stays data. That of any other, also of one that browsers have yet to learn, would become
 * part of the page, or a page, under the dev server's own origin.
 */
const SERVED_DESTINATIONS = new Set(['empty', 'websocket', 'image', 'audio', 'video', 'track', 'font'])

function isRefusedDestination(destination: string | undefined): destination is string {
  return destination !== undefined && !SERVED_DESTINATIONS.has(destination)
}

const CLIENT_SCRIPT_PATH = `${RESERVED_PREFIX}${CLIENT_SCRIPT}`

function isClientScript(url: string): boolean {
  const query = url.indexOf('?')
  return (query === -1 ? url : url.slice(0, query)).endsWith(CLIENT_SCRIPT_PATH)
}

/** Scheme and authority of another scheme than http(s): an extension's or an app's origin can be listed too. */
const ORIGIN_LIKE = /^[a-z][a-z0-9+.-]{0,40}:\/\/[^\s/?#\\@,]{1,300}$/

function parseReferrer(referer: string | undefined): string | undefined {
  if (referer === undefined || !URL.canParse(referer)) return undefined
  const { origin } = new URL(referer)
  return origin
}

/** A header that came once. Repeated ones are joined, and then equal nothing that is trusted. */
function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}

function refuse(
  request: Addressed,
  status: 400 | 403,
  code: RefusalCode,
  [what, instead]: [what: string, instead: string],
): Refusal {
  const path = request.url.split('?', 1)[0] ?? ''
  const verb = request.isUpgrade ? 'upgrade' : printable(request.method)
  return { allowed: false, status, code, message: `${verb} ${printable(path)} was refused, since ${what}. ${instead}.` }
}

/** What would let the pages of an origin call. It may be anything that somebody has sent. */
function allow(advice: Advice, origin: string | undefined): string {
  return advice.origin(origin === undefined ? undefined : printable(origin))
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function quote(value: string): string {
  return `"${printable(value)}"`
}

const MAX_SHOWN = 120

/** What a stranger sent must not steer the developer's terminal. */
function printable(value: string): string {
  const shown = value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value
  return shown.replace(/[^\x20-\x7e…]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
