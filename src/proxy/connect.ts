import dns from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici'
import { classifyAddress, isBeyond, isLoopbackHost, refusesAddress, refusesHost } from '../targets/address'
import { provenanceLabel, reachOf, type Target } from '../targets/target'
import { Connection, type ConnectionOptions } from './connection'
import { Connections } from './connections'
import { UpstreamError } from './errors'
import { onread } from './reading'

/** Milliseconds until a connection must stand. A response may take as long as the API likes. */
const CONNECT_TIMEOUT_MS = 10_000
/** A server that drops idle sockets sooner says so in Keep-Alive; undici listens to it. */
const KEEP_ALIVE_MS = 15_000

/**
 * Resolves names as browsers do and refuses what no name may lead to. The address that was checked is the address that
 * is connected to, so a name that changes its address in between (DNS rebinding) gains nothing.
 */
function createLookup(target: Target, { vpnAnswered }: Pick<DispatcherOptions, 'vpnAnswered'>): LookupFunction {
  const reach = reachOf(target.provenance)
  return (hostname, options, callback) => {
    const answer = (addresses: dns.LookupAddress[]): void => {
      const refused = addresses.find(({ address }) => refusesAddress(hostname, address) !== undefined)
      if (refused) return callback(addressRefused(target, hostname, refused.address), [], undefined)
      const beyond = addresses.find(({ address }) => isBeyond(classifyAddress(address), reach))
      if (beyond) return callback(addressBeyondReach(target, hostname, beyond.address), [], undefined)
      const [first] = addresses
      if (first && classifyAddress(first.address) === 'benchmark') vpnAnswered?.(hostname, first.address)
      if (options.all || !first) callback(null, addresses)
      else callback(null, first.address, first.family)
    }
    // RFC 6761 §6.3: browsers never ask a resolver for these names, and some resolvers don't know them. Servers listen
    // on one family or the other; both are tried.
    if (isLoopbackHost(hostname)) {
      answer([
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ])
      return
    }
    dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) callback(error, [], undefined)
      else answer(addresses)
    })
  }
}

function addressRefused(target: Target, hostname: string, address: string): UpstreamError {
  const { protocol, port } = new URL(target.origin)
  const literal = `${protocol}//${address.includes(':') ? `[${address}]` : address}${port && `:${port}`}`
  return new UpstreamError({
    code: 'address',
    cause: `${hostname} leads to ${address}, an address that only an entry naming it literally may reach`,
    remedy:
      `Correct the host in ${provenanceLabel(target.provenance)}` +
      (refusesHost(address, true) === undefined ? `, or write targets: ['${literal}'] if that is meant.` : '.'),
  })
}

function addressBeyondReach(target: Target, hostname: string, address: string): UpstreamError {
  return new UpstreamError({
    code: 'address',
    cause: `${hostname} leads to ${address}, and what was only found (${provenanceLabel(target.provenance)}) is not let into private networks`,
    remedy: `Write targets: ['${target.origin}'] to name it.`,
  })
}

/** Names that no public DNS answers for: whoever answers for them is on the developer's own network. */
const LOCAL_NAME = /^[^.]+$|\.(?:localhost|local|internal|test|lan|home|home\.arpa|corp|intranet|private)$/

/**
 * Whether a certificate that no authority vouches for is accepted: development servers sign their own. A public name is
 * always verified, also when it leads to a private address, since whoever runs the network decides where it leads.
 */
function acceptsUnverified(target: Target, remoteAddress: string | undefined): boolean {
  if (target.proxy.secure !== undefined) return !target.proxy.secure
  const host = new URL(target.origin).hostname.replace(/^\[|\]$/g, '')
  if (isLoopbackHost(host)) return true
  const kind = remoteAddress === undefined ? 'public' : classifyAddress(remoteAddress)
  if (kind !== 'loopback' && kind !== 'private') return false
  return host === remoteAddress || kind === 'loopback' || LOCAL_NAME.test(host)
}

function createConnector(target: Target, { connected, vpnAnswered }: DispatcherOptions): buildConnector.connector {
  const settings = {
    ...target.proxy.ssl,
    lookup: createLookup(target, { vpnAnswered }),
    // A connector of one's own hears nothing of what the client is told.
    allowH2: false,
    autoSelectFamily: true,
    onread,
    timeout: CONNECT_TIMEOUT_MS,
    // Judged below, when the address is known. Sessions aren't resumed: Node does not look at the name again when one
    // is, so a certificate that was refused for its name would pass the second time.
    rejectUnauthorized: false,
    maxCachedSessions: 0,
  }
  const connect = buildConnector(settings)
  const connectPatiently = buildConnector({ ...settings, autoSelectFamilyAttemptTimeout: CONNECT_TIMEOUT_MS })
  return (options, callback) => {
    const judge: buildConnector.Callback = (...[error, socket]) => {
      if (error) return callback(error, null)
      connected?.(socket.remoteAddress)
      if (options.protocol === 'https:') {
        const { authorized, remoteAddress } = socket as TLSSocket
        if (!authorized && !acceptsUnverified(target, remoteAddress)) {
          const error = certificateError(socket as TLSSocket)
          socket.destroy()
          return callback(error, null)
        }
      }
      callback(null, socket)
    }
    connect(options, (...result) => {
      if (isOutOfPatience(result[0])) connectPatiently(options, judge)
      else judge(...result)
    })
  }
}

