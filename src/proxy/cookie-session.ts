import { Cookie, cookieCompare, CookieJar } from 'tough-cookie'
import { bareHost, isRegistrable, printableName, refusalReason, sharesNothing, toContext } from './cookie-rules'
import { isRecord } from './private-file'

/** https://www.rfc-editor.org/rfc/rfc6265#section-6.1 asks for at least 50 cookies a domain and 3000 in all; Chromium has 180 a site. */
const MAX_COOKIES = 600
/** Name and value, as in https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#section-5.6 */
const MAX_COOKIE_BYTES = 4096
/** As above, section 5.5: a cookie lives 400 days at most. */
const MAX_AGE_MS = 400 * 24 * 60 * 60 * 1000

/** The cookies of one browser. */
export interface SessionJars {
  /** For hosts that share cookies by their domain. */
  shared: CookieJar
  /** By origin: hosts that share with nobody, and what a browser would have refused. */
  own: Map<string, CookieJar>
  usedAt: number
}

export interface RefusedCookie {
  name: string
  /** Why a browser would not store it, as the second half of a sentence: `its Domain "x" does not cover "y"`. */
  reason: string
}

export function newSession(now: number): SessionJars {
  return { shared: newSharedJar(), own: new Map(), usedAt: now }
}

/** What goes up as `Cookie`. */
export function cookieHeader(session: SessionJars, url: URL, now: number): string | undefined {
  const own = liveCookies(session.own.get(url.origin), url, now)
  if (sharesNothing(url)) return serialize(own)
  const ownNames = new Set(own.map((cookie) => cookie.key))
  const shared = liveCookies(session.shared, url, now).filter((cookie) => !ownNames.has(cookie.key))
  return serialize([...shared, ...own])
}

/** Answers what a browser would refuse, which is kept for this target alone. */
export function storeCookies(
  session: SessionJars,
  url: URL,
  setCookieLines: readonly string[],
  now: number,
): RefusedCookie[] {
  const refused = setCookieLines.flatMap((line) => storeCookie(session, url, line, now) ?? [])
  prune(session, now)
  return refused
}

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

/** As it lies in the file. */
export interface StoredSession {
  usedAt: number
  shared: unknown[]
  own: Record<string, unknown[]>
}

export function fromStored({ usedAt, shared, own }: StoredSession): SessionJars {
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

export function toStored(session: SessionJars, now: number): StoredSession {
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
