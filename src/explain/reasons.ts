import type { CorpFailure } from '../standard/corp'
import type { CorsCheckFailure } from '../standard/cors-check'
import type { PreflightFailure } from '../standard/preflight'

/** Why a call is stopped: a closed list, named after Chromium's `CorsError` where that has a name for it. */
export type Reason =
  | CorsCheckFailure
  | PreflightFailure
  | 'CorsDisabledScheme'
  | 'DisallowedByMode'
  | 'NoCorsRedirectModeNotFollow'
  | 'RedirectContainsCredentials'
  | 'InsecureLocalNetwork'
  | 'LocalNetworkAccessPermissionDenied'
  // No CorsError, but the page is told just as little.
  | CorpFailure
  | 'BadPort'
  | 'ForbiddenMethod'
  | 'InvalidRedirect'
  | 'InvalidUrl'
  | 'MethodDisallowedByMode'
  | 'MixedContent'
  | 'RedirectModeError'
  | 'RedirectOfStreamBody'
  | 'ResponseHeadersTooBig'
  | 'TooManyRedirects'
  | 'UrlWithCredentials'
  | 'WebSocketHandshakeFailed'

/** What sentences are made of. */
export interface Facts {
  /** Where the call is, without user name and password. */
  url: string
  /** The request's origin, serialized, as it stands there. */
  origin: string
  method: string
  /** Of the answer that it is about. */
  status?: number | undefined
  /** What the answer says. */
  value?: string | undefined
  names?: readonly string[]
  /** Where the redirect leads, without user name and password. */
  location?: string
}

const FETCH = 'https://fetch.spec.whatwg.org/'
const CORS_CHECK = `${FETCH}#cors-check`
const PREFLIGHT = `${FETCH}#cors-preflight-fetch-0`
const REDIRECT = `${FETCH}#http-redirect-fetch`
const MAIN_FETCH = `${FETCH}#main-fetch`
const CORP = `${FETCH}#cross-origin-resource-policy-header`
const LOCAL_NETWORK = 'https://wicg.github.io/local-network-access/#integration-with-fetch'

interface Description {
  /** https URL of the rule. */
  anchor: string
  /** What is wrong, with the values that are. */
  sentence(facts: Facts): string
}

type AccessSentence = (answer: string, facts: Facts) => string

/** Said of either answer: each has its own CORS check. */
const ACCESS: Record<CorsCheckFailure, AccessSentence> = {
  MissingAllowOriginHeader: (answer) => `${answer} has no Access-Control-Allow-Origin.`,
  WildcardOriginNotAllowed: (answer) =>
    `${answer} has Access-Control-Allow-Origin: *, which does not do for a request with credentials.`,
  MultipleAllowOriginValues: (answer, { value }) =>
    `${answer} has several values in Access-Control-Allow-Origin, ${quote(value)}, where one is allowed.`,
  InvalidAllowOriginValue: (answer, { value }) =>
    `${answer} has Access-Control-Allow-Origin: ${quote(value)}, which is no origin.`,
  AllowOriginMismatch: (answer, { value, origin }) =>
    `${answer} has Access-Control-Allow-Origin: ${quote(value)}, and the request's origin is ${quote(origin)}.`,
  InvalidAllowCredentials: (answer, { value }) =>
    `${answer} has ${value ? `Access-Control-Allow-Credentials: ${quote(value)}` : 'no Access-Control-Allow-Credentials'}, which has to be "true" for a request with credentials.`,
}

function access(failure: CorsCheckFailure): Description {
  return { anchor: CORS_CHECK, sentence: (facts) => ACCESS[failure](`The response of ${facts.url}`, facts) }
}

function preflightAccess(failure: CorsCheckFailure): Description {
  return { anchor: PREFLIGHT, sentence: (facts) => ACCESS[failure](`The preflight response of ${facts.url}`, facts) }
}

