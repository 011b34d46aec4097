import { relayedUrl } from './relayed-url'
import type { Runtime } from './runtime'

/** Beacons always carry credentials, and nobody hears of their failure. */
export function patchBeacon(runtime: Runtime): void {
  const { Navigator } = runtime.scope as typeof runtime.scope & { Navigator?: { prototype: object } }
  if (!Navigator) return

  runtime.patcher.override(Navigator.prototype, 'sendBeacon', (native, self, args) => {
    const [url, ...rest] = args
    // A page that is going away can't wait for an answer: what isn't known goes directly, as without this runtime.
    const relayed = relayedUrl(runtime, url, { method: 'POST', body: rest[0], credentials: true }, 'known')
    return Reflect.apply(native, self, relayed ? [relayed.devUrl, ...rest] : args)
  })
}
