/** https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin of an opaque origin; never same origin with anything. */
export const OPAQUE_ORIGIN = 'null'

/** `text` if it is a serialized http(s) origin to the byte: no path, no default port, lower case, ASCII. */
export function parseOrigin(text: string): string | undefined {
  if (!text.startsWith('http://') && !text.startsWith('https://')) return undefined
  // `Origin` comes from anyone: an unparsable one must not throw.
  return URL.canParse(text) && new URL(text).origin === text ? text : undefined
}

let lastParsed: { origin: string; url: URL | null } | undefined

/**
 * A serialized origin as a URL; `null` of an opaque one. The last is remembered, since it is a page's, and that is asked
 * about again and again.
 */
export function urlOfOrigin(origin: string): URL | null {
  if (lastParsed?.origin !== origin) lastParsed = { origin, url: URL.parse(origin) }
  return lastParsed.url
}

/** https://html.spec.whatwg.org/#same-origin, for serialized origins. */
export function isSameOrigin(a: string, b: string): boolean {
  return a === b && a !== OPAQUE_ORIGIN
}

/**
 * https://fetch.spec.whatwg.org/#concept-request-tainted-origin, step by step: whether a redirect from a URL of one origin to
 * one of another makes the request's origin serialize as `null` from here on. It takes a stranger to send on to somebody else.
 */
export function taintsOrigin(requestOrigin: string, from: string, to: string): boolean {
  return !isSameOrigin(to, from) && !isSameOrigin(requestOrigin, from)
}
