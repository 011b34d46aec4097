import type { IncomingMessage } from 'node:http'
import { isUnderPrefix } from '../routes/match'
import { isReservedCookie, restoreCookieHeader, rewriteSetCookie } from '../routes/rewrite'
import { type Call, isPageSecure, sharesHost } from './call'
import type { CookieJars } from './cookie-jar'
import { printableName } from './cookie-rules'
import type { Sessions } from './session'
import type { TargetLog } from './target-log'

/** Cookies of path routes, which live in the browser beside those of all projects on the dev server's host. */
export interface PageCookies {
  /** Of a request's cookies what its target may see, under the names that it gave. */
  toSend(req: IncomingMessage, call: Call): string | undefined
  /** What the browser is to store of a target's `Set-Cookie` lines. */
  toSet(call: Call, lines: readonly string[]): string[]
}

/** What a request told of the cookies that its browser has. */
export interface SeenCookies {
  /** Pairs of the target's own. */
  own: readonly string[]
  /** Names of the target's own that are kept aside. */
  aside: readonly string[]
  /** Names that somebody else has set. */
  foreign: readonly string[]
}

/**
 * Directly, a target on another host could neither see nor change the cookies of this one. So it is sent what it set
 * itself, and changes no others: a cookie whose name is taken by somebody else, as `session` is by half of all projects,
 * is kept aside under a name that nobody else uses.
 */
export function createPageCookies({
  jars,
  sessions,
  log,
}: {
  jars: CookieJars
  sessions: Sessions
  log: TargetLog
}): PageCookies {
  /** Whether the browser has a cookie of this name from somebody else; `unknown` where it may have one. */
  function isTaken({ seenCookies, session, exchange }: Call, name: string, path: string | undefined): Taken {
    if (seenCookies?.foreign.includes(name)) return true
    if (seenCookies?.own.some((pair) => pair.startsWith(`${name}=`))) return false
    // Browsers send neither those of other paths nor, where another site leads here, those that are SameSite=Strict.
    const sendsAll = session !== undefined || SAME_SITE.test(String(exchange.pageHeaders['sec-fetch-site']))
    return sendsAll && (!path?.startsWith('/') || isCookiePathOf(path, exchange.pageUrl)) ? false : 'unknown'
  }

  return {
    toSend(req, call) {
      const { target } = call
      if (req.headers.cookie === undefined) return undefined
      const isShared = sharesHost(call)
      // Its browser would send the server that rendered the page all of them.
      const isFromTarget = isShared && call.pageOrigin === target.origin
      const prefix = sessions.asidePrefix(target.origin)
      const own: string[] = []
      const aside: string[] = []
      const foreign: string[] = []
      for (const pair of restoreCookieHeader(req.headers.cookie, { pageIsSecure: isPageSecure(call) }).split(/;\s*/)) {
        const name = nameOf(pair)
        if (pair.startsWith(prefix)) aside.push(pair.slice(prefix.length))
        // The key to the jar is nobody's but ours, and what is kept aside is its target's.
        else if (isReservedCookie(pair)) continue
        else if (isFromTarget) own.push(pair)
        else if (name !== '' && jars.mayForward(target.origin, name, pair.slice(name.length + 1), isShared))
          own.push(pair)
        else foreign.push(name)
      }
      call.seenCookies = { own, aside: aside.map(nameOf), foreign }
      return [...aside, ...own].join('; ') || undefined
    },

    toSet(call, lines) {
      const { target, route } = call
      if (!route) return []
      const context = { pageIsSecure: isPageSecure(call), route }
      return lines.flatMap((line) => {
        // A session planted in the developer's browser is one that somebody else knows.
        if (isReservedCookie(line)) return []
        const [pair = ''] = line.split(';', 1)
        const name = nameOf(pair)
        const isHttpOnly = /;\s*httponly\s*(?:;|=|$)/i.test(line)
        const stored = [rewriteSetCookie(line, context)]
        if (!sharesHost(call)) {
          // Browsers send a cookie without a name as it is: `a=1`, to whoever has set an `a`.
          if (name === '') return []
          const asidePrefix = sessions.asidePrefix(target.origin)
          const path = pathOf(stored[0] ?? '')
          const taken = isTaken(call, name, path)
          const isAside = call.seenCookies?.aside.includes(name) === true
          if (taken === true || (taken === 'unknown' && (isAside || !jars.hasSet(target.origin, name)))) {
            if (taken === true || !isHttpOnly) sayTaken(call, { name, path, isHttpOnly, taken })
            return [rewriteSetCookie(line, { ...context, asidePrefix })]
          }
          // The name is free again.
          if (isAside) stored.push(`${asidePrefix}${name}=; Path=${path ?? ''}; Max-Age=0`)
        }
        const value = pair.slice(pair.indexOf('=') + 1).trim()
        jars.noteSet(target.origin, name, value, { isHttpOnly, replaces: sentValue(call, name) })
        return stored
      })
    },
  }

  function sayTaken(
    { target, ownOrigin }: Call,
    { name, path, isHttpOnly, taken }: { name: string; path: string | undefined; isHttpOnly: boolean; taken: Taken },
  ): void {
    const { hostname } = new URL(ownOrigin)
    const since =
      taken === true
        ? `of which this browser has another one from elsewhere on ${hostname}`
        : `and whether somebody else on ${hostname} has one of that name can't be seen from here (Path ${printableName(path ?? '')})`
    const own =
      hostname === 'localhost' ? `, or open ${ownOrigin.replace('://', '://app.')}, where no one else's are` : ''
    const remedy = isHttpOnly ? '' : ` Page code doesn't find it: delete the other one${own}.`
    log.once(
      `${target.origin} sets the cookie "${printableName(name)}", ${since}: it is kept under another name, for this target alone.${remedy}`,
    )
  }
}

type Taken = boolean | 'unknown'

const SAME_SITE = /^(?:same-origin|same-site|none)$/

function nameOf(pair: string): string {
  return pair.slice(0, Math.max(pair.indexOf('='), 0)).trim()
}

/** The value that went up under this name with the call that is answered. */
function sentValue({ seenCookies }: Call, name: string): string | undefined {
  return seenCookies?.own.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}

/** The last one counts. */
function pathOf(line: string): string | undefined {
  return line
    .split(';')
    .findLast((attribute) => /^\s*path\s*=/i.test(attribute))
    ?.replace(/^[^=]*=/, '')
    .trim()
}

/** https://www.rfc-editor.org/rfc/rfc6265#section-5.1.4 */
function isCookiePathOf(path: string, pathAndQuery: string): boolean {
  return isUnderPrefix(pathAndQuery, path.replace(/\/$/, ''))
}
