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
  /** `undefined` for a nonce that was never issued, has made room for others, or was issued for another origin. */
  find(nonce: string, origin: string): FollowedHop | undefined
  /** To be told of each call that is over. */
  followed(hop: FollowedHop): void
}

export interface FollowedHop extends Hop {
  nonce: string
}

const MOST_AT_ONCE = 10_000

/**
 * A nonce only ever takes rights away (credentials in headers, the origin), so replaying one gains nothing; what it must
 * not do is to be guessed or to be turned to another origin. Nor does it end with time: an event stream comes back to
 * where it was led whenever it breaks off, and a video asks there for its next part when somebody plays on.
 */
export function createHops(): Hops {
  const hops = new Map<string, Hop>()

  function add(nonce: string, { origin, taintsOrigin }: Hop): void {
    // The least recent one stands first.
    for (const oldest of hops.keys()) {
      if (hops.size < MOST_AT_ONCE) break
      hops.delete(oldest)
    }
    hops.set(nonce, { origin, taintsOrigin })
  }

  return {
    issue(hop) {
      const nonce = randomBytes(16).toString('base64url')
      add(nonce, hop)
      return nonce
    },
    find(nonce, origin) {
      const hop = hops.get(nonce)
      return hop?.origin === origin ? { ...hop, nonce } : undefined
    },
    followed({ nonce, origin }) {
      hops.delete(nonce)
      // Whoever comes again was not redirected this time.
      add(nonce, { origin, taintsOrigin: false })
    },
  }
}
