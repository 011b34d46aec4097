import type { ForcesPreflight, RelayKind } from './wire'

/** Field name (lower-case) and value, one entry a line, in the order of the wire. */
export type HeaderLines = readonly (readonly [name: string, value: string])[]

export type FailureCode =
  | 'dns'
  | 'refused'
  | 'unreachable'
  | 'reset'
  | 'tls'
  | 'timeout'
  | 'address'
  | 'invalid-response'
  | 'invalid-request'
  | 'loop'
  | 'body-consumed'
  | 'aborted'
  | 'unknown'

/** Why an upstream gave no answer, or not a whole one. */
export interface Failure {
  code: FailureCode
  /** One sentence for the developer: what is wrong and why. No stack, no secret. */
  cause: string
  /** One sentence: what to do instead. */
  remedy: string
}

/**
 * One call: what the page asked, what the upstream answered, and what the page was given. Of the secrets in its headers
 * only their kind is told: `Bearer ***`, `sid=***`.
 */
export interface Exchange {
  id: number
  /** Milliseconds since the epoch. */
  startedAt: number
  /** Milliseconds from the request's arrival to the end of the response; absent while under way. */
  duration?: number | undefined
  /** The way down: a path route, or the relay with or without credentials. */
  way: 'path' | RelayKind
  /** Serialized origin of the page that called; `null` is an opaque one. */
  pageOrigin: string
  /** The request's credentials mode as far as it can be known from the way it came. */
  credentials: 'include' | 'omit' | 'unknown'
  method: string
  /** What the page called on the dev server: path and query. */
  pageUrl: string
  /** What was called in its stead: an absolute URL. */
  upstreamUrl: string
  /** As the page's browser sent them to the dev server. */
  pageHeaders: HeaderLines
  /** As far as it can be known. */
  forcesPreflight?: ForcesPreflight | undefined
  redirect?: 'manual' | undefined
  /** As sent to the upstream. */
  requestHeaders: HeaderLines
  /** The upstream's own answer, untouched. */
  upstreamResponse?: { status: number; headers: HeaderLines } | undefined
  /** What the page was given. */
  sentResponse?: { status: number; headers: HeaderLines } | undefined
  failure?: Failure | undefined
}
