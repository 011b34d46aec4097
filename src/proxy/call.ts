import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ExchangeRecord } from '../exchange/recorded-exchange'
import type { PathRoute } from '../routes/table'
import type { Target } from '../targets/target'
import type { FollowedHop } from './hop'
import { urlOfOrigin } from './origin-url'
import type { SeenCookies } from './page-cookies'

/** One request on its way down: what the guard and the table found out about it, read by everything after them. */
export interface Call {
  exchange: ExchangeRecord
  target: Target
  /** The path route it came by; `undefined` on the relay. */
  route: PathRoute | undefined
  /** Serialized origin of the page. */
  pageOrigin: string
  /** Serialized origin of the dev server, as this page's browser sees it. */
  ownOrigin: string
  /** The page's where it is an allowed other origin than the dev server's, which then wants CORS headers. */
  otherOrigin: string | undefined
  /** Key of this browser's cookies in the jar; `undefined` before it was given one. */
  session: string | undefined
  /** On a path route: what `Cookie` told. */
  seenCookies?: SeenCookies
  /** The redirect from another target that led here. */
  hop: FollowedHop | undefined
  /** The page's socket, and what came behind the head, where this is an upgrade. */
  upgrade: { socket: Duplex; head: Buffer } | undefined
  /** Whether the browser said what it fetches for, so that the guard could judge by it. */
  tellsDestination: boolean
  /** Whether a person will look at the answer: a document that fails wants a page, not JSON. */
  isNavigation: boolean
  /** Whether `Origin` names the target itself although the page's would be sent: the target refuses strangers. */
  insistsOnOwnOrigin: boolean
}

const CALL = Symbol('unplugin-cors-dev call')

/**
 * http-proxy-middleware hands the request on and nothing else, so the request carries what is known about it. In a
 * WeakMap every call would outlive its request until the next major garbage collection, which at thousands of calls a
 * second takes a tenth of the time.
 */
type Carrier = IncomingMessage & { [CALL]?: Call }

export function rememberCall(req: IncomingMessage, call: Call): void {
  ;(req as Carrier)[CALL] = call
}

export function recallCall(req: IncomingMessage): Call {
  const call = (req as Carrier)[CALL]
  if (!call) throw new Error('A request reached the transport without passing the guard')
  return call
}

export function isPageSecure(call: Call): boolean {
  return call.pageOrigin.startsWith('https:')
}

/** Whether browsers that call the target directly would send it the cookies of the page's host. */
export function sharesHost({ ownOrigin, target }: Call): boolean {
  return urlOfOrigin(ownOrigin).hostname === urlOfOrigin(target.origin).hostname
}
