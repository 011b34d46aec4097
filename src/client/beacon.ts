import { requestShape } from './request-shape'
import type { Runtime } from './runtime'

/** Beacons always carry credentials, and nobody hears of their failure. */
export function patchBeacon({ scope, urls, decisions, patcher }: Runtime): void {
  const { Navigator } = scope as typeof scope & { Navigator?: { prototype: object } }
  if (!Navigator) return

  patcher.method(Navigator.prototype, 'sendBeacon', (native, self, args) => {
    let devUrl: string | undefined
    try {
      const target = urls.targetOf(args[0])
      const shape = requestShape(scope, { method: 'POST', body: args[1], credentials: true })
      // A page that is going away can't wait for an answer: what isn't known goes directly, as without this runtime.
      if (target && decisions.known(target, shape) === 'relay') devUrl = urls.toDevUrl('to', target.url)
    } catch {
      // As the platform sees it, then.
    }
    return Reflect.apply(native, self, devUrl ? [devUrl, ...args.slice(1)] : args)
  })
}
