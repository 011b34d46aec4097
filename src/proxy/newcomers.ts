import type { IncomingMessage } from 'node:http'

export interface Newcomers {
  /** The session for a request that brought none. */
  sessionOf(req: IncomingMessage, pageOrigin: string): string
  /** A browser has shown that it keeps this session: it is given to nobody else. */
  settled(session: string): void
}

/** As long as a page's first calls take to be answered, cookie and all. */
const TOGETHER_MS = 5_000
const MOST_AT_ONCE = 100

/**
 * A page that another server renders has no session yet when its scripts make their first calls, all at once. Were each
 * given its own, the last answer would win and what the others logged in to be lost: they are told by page and browser.
 */
export function createNewcomers(create: () => string, now: () => number): Newcomers {
  const recent = new Map<string, { session: string; until: number }>()

  return {
    sessionOf(req, pageOrigin) {
      const { headers, socket } = req
      // Behind a tunnel all have one address, and the tunnel says whose it was; whoever else runs there must not get the
      // session that the developer's browser is about to get.
      const forwarded = headers['x-forwarded-for'] ?? headers.forwarded
      const told = [headers.host, headers[':authority'], forwarded, headers['user-agent'], headers['accept-language']]
      const key = JSON.stringify([pageOrigin, socket.remoteAddress, ...told])
      const known = recent.get(key)
      if (known && known.until > now()) return known.session
      const session = create()
      if (recent.size >= MOST_AT_ONCE) recent.clear()
      recent.set(key, { session, until: now() + TOGETHER_MS })
      return session
    },
    settled(session) {
      for (const [key, newcomer] of recent) if (newcomer.session === session) recent.delete(key)
    },
  }
}
