import { Cookie, cookieCompare, CookieJar } from 'tough-cookie'
import { type CookieLedger, createCookieLedger, type HowSet } from './cookie-ledger'
import { bareHost, isRegistrable, printableName, refusalReason, sharesNothing, toContext } from './cookie-rules'
import { isRecord, privateFileStamp, readPrivateFile, writePrivateFile } from './private-file'

export interface RefusedCookie {
  name: string
  /** Why a browser would not store it, as the second half of a sentence: `its Domain "x" does not cover "y"`. */
  reason: string
}

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

/** https://www.rfc-editor.org/rfc/rfc6265#section-6.1 asks for at least 50 cookies a domain and 3000 in all; Chromium has 180 a site. */
const MAX_COOKIES = 600
/** Of one browser each: test runs and private windows leave theirs behind. */
const MAX_SESSIONS = 50
/** Name and value, as in https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#section-5.6 */
const MAX_COOKIE_BYTES = 4096
const DAY_MS = 24 * 60 * 60 * 1000
/** As above, section 5.5: a cookie lives 400 days at most. */
const MAX_AGE_MS = 400 * DAY_MS
const MAX_FILE_BYTES = 16 * 1024 * 1024
const WRITE_DELAY_MS = 200
const LOOK_INTERVAL_MS = 1000

const FILE_VERSION = 1

