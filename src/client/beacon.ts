import { relayedUrl } from './relayed-url'
import type { Runtime } from './runtime'

/** Beacons always carry credentials, and nobody hears of their failure. */
export function patchBeacon(runtime: Runtime): void {
  runtime.patcher.override(runtime.scope.navigator, 'sendBeacon', (proceed, _, args) => {
    const [url, body] = args
    // A page that is going away can't wait for an answer: what isn't known goes directly, as without this runtime.
    const relayed = relayedUrl(runtime, url, { method: 'POST', body, credentials: true }, runtime.decisions.known)
    if (relayed) args[0] = relayed
    return proceed()
  })
}
