import { MAX_SESSIONS, readCookieFile, writeCookieFile } from './cookie-file'
import { type CookieLedger, createCookieLedger, type HowSet } from './cookie-ledger'
import {
  cookieHeader,
  fromStored,
  newSession,
  type RefusedCookie,
  type SessionJars,
  storeCookies,
  toStored,
} from './cookie-session'
import { privateFileStamp } from './private-file'

export interface CookieJars {
  /** What goes up as `Cookie` with a relayed call to this URL. */
  cookieHeader(session: string, url: URL): string | undefined
  /**
   * Keeps what an upstream's answer sets. What a browser would refuse is returned, and still kept for this target alone,
   * so that the page works here; a browser that called directly would go without.
   */
  store(session: string, url: URL, setCookieLines: readonly string[]): { refused: RefusedCookie[] }
  /** Path routes: the target's answer set this cookie in the browser. The name as the target knows it. */
  noteSet(targetOrigin: string, name: string, value: string, how?: HowSet): void
  /** Path routes: whether the target may see this cookie of the browser, as it set one of this name itself. */
  mayForward(targetOrigin: string, name: string, value: string, sharesHost?: boolean): boolean
  /** Path routes: whether the target has set a cookie of this name. */
  hasSet(targetOrigin: string, name: string): boolean
  /** Writes now what would be written in a moment. */
  flush(): void
  close(): void
}

const DAY_MS = 24 * 60 * 60 * 1000
const WRITE_DELAY_MS = 200
const LOOK_INTERVAL_MS = 1000

/**
 * The cookies that upstreams set, kept from the browser: there they would be cookies of `localhost`, sent to every target
 * and to every other project. Held per browser as a browser holds them, over restarts of the dev server too: restarting
 * it is no reason to be logged out.
 */
export function createCookieJars(input: {
  /** Absolute path; made when missing, and its content dropped when it is damaged. */
  file: string
  /** Milliseconds since the epoch. */
  now?: () => number
  /** Told once when the file can't be written; cookies then last as long as the process. */
  onWriteFailure?: (error: Error) => void
}): CookieJars {
  const { file, now = Date.now, onWriteFailure } = input
  /** Least recently used first. */
  let sessions: Map<string, SessionJars> | undefined
  let ledger: CookieLedger | undefined
  /** Sessions that differ from the file; another dev server of the same project may have written the others. */
  const changed = new Set<string>()
  let ledgerChanged = false
  let timer: NodeJS.Timeout | undefined
  let lastWrite = 0
  let loadedStamp: string | undefined
  let nextLook = 0
  let writeFails = false

  // Not read before the first request that needs it: the start of the dev server pays nothing, and a server that
  // restarts in the same process has written by then.
  function load(): { sessions: Map<string, SessionJars>; ledger: CookieLedger } {
    if (!sessions || !ledger || isOutdated()) {
      loadedStamp = privateFileStamp(file)
      const stored = readCookieFile(file)
      sessions = new Map([...stored.sessions].map(([id, session]) => [id, fromStored(session)]))
      ledger = createCookieLedger(stored.ledger)
    }
    return { sessions, ledger }
  }

  /** Another dev server of the project may have logged the same browser in: cookies of `localhost` know no ports. */
  function isOutdated(): boolean {
    if (changed.size > 0 || ledgerChanged || writeFails || now() < nextLook) return false
    nextLook = now() + LOOK_INTERVAL_MS
    return privateFileStamp(file) !== loadedStamp
  }

  function find(id: string): SessionJars | undefined {
    const { sessions } = load()
    const session = sessions.get(id)
    if (session) {
      // To the day: a browser that only reads is in use too, and must not be the one that is forgotten.
      if (now() - session.usedAt > DAY_MS) {
        changed.add(id)
        scheduleWrite()
      }
      session.usedAt = now()
      sessions.delete(id)
      sessions.set(id, session)
    }
    return session
  }

  /** At once, so that a dev server killed right after a login has kept it; what follows soon is written together. */
  function scheduleWrite(): void {
    if (timer || writeFails) return
    const wait = Math.max(0, lastWrite + WRITE_DELAY_MS - now())
    timer = setTimeout(flush, wait)
    timer.unref()
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    lastWrite = now()
    if (!sessions || !ledger || (changed.size === 0 && !ledgerChanged)) return
    // What another dev server of this project has written since stays, save for the browsers that were served here.
    const stampBefore = privateFileStamp(file)
    const stored = readCookieFile(file)
    for (const id of changed) {
      const session = sessions.get(id)
      if (session) stored.sessions.set(id, toStored(session, now()))
      else stored.sessions.delete(id)
    }
    ledger.addEarlier(stored.ledger)
    try {
      writeCookieFile(file, { sessions: stored.sessions, ledger })
      changed.clear()
      ledgerChanged = false
      // What others wrote in between went into the file but not into memory: then the next look reads it.
      if (stampBefore === loadedStamp) loadedStamp = privateFileStamp(file)
    } catch (error) {
      if (!writeFails) onWriteFailure?.(error as Error)
      writeFails = true
    }
  }

  return {
    cookieHeader(id, url) {
      const session = find(id)
      return session && cookieHeader(session, url, now())
    },

    store(id, url, setCookieLines) {
      if (setCookieLines.length === 0) return { refused: [] }
      let session = find(id)
      if (!session) {
        const { sessions } = load()
        session = newSession(now())
        sessions.set(id, session)
        for (const [oldest] of sessions) {
          if (sessions.size <= MAX_SESSIONS) break
          sessions.delete(oldest)
          changed.add(oldest)
        }
      }
      const refused = storeCookies(session, url, setCookieLines, now())
      changed.add(id)
      scheduleWrite()
      return { refused }
    },

    noteSet(targetOrigin, name, value, how) {
      if (!load().ledger.note(targetOrigin, name, value, how)) return
      ledgerChanged = true
      scheduleWrite()
    },

    mayForward: (...cookie) => load().ledger.mayForward(...cookie),
    hasSet: (...cookie) => load().ledger.has(...cookie),

    flush,
    close: flush,
  }
}
