import type { CorsPolicy } from '../cors/policy'
import type { HeaderLines } from '../exchange/exchange'
import type { Dialect } from '../standard/dialect'
import type { Reason } from './reasons'

export type { Dialect }

/** `unknown`: something that decides was not seen. */
export type Outcome = 'allowed' | 'blocked' | 'unknown'

/** One thing that stops the call. */
export interface Problem {
  reason: Reason
  /** Index of the hop. */
  hop: number
  /** Which of the two answers it is about; `request` where no answer could help. */
  at: 'request' | 'preflight' | 'response'
  /** What is wrong, in one sentence with the values that are. */
  sentence: string
  /** Chromium's console text, to the letter. Absent where Chromium prints none. */
  consoleText?: string
  /** The value that Chromium's message names: a method, a header name, a header value. */
  value?: string
  /** Where a list lacks several names: all of them. */
  names?: readonly string[]
  /** https URL of the rule. */
  anchor: string
}

/** Why a browser asks first. */
export type PreflightCause =
  | { kind: 'method'; method: string }
  | { kind: 'headers'; names: readonly string[] }
  | { kind: 'upload-listener' }
  | { kind: 'stream-body' }

export interface HopVerdict {
  url: string
  /** What `Origin` says here: `null` once a redirect has tainted it; absent where none is sent. */
  origin?: string
  method: string
  /** Of what the script has set, what goes along: no forbidden ones, and none that a redirect has taken away. */
  headers: HeaderLines
  outcome: Outcome
  /** Whether the CORS protocol, or what stands in for it without CORS, decides here: also back on the page's own origin. */
  isCrossOrigin: boolean
  preflight: {
    /** Why the browser asks first; empty where it does not. */
    causes: readonly PreflightCause[]
    /** `unneeded` where there are no causes. */
    result: 'unneeded' | 'passed' | 'failed' | 'unknown'
    /** The preflight that a browser sends, as it would stand on the wire. */
    request?: { method: 'OPTIONS'; headers: readonly (readonly [string, string])[] }
    /** Where its answer leads, absolute; no browser follows. */
    redirectsTo?: string
  }
  /** `unneeded` on the page's own origin and in `no-cors` mode. */
  corsCheck: 'unneeded' | 'passed' | 'failed' | 'unknown'
  /** Where the redirect leads, absolute. */
  redirectsTo?: string
}

/** What stands between `unknown` and an answer. */
export interface Unsettled {
  hop: number
  missing: 'preflight' | 'response' | 'credentials' | 'page-address-space' | 'later-hop'
  /** What would settle it, in one sentence. */
  sentence: string
}

/** What someone has to change, one place each, in the order of the hops. */
export type Fix =
  | {
      kind: 'policy'
      /** Absolute URL whose server has to send it. */
      url: string
      policy: CorsPolicy
      /** Whether shared caches must be told: `Vary: Origin`. */
      varyOrigin: boolean
      /** One line. */
      sentence: string
      /** Where the preflight is redirected to, which no browser follows: if that is where the API is, call it there. */
      callInstead?: string
    }
  | {
      /** A response header of another protocol than CORS. */
      kind: 'header'
      /** Absolute URL whose server has to send it. */
      url: string
      header: readonly [name: string, value: string]
      /** One line. */
      sentence: string
      callInstead?: undefined
    }
  | {
      /** No response header can help: the page or the redirect has to change. */
      kind: 'request' | 'redirect'
      url: string
      /** What to do instead, in one line. */
      sentence: string
      /**
       * Where the page should call instead, if that is all that has to change: with the method and the headers that
       * arrive there now, which are the last hop's.
       */
      callInstead?: string
      header?: undefined
    }

export interface CookieVerdict {
  /**
   * Whether the browser's cookies for the first URL would go along, once nothing stops the call.
   * `same-site-none-only`: of those only the ones that are `SameSite=None; Secure`.
   */
  sent: 'none' | 'all' | 'same-site-none-only' | 'unknown'
  /** The same for what the response sets. */
  stored: 'none' | 'all' | 'same-site-none-only' | 'unknown'
  /** Why, in one sentence; third-party blocking included. */
  sentence: string
}

export interface Verdict {
  dialect: Dialect
  outcome: Outcome
  /** The first thing that stops the call, as a browser reports it. */
  reason?: Reason
  /** Chromium's console text for it. */
  consoleText?: string
  /** All that is wrong, in the order in which a browser would meet it: the first is {@link Verdict.reason}. */
  problems: readonly Problem[]
  hops: readonly HopVerdict[]
  unsettled: readonly Unsettled[]
  /** https://fetch.spec.whatwg.org/#concept-filtered-response; absent unless the call is allowed. */
  response?: {
    type: 'basic' | 'cors' | 'opaque' | 'opaqueredirect'
    /** Names of the response headers that the page could read. */
    readableHeaders: readonly string[]
    /** Names of those that it could not, which only the dev server makes readable. */
    hiddenHeaders: readonly string[]
  }
  cookies: CookieVerdict
  /** What to change so that the call is allowed; empty where it is. */
  fixes: readonly Fix[]
  /** Allowed here and refused by the other dialect, or the reverse: what to know, in one sentence each. */
  remarks: readonly string[]
  /** Where the credentials mode is unknown: the verdict for either. */
  either?: { omit: Verdict; include: Verdict }
}
