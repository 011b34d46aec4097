import type { HeaderReader } from './headers'

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

/** The standard knows one failure here; which of them it was is for the developer. */
function mismatch(allowed: string): CorsCheckFailure {
  if (/[ ,]/.test(allowed)) return 'MultipleAllowOriginValues'
  return allowed === 'null' || URL.canParse(allowed) ? 'AllowOriginMismatch' : 'InvalidAllowOriginValue'
}

function trim(value: string | null): string | null {
  return value === null ? null : value.replace(/^[\t ]+|[\t ]+$/g, '')
}
