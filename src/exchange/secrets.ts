import { HIDDEN, isSecretName, withoutTokens } from '../options/secrets'
import type { HeaderLines } from './exchange'

/** Of the handshake or of CORS: their values name things, and explain what became of the call. */
const NO_SECRET = /^(?:access-control-|sec-)/

/** https://www.iana.org/assignments/http-authschemes, and what else is written in their place. */
const AUTHENTICATION_SCHEME =
  /^(?:apikey|aws4-[a-z0-9-]+|basic|bearer|concealed|digest|dpop|gnap|hawk|hoba|jwt|mutual|negotiate|ntlm|oauth|privatetoken|scram-[a-z0-9-]+|token|vapid)(?= )/i

/**
 * Header lines as they may be shown, stored and exported: of secrets only what kind they are. `Bearer ***`, `sid=***`.
 *
 * @param isInjected whether a line was added behind the page's back: whatever its name, the page was not to see it
 */
export function withoutSecrets(
  lines: HeaderLines,
  isInjected: (name: string, value: string) => boolean = () => false,
): HeaderLines {
  return lines.map(([name, value]) => [name, shown(name, value, isInjected(name, value))])
}

function shown(name: string, value: string, isInjected: boolean): string {
  switch (name) {
    case 'cookie':
      return value.split(/;\s*/).map(withoutPairValue).join('; ')
    case 'set-cookie':
      return withoutCookieValue(value)
    case 'authorization':
    case 'proxy-authorization':
      return withoutCredentials(value)
    default:
      return isInjected || (isSecretName(name) && !NO_SECRET.test(name)) ? HIDDEN : withoutTokens(value)
  }
}

function withoutCredentials(value: string): string {
  const [scheme] = AUTHENTICATION_SCHEME.exec(value) ?? []
  return scheme === undefined ? HIDDEN : `${scheme} ${HIDDEN}`
}

/** `session=abc; Path=/; HttpOnly` → `session=***; Path=/; HttpOnly` */
export function withoutCookieValue(setCookie: string): string {
  const end = setCookie.indexOf(';')
  return end === -1 ? withoutPairValue(setCookie) : withoutPairValue(setCookie.slice(0, end)) + setCookie.slice(end)
}

/** A pair without `=` is a value without a name. */
function withoutPairValue(pair: string): string {
  return pair.slice(0, pair.indexOf('=') + 1) + HIDDEN
}