/** The cookies of one browser. */
interface SessionJars {
  /** For hosts that share cookies by their domain. */
  shared: CookieJar
  /** By origin: hosts that share with nobody, and what a browser would have refused. */
  own: Map<string, CookieJar>
  usedAt: number
}

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
      const stored = readStored(file)
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
    const stored = readStored(file)
    for (const id of changed) {
      const session = sessions.get(id)
      if (session) stored.sessions.set(id, toStored(session, now()))
      else stored.sessions.delete(id)
    }
    const kept = [...stored.sessions].sort(([, a], [, b]) => a.usedAt - b.usedAt).slice(-MAX_SESSIONS)
    ledger.addEarlier(stored.ledger)
    try {
      writePrivateFile(file, JSON.stringify({ version: FILE_VERSION, sessions: Object.fromEntries(kept), ledger }))
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
      if (!session) return undefined
      const own = liveCookies(session.own.get(url.origin), url, now())
      if (sharesNothing(url)) return serialize(own)
      const ownNames = new Set(own.map((cookie) => cookie.key))
      const shared = liveCookies(session.shared, url, now()).filter((cookie) => !ownNames.has(cookie.key))
      return serialize([...shared, ...own])
    },

    store(id, url, setCookieLines) {
      const refused: RefusedCookie[] = []
      if (setCookieLines.length === 0) return { refused }
      let session = find(id)
      if (!session) {
        const { sessions } = load()
        session = { shared: newSharedJar(), own: new Map(), usedAt: now() }
        sessions.set(id, session)
        for (const [oldest] of sessions) {
          if (sessions.size <= MAX_SESSIONS) break
          sessions.delete(oldest)
          changed.add(oldest)
        }
      }
      for (const line of setCookieLines) {
        const refusal = storeCookie(session, url, line, now())
        if (refusal) refused.push(refusal)
      }
      prune(session, now())
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

// --- One session ----------------------------------------------------------------------------------------------------

/**
 * Loose, since browsers keep cookies without a name. Prefixes are checked here (tough-cookie would drop a cookie without
 * a word), and so are special-use domains: it would let `a.localhost` set cookies for all of `localhost`.
 */
function newSharedJar(): CookieJar {
  return new CookieJar(undefined, { looseMode: true, prefixSecurity: 'unsafe-disabled' })
}

/** For one origin. Whatever gets here is kept. */
function newOwnJar(): CookieJar {
  return new CookieJar(undefined, {
    looseMode: true,
    prefixSecurity: 'unsafe-disabled',
    rejectPublicSuffixes: false,
    enforceSecureOriginOnStorage: false,
  })
}

function storeCookie(session: SessionJars, url: URL, line: string, now: number): RefusedCookie | undefined {
  const cookie = Cookie.parse(line, { loose: true })
  if (!cookie || (cookie.key === '' && cookie.value === '')) {
    return {
      name: printableName(line),
      reason: 'it is no cookie: it has neither name nor value, or a control character',
    }
  }
  if (Buffer.byteLength(cookie.key, 'latin1') + Buffer.byteLength(cookie.value, 'latin1') > MAX_COOKIE_BYTES) {
    return { name: printableName(cookie.key), reason: `name and value are longer than ${MAX_COOKIE_BYTES} bytes` }
  }
  settleExpiry(cookie, now)
  const domain = cookie.domain?.toLowerCase() ?? null
  if (domain !== null && domain === bareHost(url.hostname) && !isRegistrable(domain)) {
    // https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#section-5.7: a public suffix that names
    // itself (`Domain=localhost`, `Domain=10.0.0.1`) means the host alone.
    cookie.domain = null
  }

  const reason = refusalReason(cookie, url, session.shared)
  if (reason === undefined) {
    // The valid one comes in the place of any that had to be kept aside.
    const isolated = sharesNothing(url)
    if (!isolated) forget(session.own.get(url.origin), cookie.key)
    try {
      put(isolated ? ownJar(session, url.origin) : session.shared, cookie, url, now)
      return undefined
    } catch (error) {
      // Every known cause is named above; this one is tough-cookie's own.
      return keepAside(session, url, cookie, now, (error as Error).message)
    }
  }
  return keepAside(session, url, cookie, now, reason)
}

function keepAside(
  session: SessionJars,
  url: URL,
  cookie: Cookie,
  now: number,
  reason: string,
): RefusedCookie | undefined {
  const name = printableName(cookie.key)
  cookie.domain = null
  cookie.hostOnly = null
  // The target is sent it back the way it came, over plain http if need be.
  cookie.secure = false
  put(ownJar(session, url.origin), cookie, url, now)
  // A logout that names the wrong Domain: the cookie it means is gone, and nothing was refused that anyone misses.
  return isExpired(cookie, now) ? undefined : { name, reason }
}

function ownJar(session: SessionJars, origin: string): CookieJar {
  const known = session.own.get(origin)
  if (known) return known
  const jar = newOwnJar()
  session.own.set(origin, jar)
  return jar
}

function put(jar: CookieJar, cookie: Cookie, url: URL, now: number): void {
  jar.setCookieSync(cookie, toContext(url), { now: new Date(now) })
  // tough-cookie keeps an expired cookie until it is asked for.
  if (isExpired(cookie, now)) remove(jar, cookie)
}

function remove(jar: CookieJar, { domain, path, key }: Cookie): void {
  jar.store.removeCookie(domain, path, key, () => {})
}

function forget(jar: CookieJar | undefined, name: string): void {
  if (!jar) return
  for (const cookie of allCookies(jar)) if (cookie.key === name) remove(jar, cookie)
}

/** `Max-Age` becomes a date, since tough-cookie would count it anew from each time the cookie is used. */
function settleExpiry(cookie: Cookie, now: number): void {
  const { maxAge, expires } = cookie
  let at = expires instanceof Date ? expires.getTime() : Infinity
  if (maxAge !== null)
    at = typeof maxAge === 'number' ? (maxAge <= 0 ? 0 : now + maxAge * 1000) : maxAge === 'Infinity' ? Infinity : 0
  cookie.maxAge = null
  // Without a date it is a session cookie; the session here is the browser's, which the dev server does not see the end of.
  cookie.expires = maxAge === null && at === Infinity ? 'Infinity' : new Date(Math.min(at, now + MAX_AGE_MS))
}

function isExpired(cookie: Cookie, now: number): boolean {
  return cookie.expires instanceof Date && !(cookie.expires.getTime() > now)
}

function liveCookies(jar: CookieJar | undefined, url: URL, now: number): Cookie[] {
  if (!jar) return []
  return jar.getCookiesSync(toContext(url), { expire: false }).filter((cookie) => !isExpired(cookie, now))
}

function serialize(cookies: Cookie[]): string | undefined {
  if (cookies.length === 0) return undefined
  return cookies
    .sort(cookieCompare)
    .map((cookie) => cookie.cookieString())
    .join('; ')
}

function allCookies(jar: CookieJar): Cookie[] {
  let cookies: Cookie[] = []
  jar.store.getAllCookies((_error, all) => {
    cookies = all ?? []
  })
  return cookies
}

/** Drops what has expired, then, over the limit, what was used least recently. */
function prune(session: SessionJars, now: number): void {
  const live: { jar: CookieJar; cookie: Cookie }[] = []
  for (const jar of [session.shared, ...session.own.values()]) {
    for (const cookie of allCookies(jar)) {
      if (isExpired(cookie, now)) remove(jar, cookie)
      else live.push({ jar, cookie })
    }
  }
  if (live.length <= MAX_COOKIES) return
  live.sort((a, b) => lastUse(a.cookie) - lastUse(b.cookie))
  for (const { jar, cookie } of live.slice(0, live.length - MAX_COOKIES)) remove(jar, cookie)
}

function lastUse({ lastAccessed }: Cookie): number {
  return lastAccessed instanceof Date ? lastAccessed.getTime() : 0
}

// --- The file -------------------------------------------------------------------------------------------------------

interface StoredSession {
  usedAt: number
  shared: unknown[]
  own: Record<string, unknown[]>
}

interface Stored {
  sessions: Map<string, StoredSession>
  ledger: unknown
}

/** What the file holds, as far as it has the shape it should have: a damaged one costs a login, never the dev server. */
function readStored(file: string): Stored {
  const stored: Stored = { sessions: new Map(), ledger: undefined }
  const text = readPrivateFile(file, MAX_FILE_BYTES)
  if (text === undefined) return stored
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return stored
  }
  if (!isRecord(content) || content['version'] !== FILE_VERSION) return stored
  if (isRecord(content['sessions'])) {
    const sessions = Object.entries(content['sessions']).flatMap(([id, session]) => {
      if (!isRecord(session) || typeof session['usedAt'] !== 'number' || !Array.isArray(session['shared'])) return []
      const own = isRecord(session['own']) ? session['own'] : {}
      const lists = Object.entries(own).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]))
      return [{ id, session: { usedAt: session['usedAt'], shared: session['shared'], own: Object.fromEntries(lists) } }]
    })
    // Least recently used first, as in memory.
    sessions.sort((a, b) => a.session.usedAt - b.session.usedAt)
    for (const { id, session } of sessions.slice(-MAX_SESSIONS)) stored.sessions.set(id, session)
  }
  stored.ledger = content['ledger']
  return stored
}

