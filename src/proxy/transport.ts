import type { Duplex } from 'node:stream'
import type { Options as HpmOptions, Plugin as HpmPlugin } from 'http-proxy-middleware'
import type { Dispatcher } from 'undici'
import { perCall } from '../exchange/per-call'
import { isLoopbackHost } from '../targets/address'
import type { Target } from '../targets/target'
import { recallCall } from './call'
import { createDispatcher } from './connect'
import { Connections } from './connections'
import { urlOfOrigin } from './origin-url'
import type { TransportHooks } from './sending'
import { upgradeThrough } from './upgrade'
import { sendWeb } from './web-exchange'

export interface Transport {
  /** http-proxy-middleware's way to the targets, taken over: see {@link createTransport}. */
  plugin: HpmPlugin
  /** The connections to a target. */
  dispatcherOf(target: Target): Dispatcher
  /** Has a connection to a target ready before it is needed, where that saves time. */
  connectAhead(target: Target): void
  close(): Promise<void>
}

const DONE = Promise.resolve()

/**
 * Servers on this machine are connected to in no time, and the simplest of them serve nobody else while a connection
 * stands open. With TLS it takes time all the same.
 */
function isAtHand({ origin }: Target): boolean {
  const { protocol, hostname } = urlOfOrigin(origin)
  return protocol === 'http:' && isLoopbackHost(hostname.replace(/^\[|\]$/g, ''))
}

/**
 * The way up to the targets. http-proxy-middleware stays the frame (filters, rewriting, plugins, events); its own
 * transport opens a connection for each HTTP/2 page request, appends error text to broken bodies and dies of one
 * `Trailer` field, so undici's takes its place.
 */
export function createTransport(hooks: TransportHooks): Transport {
  const { env, connect, vpnAnswered } = hooks
  const dispatchers = new Map<Target, Dispatcher>()
  const joined = new Set<Duplex>()

  function dispatcherOf(target: Target): Dispatcher {
    const known = dispatchers.get(target)
    if (known) return known
    const dispatcher = createDispatcher(target, env, { connect, vpnAnswered })
    dispatchers.set(target, dispatcher)
    return dispatcher
  }

  return {
    dispatcherOf,
    connectAhead(target) {
      if (isAtHand(target)) return
      const dispatcher = dispatcherOf(target)
      // Through a proxy of the environment undici opens tunnels when they are needed.
      if (dispatcher instanceof Connections) dispatcher.connectAhead()
    },
    plugin: (proxyServer) => {
      // Upgrades come this way too: on its own way for them http-proxy-middleware meets a filter that declines, and an
      // option that throws, with silence, and a silent socket hangs the page.
      proxyServer.web = (req, res, given) => {
        const call = recallCall(req)
        const dispatcher = dispatcherOf(call.target)
        const options = given as HpmOptions
        if (call.upgrade) {
          upgradeThrough({ req, call, proxyServer, options, dispatcher, hooks, ...call.upgrade, joined })
        } else {
          sendWeb(perCall({ req, res, call, proxyServer, options, dispatcher, hooks }))
        }
        return DONE
      }
    },
    async close() {
      for (const socket of joined) socket.destroy()
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()))
    },
  }
}
