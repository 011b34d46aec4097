import type { Decisions } from './decisions'
import { requestShape } from './request-shape'
import type { Runtime } from './runtime'

/**
 * For what can be given another URL and nothing else: where it goes when it has to go through the dev server.
 *
 * @param decide - `askNow` for constructors, which can't wait; `known` where nobody waits for an answer.
 */
export function relayedUrl(
  { scope, urls, decisions }: Runtime,
  url: unknown,
  call: { method?: string; body?: unknown; credentials: boolean },
  decide: Decisions['askNow'] | Decisions['known'] = decisions.askNow,
): string | undefined {
  const target = urls.targetOf(url)
  if (!target || decide(target, requestShape(scope, call)) !== 'relay') return undefined
  return urls.toDevUrl(call.credentials, target.url)
}

/** For classes whose instances stay connected to a URL, and show it. */
export function patchConnection(
  { scope, urls, patcher, explainFailure }: Runtime,
  name: 'EventSource' | 'WebSocket',
  relayedUrlFor: (args: unknown[]) => string | undefined,
): void {
  patcher.classConstructor(scope, name, (proceed, args) => {
    const relayed = relayedUrlFor(args)
    if (relayed) args[0] = relayed
    const made = proceed() as EventSource | WebSocket
    if (relayed) {
      // Retries that fail alike are not told again.
      const told = new Set<string>()
      made.addEventListener('open', () => told.clear())
      made.addEventListener('error', () => explainFailure(undefined, made.url, told))
    }
    return made
  })
  patcher.getter(scope[name]?.prototype, 'url', urls.shown)
}
