/** Chromium's console texts, as version 156 prints them. They change between versions. */
import type { CorsCheckFailure } from '../standard/cors-check'
import type { AddressSpace, Initiator } from './direct-exchange'
import type { Reason } from './reasons'

export interface ConsoleFacts {
  initiator: Initiator
  /** Serialized origin of the page. */
  page: string
  /** What was called in the first place. */
  firstUrl: string
  /** Where it failed. */
  url: string
  /** What the message names. */
  value: string | undefined
  status: number | undefined
  addressSpace: AddressSpace | undefined
  netError: string | undefined
}

/** `Resource::ResourceTypeToString` */
const RESOURCE: Record<Initiator, string> = {
  fetch: 'fetch',
  XMLHttpRequest: 'XMLHttpRequest',
  EventSource: 'resource',
  sendBeacon: 'resource',
  WebSocket: 'resource',
  image: 'image',
  media: 'video',
  audio: 'audio',
  track: 'text track',
  font: 'font',
  script: 'script',
  stylesheet: 'CSS stylesheet',
}

/** `RequestContextName` */
const INSECURE: Record<Initiator, string> = {
  fetch: 'resource',
  XMLHttpRequest: 'XMLHttpRequest endpoint',
  EventSource: 'EventSource endpoint',
  sendBeacon: 'Beacon endpoint',
  WebSocket: 'WebSocket endpoint',
  image: 'element',
  media: 'video',
  audio: 'audio file',
  track: 'Text Track',
  font: 'font',
  script: 'script',
  stylesheet: 'stylesheet',
}

const SCHEMES =
  'chrome, chrome-experimental-site-token-provider, chrome-extension, chrome-untrusted, data, http, https, isolated-app'

/** `undefined` where Chromium prints nothing. */
export function consoleText(reason: Reason, facts: ConsoleFacts): string | undefined {
  const { initiator, page, firstUrl, url, value = '', status, addressSpace = 'public' } = facts
  switch (reason) {
    case 'MissingAllowOriginHeader':
    case 'WildcardOriginNotAllowed':
    case 'MultipleAllowOriginValues':
    case 'InvalidAllowOriginValue':
    case 'AllowOriginMismatch':
    case 'InvalidAllowCredentials':
      return blocked(facts, accessText(reason, initiator, value))

    case 'PreflightMissingAllowOriginHeader':
    case 'PreflightWildcardOriginNotAllowed':
    case 'PreflightMultipleAllowOriginValues':
    case 'PreflightInvalidAllowOriginValue':
    case 'PreflightAllowOriginMismatch':
    case 'PreflightInvalidAllowCredentials':
      return preflightBlocked(facts, accessText(reason.slice('Preflight'.length) as CorsCheckFailure, initiator, value))
    case 'PreflightInvalidStatus':
      return preflightBlocked(facts, 'It does not have HTTP ok status.')
    case 'PreflightDisallowedRedirect':
      return preflightBlocked(facts, 'Redirect is not allowed for a preflight request.')

    case 'InvalidAllowMethodsPreflightResponse':
      return blocked(facts, 'Cannot parse Access-Control-Allow-Methods response header field in preflight response.')
    case 'InvalidAllowHeadersPreflightResponse':
      return blocked(facts, 'Cannot parse Access-Control-Allow-Headers response header field in preflight response.')
    case 'MethodDisallowedByPreflightResponse':
      return blocked(facts, `Method ${value} is not allowed by Access-Control-Allow-Methods in preflight response.`)
    case 'HeaderDisallowedByPreflightResponse':
      return blocked(
        facts,
        `Request header field ${value} is not allowed by Access-Control-Allow-Headers in preflight response.`,
      )

    case 'RedirectContainsCredentials':
      return blocked(
        facts,
        "Redirect location '' contains a username and password, which is disallowed for cross-origin requests.",
      )
    case 'CorsDisabledScheme':
      // Of the URL that it is given fetch() says so in words of its own.
      if (url === firstUrl) {
        if (url.startsWith('file:')) return `Not allowed to load local resource: ${url}`
        if (initiator === 'XMLHttpRequest' && url.startsWith('ftp:')) return undefined
        if (initiator === 'fetch')
          return `Fetch API cannot load ${elidedCenter(url)}. URL scheme "${url.slice(0, url.indexOf(':'))}" is not supported.`
      }
      return blocked(facts, `Cross origin requests are only supported for protocol schemes: ${SCHEMES}.`)
    case 'DisallowedByMode':
      if (url !== firstUrl) {
        return `Unsafe attempt to load URL ${url} from frame with URL ${page}/. Domains, protocols and ports must match.\n`
      }
      return `Fetch API cannot load ${elidedCenter(url)}. Request mode is "same-origin" but the URL's origin is not same as the request origin ${page}.`
    case 'NoCorsRedirectModeNotFollow':
      return `Fetch API cannot load ${elidedCenter(url)}. Request mode is "no-cors" but the redirect mode is not "follow".`
    case 'InsecureLocalNetwork':
      if (initiator === 'WebSocket')
        return webSocketFailed(
          url,
          'Error in connection establishment: net::ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS',
        )
      return blocked(
        facts,
        `The request client is not a secure context and the resource is in more-private address space \`${addressSpace}\`.`,
      )
    case 'LocalNetworkAccessPermissionDenied':
      if (initiator === 'WebSocket')
        return webSocketFailed(
          url,
          'Error in connection establishment: net::ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS',
        )
      return blocked(facts, `Permission was denied for this request to access the \`${addressSpace}\` address space.`)
    case 'MixedContent':
      return initiator === 'WebSocket'
        ? `Mixed Content: The page at '${page}/' was loaded over HTTPS, but attempted to connect to the insecure WebSocket endpoint '${elided(url, firstUrl)}'. This request has been blocked; this endpoint must be available over WSS.`
        : `Mixed Content: The page at '${page}/' was loaded over HTTPS, but requested an insecure ${INSECURE[initiator]} '${elided(url, firstUrl)}'. This request has been blocked; the content must be served over HTTPS.`
    case 'WebSocketHandshakeFailed':
      return webSocketFailed(url, `Error during WebSocket handshake: Unexpected response code: ${status}`)

    case 'BadPort':
      return 'Failed to load resource: net::ERR_UNSAFE_PORT'
    case 'InvalidRedirect':
      return `Failed to load resource: ${facts.netError ?? 'net::ERR_INVALID_REDIRECT'}`
    case 'ResponseHeadersTooBig':
      return 'Failed to load resource: net::ERR_RESPONSE_HEADERS_TOO_BIG'
    case 'TooManyRedirects':
      return 'Failed to load resource: net::ERR_TOO_MANY_REDIRECTS'
    case 'RedirectModeError':
      return 'Failed to load resource: net::ERR_FAILED'
    case 'RedirectOfStreamBody':
      return 'Failed to load resource: net::ERR_INVALID_ARGUMENT'
    case 'CorpNotSameOrigin':
      return 'Failed to load resource: net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin'
    case 'CorpNotSameSite':
      return 'Failed to load resource: net::ERR_BLOCKED_BY_RESPONSE.NotSameSite'
    case 'CorpNotSameOriginAfterDefaultedToSameOriginByCoep':
      return 'Failed to load resource: net::ERR_BLOCKED_BY_RESPONSE.NotSameOriginAfterDefaultedToSameOriginByCoep'

    // What is thrown at the caller says it.
    case 'InvalidUrl':
    case 'UrlWithCredentials':
    case 'ForbiddenMethod':
    case 'MethodDisallowedByMode':
      return undefined
  }
}

