export const HIDDEN = '***'

/** Words that a name has which stands for somebody's right to something. */
const SECRET_WORD =
  /token|secret|passw|api-?key|credential|session|signature|authorization|jwt|[cx]srf|(?:^|[-_.[])(?:key|auth|sid|sig|otp|pin|pwd|hmac)(?:$|[-_.\]])/

/**
 * Of OAuth, OpenID Connect, SAML, CAS, Firebase and others, by which a browser is given its login in a URL; and keys to
 * services which have other names for them.
 */
const SECRET_PARAMETER =
  /^(?:code|state|nonce|ticket|(?:client[-_]?)?assertion|code[-_]?verifier|user[-_]?code|device[-_]?code|oob-?code|saml-?(?:request|response|art)|relay-?state|login|pass|invite|magic|appid|app[-_]?id|wresult)$/

/** @param name of a header or a cookie, in lower case */
export function isSecretName(name: string): boolean {
  return SECRET_WORD.test(name)
}

/** A pair in the query or the fragment of a URL; what ends a sentence is not part of it. */
const PAIR = /([?&#])([^=&#?\s]{1,200})=([^&#\s"'<>]*[^&#\s"'<>.,:;)])/g

/** Text whose URLs tell no secret: `?page=2&access_token=***` */
export function withoutTokens(text: string): string {
  if (!text.includes('=')) return text
  return text.replace(PAIR, (pair, before: string, written: string) => {
    // `apiKey`, `%61pi_key`
    const name = decode(written)
      .replace(/([a-z\d])([A-Z])/g, '$1-$2')
      .toLowerCase()
    return isSecretName(name) || SECRET_PARAMETER.test(name) ? `${before}${written}=${HIDDEN}` : pair
  })
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/** `https://user:pass@api.example.com` → `https://***@api.example.com` */
export function hideCredentials(text: string): string {
  return text.replace(/^(\s*[a-z][a-z0-9+.-]*:[\\/]*)[^/?#\\]*@/i, `$1${HIDDEN}@`)
}
