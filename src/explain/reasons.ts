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
  | 'BadPort'
  | 'CorpNotSameOrigin'
  | 'CorpNotSameOriginAfterDefaultedToSameOriginByCoep'
  | 'CorpNotSameSite'
  | 'ForbiddenMethod'
  | 'InvalidRedirect'
  | 'MixedContent'
  | 'RedirectModeError'
  | 'RedirectOfStreamBody'
  | 'TooManyRedirects'
  | 'UrlWithCredentials'