/** `KURL::ElidedString`. The URL that is called has lost its fragment by then, one that a redirect leads to has not. */
function elided(url: string, firstUrl: string): string {
  return elidedCenter(url === firstUrl ? url.replace(/#.*$/s, '') : url)
}

function elidedCenter(url: string): string {
  return url.length <= 1024 ? url : `${url.slice(0, 511)}...${url.slice(-510)}`
}

/** What a header says, with all but printable ASCII escaped. */
function escaped(value: string): string {
  if (!/[^\x20-\x7e]/.test(value)) return value
  return value.replace(
    /[^\x20-\x7e]/g,
    (byte) => `\\u${byte.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  )
}

function webSocketFailed(url: string, why: string): string {
  return `WebSocket connection to '${url}' failed: ${why}`
}

function blocked({ initiator, page, firstUrl, url }: ConsoleFacts, why: string): string {
  const redirected = url === firstUrl ? '' : ` (redirected from '${firstUrl}')`
  return `Access to ${RESOURCE[initiator]} at '${url}'${redirected} from origin '${page}' has been blocked by CORS policy: ${why}`
}

function preflightBlocked(facts: ConsoleFacts, why: string): string {
  return blocked(facts, `Response to preflight request doesn't pass access control check: ${why}`)
}

function accessText(failure: CorsCheckFailure, initiator: Initiator, value: string): string {
  const hint = initiator === 'fetch' ? ' Have the server send the header with a valid value.' : ''
  const said = escaped(value)
  const xhr =
    initiator === 'XMLHttpRequest'
      ? ' The credentials mode of requests initiated by the XMLHttpRequest is controlled by the withCredentials attribute.'
      : ''
  switch (failure) {
    case 'MissingAllowOriginHeader':
      return "No 'Access-Control-Allow-Origin' header is present on the requested resource."
    case 'WildcardOriginNotAllowed':
      return `The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the request's credentials mode is 'include'.${xhr}`
    case 'MultipleAllowOriginValues':
      return `The 'Access-Control-Allow-Origin' header contains multiple values '${said}', but only one is allowed.${hint}`
    case 'InvalidAllowOriginValue':
      return `The 'Access-Control-Allow-Origin' header contains the invalid value '${said}'.${hint}`
    case 'AllowOriginMismatch':
      return `The 'Access-Control-Allow-Origin' header has a value '${said}' that is not equal to the supplied origin.${hint}`
    case 'InvalidAllowCredentials':
      return `The value of the 'Access-Control-Allow-Credentials' header in the response is '${said}' which must be 'true' when the request's credentials mode is 'include'.${xhr}`
  }
}