function fromStored({ usedAt, shared, own }: StoredSession): SessionJars {
  return {
    usedAt,
    shared: fill(newSharedJar(), shared),
    own: new Map(Object.entries(own).map(([origin, cookies]) => [origin, fill(newOwnJar(), cookies)])),
  }
}

function fill(jar: CookieJar, cookies: readonly unknown[]): CookieJar {
  for (const stored of cookies) {
    if (!isRecord(stored)) continue
    const cookie = Cookie.fromJSON(stored)
    if (!cookie || cookie.domain === null || cookie.path === null) continue
    const dates = [cookie.expires, cookie.creation, cookie.lastAccessed]
    // tough-cookie takes any text for a date, and throws when it writes one that is none.
    if (dates.some((date) => date instanceof Date && Number.isNaN(date.getTime()))) continue
    jar.store.putCookie(cookie, () => {})
  }
  return jar
}

function toStored(session: SessionJars, now: number): StoredSession {
  const list = (jar: CookieJar): unknown[] =>
    allCookies(jar)
      .filter((cookie) => !isExpired(cookie, now))
      .map((cookie) => cookie.toJSON())
  const own = [...session.own].map(([origin, jar]) => [origin, list(jar)] as const)
  return {
    usedAt: session.usedAt,
    shared: list(session.shared),
    own: Object.fromEntries(own.filter(([, cookies]) => cookies.length > 0)),
  }
}
