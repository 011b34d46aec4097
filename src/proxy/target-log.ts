import type { Exchange } from '../exchange/exchange'
import { printable, withoutQuery } from '../exchange/printable'
import { LOG_PREFIX } from '../options/errors'
import { withoutTokens } from '../options/secrets'
import type { Target } from '../targets/target'

export { withoutQuery }

export interface Logger {
  info(message: string): void
  warn(message: string): void
  error(message: string): void
  /** Does ahead what the first line would wait for. */
  prepare?(): void
}

type Level = 'info' | 'warn' | 'error'

/** What the terminal says about targets and those who call them: one line each, repeats folded. */
export interface TargetLog {
  failed(exchange: Exchange): void
  refused(message: string): void
  cookieRefused(target: Target, name: string, reason: string): void
  /** An API asked the page to log in: logins that the browser already has for it can't be sent along. */
  unauthorized(exchange: Exchange): void
  /** A call works here and will not work there. Said once: whoever says it counts. */
  blocked(notice: string): void
  /** Says something about a target once in the life of the dev server. */
  once(message: string): void
}

/** A page that polls a dead API says the same thing every second: it is said once, then counted. */
const FOLD_MS = 10_000
const MOST_REMEMBERED = 200
const MOST_SAID_ONCE = 500
const MOST_REFUSALS = 200
const TOO_MANY_REFUSALS = `more requests were refused than can be read here: the rest of these ${FOLD_MS / 1000} s is left out.`

export function createTargetLog(logger: Logger, now: () => number): TargetLog {
  const lastSaid = new Map<string, { at: number; folded: number }>()
  const saidOnce = new Set<string>()
  let refusals = { since: 0, count: 0 }

  function write(level: Level, message: string): void {
    logger[level](`${LOG_PREFIX} ${printable(withoutTokens(message))}`)
  }

  function say(level: Level, message: string): void {
    const last = lastSaid.get(message)
    if (last && now() - last.at < FOLD_MS) {
      last.folded++
      return
    }
    const again = last?.folded ? ` (and ${last.folded} times more since)` : ''
    if (lastSaid.size >= MOST_REMEMBERED) lastSaid.clear()
    lastSaid.set(message, { at: now(), folded: 0 })
    write(level, message + again)
  }

  return {
    failed({ method, way, pageUrl, upstreamUrl, failure }) {
      if (!failure || failure.code === 'aborted') return
      // What goes through the relay has in the page's code the upstream's own URL.
      const from = way === 'path' ? `${withoutQuery(pageUrl)} → ` : ''
      say('error', `${method} ${from}${withoutQuery(upstreamUrl)} failed: ${failure.cause}. ${failure.remedy}`)
    },
    refused(message) {
      // A foreign page that asks for a thousand paths a second must not fill the terminal.
      if (now() - refusals.since >= FOLD_MS) refusals = { since: now(), count: 0 }
      if (refusals.count++ < MOST_REFUSALS) say('warn', message)
      else if (refusals.count === MOST_REFUSALS + 1) write('warn', TOO_MANY_REFUSALS)
    },
    cookieRefused(target, name, reason) {
      this.once(
        `${target.origin} set the cookie "${name}", which browsers refuse: ${reason}. It is kept for this target alone; in production it would be lost`,
      )
    },
    unauthorized({ upstreamUrl }) {
      const { origin } = new URL(upstreamUrl)
      this.once(
        `${origin} answered 401: logins that this browser already has for it (cookies, single sign-on, client certificates) don't reach the relay. Log in through the page.`,
      )
    },
    blocked(notice) {
      // Has several lines, each of them printable.
      logger.warn(`${LOG_PREFIX} ${notice}`)
    },
    once(message) {
      // What it is about may come from an upstream: names of cookies without end.
      if (saidOnce.has(message) || saidOnce.size >= MOST_SAID_ONCE) return
      saidOnce.add(message)
      write('info', message)
    },
  }
}
