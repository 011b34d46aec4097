import { type ExchangeRecord, firstValue } from '../exchange/recorded-exchange'
import { RESERVED_PREFIX } from '../exchange/wire'
import { isRedirectStatus } from '../standard/redirect'

export interface RedirectChains<Link> {
  /** An exchange has ended in a redirect that the browser follows on the dev server. */
  leads(record: ExchangeRecord, link: Link): void
  /** What has led to an exchange, if it is one that follows a redirect. */
  cameFrom(record: ExchangeRecord): Link | undefined
}

/** As long as a redirect to another target can be followed. */
const LIFETIME_MS = 60_000
const MOST_AT_ONCE = 200

/**
 * Which exchanges make up one call. A redirect to another target is known again by its nonce, any other by its address:
 * of two equal ones on their way at the same time it doesn't matter which is which.
 */
export function createRedirectChains<Link>(): RedirectChains<Link> {
  const open = new Map<string, { link: Link; endedAt: number }>()
  const keyOf = (pageOrigin: string, url: string): string => `${pageOrigin} ${withoutBase(url)}`

  return {
    leads(record, link) {
      const url = followedUrl(record)
      if (url === undefined) return
      const { pageOrigin, startedAt, duration = 0 } = record
      const key = keyOf(pageOrigin, url)
      open.delete(key)
      open.set(key, { link, endedAt: startedAt + duration })
      for (const [oldest] of open) {
        if (open.size <= MOST_AT_ONCE) break
        open.delete(oldest)
      }
    },
    cameFrom({ pageOrigin, pageUrl, startedAt }) {
      // Most of the time there are none, and every call asks.
      if (open.size === 0) return undefined
      const key = keyOf(pageOrigin, pageUrl)
      const found = open.get(key)
      if (!found) return undefined
      open.delete(key)
      return startedAt <= found.endedAt + LIFETIME_MS ? found.link : undefined
    },
  }
}

/** Where the browser goes next, as path and query on the dev server. */
function followedUrl({ sentResponse, pageUrl }: ExchangeRecord): string | undefined {
  if (!sentResponse || !isRedirectStatus(sentResponse.status)) return undefined
  const location = firstValue(sentResponse.headers, 'location')
  // A whole URL leads away from here, and so does one without a scheme.
  if (location === undefined || /^(?:[a-z][a-z\d+.-]*:|[\\/]{2})/i.test(location)) return undefined
  const devServer = 'http://dev.server'
  if (!URL.canParse(location, devServer + pageUrl)) return undefined
  const { pathname, search } = new URL(location, devServer + pageUrl)
  return pathname + search
}

/** Some hosts take their base off a URL before they pass it on. */
function withoutBase(url: string): string {
  const reserved = url.indexOf(RESERVED_PREFIX)
  return reserved === -1 ? url : url.slice(reserved)
}
