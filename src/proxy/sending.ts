import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Options as HpmOptions, Plugin as HpmPlugin } from 'http-proxy-middleware'
import type { buildConnector, Dispatcher } from 'undici'
import type { Failure, HeaderLines } from '../exchange/exchange'
import type { Target } from '../targets/target'
import type { Call } from './call'
import type { HeaderRecord, RequestRewrite } from './request'

type ProxyServer = Parameters<HpmPlugin>[0]

export interface TransportHooks {
  rewrite: RequestRewrite
  env: NodeJS.ProcessEnv
  /** Connects to targets; where `undefined`, by sockets. */
  connect: buildConnector.connector | undefined
  /** A name was resolved to an address that stands for none. */
  vpnAnswered(): void
  /** Upstream's header lines → the fields the page is given. */
  buildSentHeaders(call: Call, upstream: HeaderLines): HeaderRecord
  /** Tells the page, where it can still be told. */
  answerFailure(call: Call, res: ServerResponse, failure: Failure): void
  /** Targets that answer their own origin and refuse the page's: found out once. */
  strictTargets: WeakSet<Target>
  /** The exchange is over. */
  finished(call: Call): void
}

/** One request, or upgrade, as http-proxy-middleware hands it to the transport. */
export interface Sending {
  req: IncomingMessage
  call: Call
  proxyServer: ProxyServer
  options: HpmOptions
  dispatcher: Dispatcher
  hooks: TransportHooks
}
