import { isPotentiallyTrustworthyUrl } from '../standard/mixed-content'
import { isSameOrigin } from '../standard/origin'
import { isSameSite } from '../standard/site'
import type { Journey } from './journey'
import type { CookieVerdict } from './verdict'

/** https://fetch.spec.whatwg.org/#append-a-request-cookie-header, and what browsers add to it for third parties. */
export function judgeCookies({ rules, request }: Pick<Journey, 'rules' | 'request'>, url: URL): CookieVerdict {
  const { credentials, origin, mode, embedderPolicy } = request
  const host = url.host
  const isOwn = isSameOrigin(origin, url.origin)

  if (url.protocol === 'data:') return both('none', 'Nothing is sent: the URL is the answer.')
  if (credentials === 'unknown') {
    return both('unknown', `Whether cookies go along depends on the request's credentials mode, which nobody saw.`)
  }
  if (credentials === 'omit') {
    return both('none', 'No cookies are sent or stored: the credentials mode is omit.')
  }
  if (isOwn) return both('all', `${host} is the page's own origin: its cookies are sent and stored.`)
  if (credentials === 'same-origin') {
    return both(
      'none',
      `No cookies are sent to ${host} or stored: the credentials mode is same-origin, and it is of another origin.`,
    )
  }
  if (mode === 'no-cors' && embedderPolicy === 'credentialless') {
    return both('none', `No cookies are sent to ${host} or stored: the page's embedder policy is credentialless.`)
  }

  const site = isSameSite(origin, url, rules.registrableDomain)
  if (site === undefined) {
    return both(
      'unknown',
      `Whether ${host} is of the page's site takes the public suffix list: if it is, its cookies are sent and stored; if not, only those with SameSite=None; Secure, as long as third-party cookies are not blocked.`,
    )
  }
  if (site) {
    return both(
      'all',
      `${host} is of the page's site, ports aside: its cookies are sent and stored, SameSite=Strict ones too.`,
    )
  }
  // Such cookies have to be Secure, and those go over nothing that others could read.
  if (!isPotentiallyTrustworthyUrl(url)) {
    return both(
      'none',
      `No cookies are sent to ${host} or stored: it is of another site, where only SameSite=None; Secure cookies go, and those not over plain http.`,
    )
  }
  return both(
    'same-site-none-only',
    `${host} is of another site than the page: only cookies with SameSite=None; Secure are sent and stored, and none where the browser blocks third-party cookies, as Safari, Firefox and private windows do.`,
  )
}

function both(cookies: CookieVerdict['sent'], sentence: string): CookieVerdict {
  return { sent: cookies, stored: cookies, sentence }
}
