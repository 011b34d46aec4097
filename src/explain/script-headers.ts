import { isForbiddenByChromium, isSafelistedByChromium } from '../standard/chromium'

/** Asks for lower-case names. */
export type GetHeader = (name: string) => string | undefined

/** What browsers add of their own, beside what no script can set. A script that sets it too can't be told from that. */
const ADDED_BY_BROWSERS = new Set([
  'device-memory',
  'downlink',
  'dpr',
  'ect',
  // The HTTP cache asks whether its copy is still good.
  'if-modified-since',
  'if-none-match',
  'if-range',
  'priority',
  'purpose',
  'rtt',
  'save-data',
  'upgrade-insecure-requests',
  'user-agent',
  'viewport-width',
  'width',
])

/**
 * Whether a header that a browser sent is one that the page's script has set, or that its body brought along: of these is
 * made what a browser asks in a preflight.
 */
export function isSetByScript(name: string, value: string, get: GetHeader): boolean {
  if (ADDED_BY_BROWSERS.has(name)) return false
  switch (name) {
    case 'accept':
    case 'accept-language':
      // Every request has them, and no browser says anything in them that it would have to ask for.
      return !isSafelistedByChromium(name, value)
    case 'cache-control':
      // Of reloads, of fetch()'s cache modes and of developer tools that keep the cache out.
      return value !== 'max-age=0' && !(value === 'no-cache' && (get('pragma') === value || isEventSource(get)))
    case 'pragma':
      return value !== 'no-cache'
    case 'last-event-id':
      return !isEventSource(get)
    default:
      return !isForbiddenByChromium(name, value)
  }
}

/** https://html.spec.whatwg.org/#the-eventsource-interface: what its requests say, and hardly any script's. */
export function isEventSource(get: GetHeader): boolean {
  return get('accept') === 'text/event-stream' && get('cache-control') === 'no-cache'
}
