import type { ClientConfig } from '../exchange/wire'
import { watchArrivals } from './arrivals'
import { patchBeacon } from './beacon'
import { createCallStack } from './call-stack'
import { createDecisions } from './decisions'
import { patchElements } from './elements'
import { patchEventSource } from './event-source'
import { watchFailures } from './failures'
import { patchFetch } from './fetch'
import { patchMessageOrigin } from './message-origin'
import { createPatcher } from './patch'
import { patchPerformance } from './performance'
import type { Runtime } from './runtime'
import { patchStyles } from './styles'
import { createDevUrls, type DevUrls } from './to-dev-url'
import { patchWebSocket } from './websocket'
import { patchWindows } from './windows'
import { patchWorkers } from './workers'
import { patchXhr } from './xhr'

export type Uninstall = () => void

/** In an order that leaves the least of them when they are compressed. */
export const PATCHES = [
  patchWebSocket,
  patchMessageOrigin,
  patchWindows,
  patchStyles,
  patchFetch,
  patchWorkers,
  patchXhr,
  patchPerformance,
  patchEventSource,
  patchBeacon,
  patchElements,
]

const INSTALLED = Symbol.for('cors-dev')

/**
 * Makes calls to the configured targets travel through the dev server, in a window or a worker.
 * A second call changes nothing: the page may be given the runtime by its HTML and by its modules.
 *
 * @param devServer - Absolute URL of the dev server, or of anything it served.
 * @returns the way back
 */
export function install(config: ClientConfig, devServer: string, scope = globalThis, patches = PATCHES): Uninstall {
  const marked = scope as typeof scope & { [INSTALLED]?: Uninstall }
  const already = marked[INSTALLED]
  if (already) return already
  // A sandboxed document's origin is opaque: the dev server refuses it, the target may not.
  if (scope.origin === 'null') return () => undefined

  const patcher = createPatcher(scope)
  let urls: DevUrls | undefined
  const uninstall = (): void => {
    urls?.close()
    patcher.undo()
    delete marked[INSTALLED]
  }
  try {
    urls = createDevUrls(config, devServer, scope)
    const { devPrefix } = urls
    const decisions = createDecisions(config, devPrefix, createPost(scope), createCallStack(scope))
    const runtime: Runtime = {
      scope,
      urls,
      patcher,
      decisions,
      explainFailure: watchFailures(scope, devPrefix),
      onArrival: watchArrivals(scope, patcher),
      installIn: (other) => install(config, devPrefix, other),
    }
    for (const patch of patches) patch(runtime)
  } catch (error) {
    // A page that some other tool has left without the platform's own classes is better off as it is.
    uninstall()
    scope.console.warn('[cors-dev] Not installed:', error)
    return uninstall
  }
  marked[INSTALLED] = uninstall
  return uninstall
}

/** How the runtime itself talks to the dev server: with the natives, before the page could change them. */
function createPost(scope: typeof globalThis): Parameters<typeof createDecisions>[2] {
  const { fetch, XMLHttpRequest: Xhr } = scope
  const { open, send } = Xhr?.prototype ?? {}
  return {
    async later(url, body) {
      const response = await fetch.call(scope, url, { method: 'POST', body, credentials: 'include' })
      return response.json()
    },
    now(url, body) {
      const xhr = new Xhr()
      open.call(xhr, 'POST', url, false)
      xhr.withCredentials = true
      send.call(xhr, body)
      return JSON.parse(xhr.responseText)
    },
  }
}
