import { requestShape } from './request-shape'
import type { Runtime } from './runtime'

export interface RelayedUrl {
  devUrl: string
  upstreamUrl: string
}

/**
 * For what can be given another URL and nothing else: where it goes when it has to go through the dev server.
 *
 * @param decide - `askNow` for constructors, which can't wait; `known` where nobody waits for an answer.
 */
export function relayedUrl(
  { scope, urls, decisions }: Runtime,
  url: unknown,
  call: { method: string; body?: unknown; credentials: boolean },
  decide: 'askNow' | 'known' = 'askNow',
): RelayedUrl | undefined {
  try {
    const target = urls.targetOf(url)
    if (!target || decisions[decide](target, requestShape(scope, call)) !== 'relay') return undefined
    return { devUrl: urls.toDevUrl(call.credentials ? 'to' : 'anon', target.url), upstreamUrl: target.url.href }
  } catch {
    // As the platform sees it, then.
    return undefined
  }
}

/** For classes whose instances stay connected to a URL, and show it. */
export function patchConnection(
  { scope, urls, failures, patcher }: Runtime,
  name: 'EventSource' | 'WebSocket',
  relayedUrlFor: (args: unknown[]) => RelayedUrl | undefined,
): void {
  if (!scope[name]) return

  patcher.classConstructor(scope, name, (native, args, newTarget) => {
    const relayed = relayedUrlFor(args)
    const made = Reflect.construct(
      native,
      relayed ? [relayed.devUrl, ...args.slice(1)] : args,
      newTarget,
    ) as EventTarget
    if (relayed) failures.explainErrorsOf(made, 'GET', relayed.upstreamUrl)
    return made
  })
  patcher.getter(scope[name].prototype, 'url', urls.shown)
}