/**
 * Node gives each address of a name but the last a quarter of a second. A dev server that compiles meanwhile learns of
 * the time before it learns of the connection, and the last address is often one where nobody listens.
 */
function isOutOfPatience(error: Error | null): boolean {
  // undici makes one error of the attempts if one of them took too long, or if all took as long as it waits.
  const { cause } = error ?? {}
  return cause instanceof AggregateError && (cause.errors as Error[]).some((attempt) => codeOf(attempt) === 'ETIMEDOUT')
}

/** What is wrong with a certificate, in words, with the names on it. */
function certificateError(socket: TLSSocket): Error {
  const { authorizationError } = socket
  // Node gives a code for what OpenSSL found and an error for a name that doesn't match; its types know the second.
  const code = authorizationError instanceof Error ? codeOf(authorizationError) : String(authorizationError)
  const { subject, issuer } = socket.getPeerCertificate()
  const name = `its certificate${subject?.CN ? ` "${String(subject.CN)}"` : ''}`
  const signer = issuer?.CN ? `"${String(issuer.CN)}"` : 'an authority'
  const message = code.startsWith('DEPTH_ZERO_SELF_SIGNED')
    ? `${name} is self-signed`
    : code === 'CERT_HAS_EXPIRED'
      ? `${name} has expired`
      : code === 'ERR_TLS_CERT_ALTNAME_INVALID'
        ? `${name} is made for other names`
        : `${name} is signed by ${signer}, which this machine does not trust (${code})`
  return Object.assign(new Error(message), { code: /^(CERT|ERR)_/.test(code) ? code : `CERT_${code}` })
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.message
}

/**
 * Host of the proxy that the environment names for a target, without the password some of them carry. Loopback and
 * private addresses are reached directly, as in browsers, where `NO_PROXY` says so or not.
 */
export function environmentProxy(target: Target, env: NodeJS.ProcessEnv): string | undefined {
  const { protocol, hostname } = new URL(target.origin)
  if (isLoopbackHost(hostname) || classifyLiteral(hostname) === 'private') return undefined
  const http = env['http_proxy'] ?? env['HTTP_PROXY']
  const proxy = protocol === 'https:' ? (env['https_proxy'] ?? env['HTTPS_PROXY'] ?? http) : http
  return proxy && URL.canParse(proxy) ? new URL(proxy).host : undefined
}

export interface DispatcherOptions {
  /** Bytes of a response's header that are too many. @default 65536 */
  maxHeaderSize?: number
  /** Told for each connection, unless a proxy of the environment stands in between: the address it leads to. */
  connected?(remoteAddress: string | undefined): void
  /** Told when a name leads to 198.18.0.0/15: a VPN tool answers for all names, and where this one leads can't be seen. */
  vpnAnswered?(hostname: string, address: string): void
  /** Connects in the place of sockets. */
  connect?: buildConnector.connector | undefined
}

/** The connections to one target: kept alive, no limit to their number (a page's slow calls must not wait in line). */
export function createDispatcher(
  target: Target,
  env: NodeJS.ProcessEnv,
  { maxHeaderSize = 64 * 1024, connected, vpnAnswered, connect }: DispatcherOptions = {},
): Dispatcher {
  const isProxied = environmentProxy(target, env) !== undefined
  const options: ConnectionOptions = {
    connect: connect ?? createConnector(target, isProxied ? {} : { connected, vpnAnswered }),
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // 300 s for response headers is what browsers wait; an event stream may be silent for as long as it likes.
    headersTimeout: target.proxy.proxyTimeout ?? 300_000,
    bodyTimeout: 0,
    maxHeaderSize,
    allowH2: false,
  }
  if (!isProxied) return new Connections(target.origin, options)
  return new EnvHttpProxyAgent({
    ...options,
    connections: null,
    factory: (origin: string | URL, pooled: Pool.Options) =>
      new Pool(origin, { ...pooled, factory: (url, own) => new Connection(url, own as ConnectionOptions) }),
    requestTls: { ...target.proxy.ssl, rejectUnauthorized: target.proxy.secure !== false },
    // As curl and npm do: http goes to the proxy in absolute form, since many refuse CONNECT to other ports than 443.
    proxyTunnel: false,
  })
}

function classifyLiteral(hostname: string): string | undefined {
  const address = hostname.replace(/^\[|\]$/g, '')
  return /^[\d.]+$|:/.test(address) ? classifyAddress(address) : undefined
}
