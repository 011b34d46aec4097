import { type HeaderReader, trimTabsAndSpaces } from './headers'

/** Why a response fails the CORS check, named after Chromium's `CorsError`. */
export type CorsCheckFailure =
  | 'MissingAllowOriginHeader'
  | 'WildcardOriginNotAllowed'
  | 'MultipleAllowOriginValues'
  | 'InvalidAllowOriginValue'
  | 'AllowOriginMismatch'
  | 'InvalidAllowCredentials'

export type CorsCheckResult = { passes: true } | { passes: false; reason: CorsCheckFailure }

/**
 * https://fetch.spec.whatwg.org/#cors-check
 *
 * @param requestOrigin the request's origin, serialized
 * @param credentials whether the request's credentials mode is `include`
 */
export function corsCheck(requestOrigin: string, credentials: boolean, headers: HeaderReader): CorsCheckResult {
  // 1-2. Let origin be the result of getting `Access-Control-Allow-Origin`. If it is null, return failure.
  const allowed = trim(headers.get('access-control-allow-origin'))
  if (allowed === null) return { passes: false, reason: 'MissingAllowOriginHeader' }

  // 3. If credentials mode is not "include" and origin is `*`, return success.
  if (allowed === '*') {
    return credentials ? { passes: false, reason: 'WildcardOriginNotAllowed' } : { passes: true }
  }

  // 4. If the serialized request origin is not origin, return failure. Byte for byte: two equal lines fail too.
  if (allowed !== requestOrigin) return { passes: false, reason: mismatch(allowed) }

  // 5. If credentials mode is not "include", return success.
  if (!credentials) return { passes: true }

  // 6-7. `Access-Control-Allow-Credentials` must be `true`, case-sensitively.
  if (trim(headers.get('access-control-allow-credentials')) === 'true') return { passes: true }
  return { passes: false, reason: 'InvalidAllowCredentials' }
}

/** No origin is nearly as long: it saves parsing a megabyte of anything. */
const MAX_ORIGIN_LENGTH = 4096

/** The standard knows one failure here; which of them it was is for the developer. */
function mismatch(allowed: string): CorsCheckFailure {
  if (allowed.includes(' ') || allowed.includes(',')) return 'MultipleAllowOriginValues'
  if (allowed === 'null') return 'AllowOriginMismatch'
  if (allowed.length > MAX_ORIGIN_LENGTH) return 'InvalidAllowOriginValue'
  return URL.canParse(decodeUtf8(allowed)) ? 'AllowOriginMismatch' : 'InvalidAllowOriginValue'
}

/** A byte string as the text that URL parsers of browsers take it for. */
function decodeUtf8(bytes: string): string {
  if (!/[\x80-\xff]/.test(bytes)) return bytes
  return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)))
}

function trim(value: string | null): string | null {
  return value === null ? null : trimTabsAndSpaces(value)
}
