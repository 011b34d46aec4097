import { hideCredentials, withoutTokens } from './secrets'

/** Stands before everything this package says. */
export const LOG_PREFIX = '[cors-dev]'

/** One mistake in what the developer wrote. */
export interface Issue {
  /** Stable: `CORS_DEV_TARGET`. */
  code: string
  /** The option, and its file where it stands in one: `targets[1].url`, `package.json:12 corsDev.origins[0]`. */
  path: string
  /** What was written. Left out where there is nothing to quote. */
  value?: unknown
  /** Reads on from path and value: what is wrong, a colon, why. `is not an absolute URL: the scheme is missing` */
  why: string
  /** What to do instead, in the imperative: `Write "http://localhost:3000"` */
  instead: string
}

/** Everything that is wrong with the options, gathered before it is thrown. */
export class CorsDevError extends Error {
  /** The code of its issues if they share one, else `CORS_DEV_OPTIONS`. */
  declare readonly code: string
  declare readonly issues: readonly Issue[]

  constructor(issues: readonly Issue[]) {
    super(issues.map(formatIssue).join('\n'))
    this.name = 'CorsDevError'
    const [first] = issues
    const code = first && issues.every((issue) => issue.code === first.code) ? first.code : 'CORS_DEV_OPTIONS'
    // Consoles print an error with its stack and its own enumerable properties. The mistakes are the developer's, so our
    // frames and a second copy of the list would only push them off the screen.
    Object.defineProperties(this, { issues: { value: issues }, code: { value: code } })
    this.stack = `${this.name}: ${this.message}`
  }
}

/** `[cors-dev] targets[1].url "localhost:3000" is not an absolute URL: the scheme is missing. Write "http://…".` */
export function formatIssue({ path, value, why, instead }: Issue): string {
  const subject = value === undefined ? path : `${path} ${showValue(value)}`
  return oneLine(withoutTokens(`${LOG_PREFIX} ${subject} ${withStop(why)} ${withStop(instead)}`))
}

/** What was written may hold anything; one mistake is one line, and none steers the terminal. */
function oneLine(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function withStop(sentence: string): string {
  return sentence.endsWith('.') ? sentence : `${sentence}.`
}

const SHOWN_LENGTH = 120

/** A value as a developer would write it, short and on one line, without the password it may contain. */
export function showValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(shorten(withoutTokens(hideCredentials(value))))
    case 'function':
      return '(a function)'
    case 'bigint':
    case 'symbol':
      return String(value)
    case 'object':
      if (value === null) return 'null'
      // Its content may be secret (headers), and is not what is wrong.
      return Array.isArray(value) ? '(an array)' : '(an object)'
    default:
      return String(value)
  }
}

function shorten(text: string): string {
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text
}
