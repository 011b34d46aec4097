import type { Exchange } from '../exchange/exchange'
import { LOG_PREFIX } from '../options/errors'
import type { Target } from '../targets/target'

export interface Logger {
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

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

export function createTargetLog(logger: Logger, now: () => number): TargetLog {
  const lastSaid = new Map<string, { at: number; folded: number }>()
  const saidOnce = new Set<string>()

  function say(level: keyof Logger, message: string): void {
    const last = lastSaid.get(message)
    if (last && now() - last.at < FOLD_MS) {
      last.folded++
      return
    }
    const again = last?.folded ? ` (and ${last.folded} times more since)` : ''
    if (lastSaid.size >= MOST_REMEMBERED) lastSaid.clear()
    lastSaid.set(message, { at: now(), folded: 0 })
    logger[level](`${LOG_PREFIX} ${message}${again}`)
  }

  return {
    failed({ method, pageUrl, upstreamUrl, failure }) {
      if (!failure || failure.code === 'aborted') return
      say(
        'error',
        `${method} ${withoutQuery(pageUrl)} → ${withoutQuery(upstreamUrl)} failed: ${failure.cause}. ${failure.remedy}`,
      )
    },
    refused(message) {
      say('warn', message)
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
      logger.warn(`${LOG_PREFIX} ${notice}`)
    },
    once(message) {
      if (saidOnce.has(message)) return
      saidOnce.add(message)
      logger.info(`${LOG_PREFIX} ${message}`)
    },
  }
}

/** Queries carry tokens, and a line per search term could never be folded. */
export function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? url
}