export const REASONS: Record<Reason, Description> = {
  // In the order of the standard: what a browser refuses before it asks anybody,
  InvalidUrl: {
    anchor: `${FETCH}#dom-request`,
    sentence: ({ url }) => `${quote(url)} is no absolute URL.`,
  },
  UrlWithCredentials: {
    anchor: `${FETCH}#dom-request`,
    sentence: ({ url }) => `The URL has a user name or password, and no page may call such a one: ${url}.`,
  },
  ForbiddenMethod: {
    anchor: `${FETCH}#forbidden-method`,
    sentence: ({ method }) => `No script may use the method ${method}.`,
  },
  MethodDisallowedByMode: {
    anchor: `${FETCH}#dom-request`,
    sentence: ({ method }) => `In no-cors mode a method is GET, HEAD or POST; this one is ${method}.`,
  },
  BadPort: {
    anchor: `${FETCH}#port-blocking`,
    sentence: ({ url }) => `Browsers call no server on the port of ${url}: another protocol lives there.`,
  },
  MixedContent: {
    anchor: 'https://w3c.github.io/webappsec-mixed-content/#should-block-fetch',
    sentence: ({ url }) => `A page that came over https may not call ${url}, which is not secure.`,
  },
  DisallowedByMode: {
    anchor: MAIN_FETCH,
    sentence: ({ url }) => `The request's mode is same-origin, and ${url} is of another origin than the page.`,
  },
  NoCorsRedirectModeNotFollow: {
    anchor: MAIN_FETCH,
    sentence: () => 'In no-cors mode redirects to or from another origin have to be followed.',
  },
  CorsDisabledScheme: {
    anchor: MAIN_FETCH,
    sentence: ({ url, location }) =>
      location === undefined
        ? `Only http and https are called across origins: ${url}.`
        : `${url} redirects to ${quote(location)}, and a redirect leads to http and https only.`,
  },
  InsecureLocalNetwork: {
    anchor: LOCAL_NETWORK,
    sentence: ({ url }) => `A public page that did not come over https may not call ${url} on a local network.`,
  },
  LocalNetworkAccessPermissionDenied: {
    anchor: LOCAL_NETWORK,
    sentence: ({ url }) =>
      `A public page needs the user's permission to call ${url} on a local network, which Chromium asks for since version 142.`,
  },

  // by the preflight's answer,
  PreflightDisallowedRedirect: {
    anchor: PREFLIGHT,
    sentence: ({ url, status, location }) =>
      `${url} answers the preflight with a redirect${location === undefined ? '' : ` to ${location}`} (status ${status}), and no preflight follows one.`,
  },
  PreflightMissingAllowOriginHeader: preflightAccess('MissingAllowOriginHeader'),
  PreflightWildcardOriginNotAllowed: preflightAccess('WildcardOriginNotAllowed'),
  PreflightMultipleAllowOriginValues: preflightAccess('MultipleAllowOriginValues'),
  PreflightInvalidAllowOriginValue: preflightAccess('InvalidAllowOriginValue'),
  PreflightAllowOriginMismatch: preflightAccess('AllowOriginMismatch'),
  PreflightInvalidAllowCredentials: preflightAccess('InvalidAllowCredentials'),
  PreflightInvalidStatus: {
    anchor: PREFLIGHT,
    sentence: ({ url, status }) => `${url} answers the preflight with status ${status}, which is not from 200 to 299.`,
  },
  InvalidAllowMethodsPreflightResponse: {
    anchor: PREFLIGHT,
    sentence: ({ url, value }) =>
      `The preflight response of ${url} has an Access-Control-Allow-Methods that is no list of methods: ${quote(value)}.`,
  },
  InvalidAllowHeadersPreflightResponse: {
    anchor: PREFLIGHT,
    sentence: ({ url, value }) =>
      `The preflight response of ${url} has an Access-Control-Allow-Headers that is no list of names: ${quote(value)}.`,
  },
  MethodDisallowedByPreflightResponse: {
    anchor: PREFLIGHT,
    sentence: ({ url, method }) =>
      `The preflight response of ${url} does not allow the method ${method} in Access-Control-Allow-Methods.`,
  },
  HeaderDisallowedByPreflightResponse: {
    anchor: PREFLIGHT,
    sentence: ({ url, names = [] }) =>
      `The preflight response of ${url} does not allow ${names.join(', ')} in Access-Control-Allow-Headers.`,
  },

  // by the response,
  ResponseHeadersTooBig: {
    anchor: 'https://www.rfc-editor.org/rfc/rfc9110#name-field-limits',
    sentence: ({ url }) => `${url} sends more than 256 KiB of response headers, which browsers give up on.`,
  },
  MissingAllowOriginHeader: access('MissingAllowOriginHeader'),
  WildcardOriginNotAllowed: access('WildcardOriginNotAllowed'),
  MultipleAllowOriginValues: access('MultipleAllowOriginValues'),
  InvalidAllowOriginValue: access('InvalidAllowOriginValue'),
  AllowOriginMismatch: access('AllowOriginMismatch'),
  InvalidAllowCredentials: access('InvalidAllowCredentials'),
  CorpNotSameOrigin: {
    anchor: CORP,
    sentence: ({ url }) => `${url} has Cross-Origin-Resource-Policy: same-origin, and the page is of another origin.`,
  },
  CorpNotSameSite: {
    anchor: CORP,
    sentence: ({ url }) => `${url} has Cross-Origin-Resource-Policy: same-site, and the page is of another site.`,
  },
  CorpNotSameOriginAfterDefaultedToSameOriginByCoep: {
    anchor: CORP,
    sentence: ({ url }) =>
      `The page's Cross-Origin-Embedder-Policy asks for a Cross-Origin-Resource-Policy, and ${url} has none.`,
  },
  WebSocketHandshakeFailed: {
    anchor: 'https://websockets.spec.whatwg.org/#websocket-opening-handshake',
    sentence: ({ url, status }) =>
      `${url} refuses the WebSocket with status ${status}: there the server itself decides by Origin, without CORS.`,
  },

  // and on the way to the next.
  RedirectModeError: {
    anchor: `${FETCH}#concept-http-fetch`,
    sentence: ({ url }) => `${url} redirects, and the request's redirect mode is error.`,
  },
  InvalidRedirect: {
    anchor: REDIRECT,
    sentence: ({ url }) => `${url} redirects to what is no URL.`,
  },
  TooManyRedirects: {
    anchor: REDIRECT,
    sentence: ({ url }) => `More than 20 redirects: ${url} is one too many.`,
  },
  RedirectContainsCredentials: {
    anchor: REDIRECT,
    sentence: ({ url, location }) =>
      `${url} redirects to ${location ?? 'a URL'} with a user name or password, which is not allowed across origins.`,
  },
  RedirectOfStreamBody: {
    anchor: REDIRECT,
    sentence: ({ url }) => `${url} redirects, and a body that is a stream can't be sent a second time.`,
  },
}

const MAX_QUOTED = 120

/** A server's own words may be a megabyte. */
export function quote(value = ''): string {
  return value.length > MAX_QUOTED ? `"${value.slice(0, MAX_QUOTED)}…"` : `"${value}"`
}
