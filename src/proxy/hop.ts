import { randomBytes } from 'node:crypto'

/**
 * A redirect from one target to another, which the browser follows on the dev server's origin. The browser cannot know
 * that it crosses origins, so what it would have done is done here.
 */
export interface Hop {
  /** The one origin that this hop may reach. */
  origin: string
  /** https://fetch.spec.whatwg.org/#concept-request-tainted-origin: `Origin` is serialized as `null` from here on. */
  taintsOrigin: boolean
}

export interface Hops {
  issue(hop: Hop): string
  /** `undefined` for a nonce that was never issued, has expired, or was issued for another origin. */
  find(nonce: string, origin: string): Hop | undefined
}

/** Long enough for a browser to follow a redirect with a slow upload, short enough that a copied URL dies. */
const LIFETIME_MS = 60_000
const MOST_AT_ONCE = 10_000

/**
 * A nonce only ever takes rights away (credentials in headers, the origin), so replaying one gains nothing; what it must
 * not do is to be guessed or to be turned to another origin.
 */
export function createHops(now: () => number): Hops {
  const hops = new Map<string, Hop & { expires: number }>()

  return {
    issue(hop) {
      // Insertion order is order of expiry.
      for (const [nonce, { expires }] of hops) {
        if (expires > now() && hops.size < MOST_AT_ONCE) break
        hops.delete(nonce)
      }
      const nonce = randomBytes(16).toString('base64url')
      hops.set(nonce, { ...hop, expires: now() + LIFETIME_MS })
      return nonce
    },
    find(nonce, origin) {
      const hop = hops.get(nonce)
      return hop && hop.expires > now() && hop.origin === origin ? hop : undefined
    },
  }
}
