/**
 * What the two ends of the wire share: the names under the one reserved prefix, and the messages that cross it.
 * The dev server and the runtime in the page both read this file; neither imports the other.
 */

import type { RequestShape } from '../standard/preflight'

export {
  type ForcesPreflight,
  parseRelayPath,
  relayedUrlOf,
  type RelayFlags,
  type RelayKind,
  type RelayPath,
  toRelayPath,
} from '../routes/relay-path'
export type { RequestShape }

/** The one path prefix the dev server keeps for itself. A dev server with a `base` also answers it below that base. */
export const RESERVED_PREFIX = '/__cors-dev/'

/** `GET`: the runtime as a classic script, its configuration included. */
export const CLIENT_SCRIPT = 'client.js'
/** `POST` a {@link RouteQuestion}, get a {@link RouteAnswer}. */
export const DECISION_ENDPOINT = 'decision'
/** `GET ?url=<upstream URL as it is>`: the latest {@link FailureReport} of that URL, or 204. */
export const FAILURE_ENDPOINT = 'failure'
/** Segment before a relay path: `hop/<nonce>/to/https/…`, a redirect that is being followed. */
export const HOP_SEGMENT = 'hop'

/** On a response that the dev server made because the upstream could not answer: the failure's code. */
export const FAILURE_HEADER = 'cors-dev-failure'

/** How calls to an origin travel: through the relay, or directly where a probe has shown that direct works. */
export type RelayMode = 'always' | 'as-needed'

export interface RouteQuestion extends RequestShape {
  /** Absolute URL of the call: `ws` or `wss` for a socket. */
  url: string
  /** Where the page's code makes it: of calls to an origin that the runtime was not told of. */
  calledFrom?: CallStack
}

/** `Error.stack`, as each engine words it. */
export interface CallStack {
  /** As the runtime was installed. */
  runtime: string
  /** As it was called. */
  call: string
}

/** A place in what the browser runs, which is not what the developer wrote. */
export interface CodePlace {
  url: string
  /** 1-based, as is the column. */
  line: number
  column: number
}

export interface RouteAnswer {
  route: 'direct' | 'relay'
}

/** Why a relayed call failed, in words for the developer's console. */
export interface FailureReport {
  code: string
  message: string
}

/** What the dev server tells the runtime when it serves it. */
export interface ClientConfig {
  /** Absolute path of the reserved prefix on the dev server, with `base` before it and a slash at the end. */
  prefix: string
  /** Serialized http(s) origin → how it is reached. `ws` and `wss` calls look up their http(s) twin. */
  relays: Record<string, RelayMode>
  /** Decisions already taken for `as-needed` origins, by {@link decisionKey}. */
  decisions: Record<string, RouteAnswer['route']>
  /**
   * How origins are reached that `relays` does not name, where these may be targets too: the dev server finds them as it
   * transforms modules, after the page has been given this, and learns them from what the page calls. It is asked about
   * each before the first call there.
   */
  others?: 'unknown'
}

/** The key that a decision is cached under, on both ends. */
export function decisionKey(origin: string, shape: RequestShape): string {
  return `${origin} ${shape.method} ${shape.headers} ${shape.credentials} ${shape.forcesPreflight}`
}
