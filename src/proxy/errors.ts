import type { Failure, FailureCode } from '../exchange/exchange'
import { provenanceLabel, type Target } from '../targets/target'

/** Thrown where this package itself finds that the upstream can't be asked, or asked no further. */
export class UpstreamError extends Error {
  readonly failure: Failure

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.cause, options)
    this.failure = failure
  }
}

const CODES: Record<string, FailureCode> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  ENODATA: 'dns',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ENETDOWN: 'unreachable',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  UND_ERR_SOCKET: 'reset',
  // Where the answer said that the connection would end with it, undici finds that it is too short.
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'reset',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  EPROTO: 'tls',
  UND_ERR_PRX_TLS: 'tls',
  UND_ERR_ABORTED: 'aborted',
  // By ourselves, when the dev server ends or restarts.
  UND_ERR_DESTROYED: 'aborted',
  UND_ERR_HEADERS_OVERFLOW: 'invalid-response',
  UND_ERR_INVALID_ARG: 'invalid-request',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'invalid-request',
}

function failureCode(error: Error): FailureCode {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const known = CODES[code]
  if (known) return known
  // llhttp's own codes are left out of some of undici's errors.
  if (code.startsWith('HPE_') || error.name === 'HTTPParserError') {
    return error.message.includes('(Invalid EOF state)') ? 'reset' : 'invalid-response'
  }
  if (/^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA)/.test(code))
    return 'tls'
  // Node tries both address families and reports one error for each.
  if (error instanceof AggregateError) {
    for (const one of error.errors) if (one instanceof Error) return failureCode(one)
  }
  return error.cause instanceof Error ? failureCode(error.cause) : 'unknown'
}

/** Whether the server, or whatever is on the way to it, let go of a connection. */
export function isDroppedConnection(error: Error): boolean {
  return failureCode(error) === 'reset'
}

export function pageWentAway(): Error {
  return Object.assign(new Error('the page went away'), { code: 'UND_ERR_ABORTED' })
}

export function connectionBroke(): Error {
  return Object.assign(new Error('the connection broke'), { code: 'ECONNRESET' })
}

/** Interim responses (1xx) to one request: each puts its time limit off, and a server may send nothing else for ever. */
export const MOST_INTERIM = 10_000

export function tooManyInterim({ origin, provenance }: Target): UpstreamError {
  return new UpstreamError({
    code: 'invalid-response',
    cause: `${new URL(origin).host} sends interim responses (1xx) without end`,
    remedy: `Look into the log of the API, or change ${provenanceLabel(provenance)}.`,
  })
}

/** What an error of the transport means to the developer. */
export function classifyFailure(error: Error, target: Target): Failure {
  if (error instanceof UpstreamError) return error.failure
  const code = failureCode(error)
  const where = provenanceLabel(target.provenance)
  const { hostname, host, protocol } = new URL(target.origin)
  switch (code) {
    case 'dns':
      return {
        code,
        cause: `the name ${hostname} was not found`,
        remedy: `Correct the host in ${where}, or check the network and its VPN.`,
      }
    case 'refused':
      return {
        code,
        cause: `connection refused, nothing listens on ${host}`,
        remedy: `Start the API, or correct its address in ${where}.`,
      }
    case 'unreachable':
      return {
        code,
        cause: `no route leads to ${host}`,
        remedy: `Check the network and its VPN, or correct the address in ${where}.`,
      }
    case 'reset':
      return {
        code,
        cause: `${host} closed the connection before its answer was complete`,
        remedy:
          protocol === 'http:' && isLikelyTls(target)
            ? `Write https instead of http in ${where}, or look into the log of the API.`
            : 'Look into the log of the API.',
      }
    case 'timeout':
      return {
        code,
        cause: `${host} did not answer in time`,
        remedy: `Check that the API is reachable and not stopped at a breakpoint${isCommands(target) ? '' : `; \`proxy.proxyTimeout\` of ${where} sets the limit`}.`,
      }
    case 'tls':
      return { code, cause: `${host} failed the TLS check, ${tlsReason(error)}`, remedy: tlsRemedy(error, target) }
    case 'invalid-response':
      return {
        code,
        cause: `${host} sent no valid HTTP response (${error.message})`,
        remedy: `Check scheme and port in ${where}.`,
      }
    case 'invalid-request':
      return {
        code,
        cause: `the request can't be sent as HTTP (${error.message})`,
        remedy: `Check what \`proxy\` of ${where} makes of it.`,
      }
    case 'aborted':
      return { code, cause: 'the page or the dev server went away', remedy: 'Nothing needs to be done.' }
    default:
      return { code: 'unknown', cause: error.message, remedy: `Check ${where}.` }
  }
}

function isLikelyTls(target: Target): boolean {
  return /:(443|8443)$/.test(target.origin)
}

function tlsReason(error: Error): string {
  const reason = error.cause instanceof Error && !('code' in error) ? error.cause : error
  return reason.message.replace(/[.\s]+$/, '')
}

function tlsRemedy(error: Error, target: Target): string {
  const where = provenanceLabel(target.provenance)
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'CERT_HAS_EXPIRED') return 'Renew the certificate of the API.'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `Use a name that the certificate is made for in ${where}.`
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_'))
    return `Check that the port speaks TLS, or write http instead of https in ${where}.`
  const orElse = isCommands(target) ? 'accept any with --insecure' : `set \`proxy: { secure: false }\` for ${where}`
  return `Point NODE_EXTRA_CA_CERTS at the certificate of its authority, or ${orElse}.`
}

/** A command line has few options. */
function isCommands({ provenance }: Target): boolean {
  return provenance.source === 'command'
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-15.6 */
export function failureStatus(code: FailureCode): number {
  if (code === 'timeout') return 504
  if (code === 'loop') return 508
  if (code === 'invalid-request' || code === 'body-consumed') return 500
  return 502
}
