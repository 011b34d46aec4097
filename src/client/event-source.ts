import { requestShape } from './request-shape'
import type { Runtime } from './runtime'

export function patchEventSource({ scope, urls, decisions, failures, patcher }: Runtime): void {
  if (!scope.EventSource) return

  patcher.classConstructor(scope, 'EventSource', (native, args, newTarget) => {
    const [url, init] = args as [unknown, EventSourceInit?]
    let target
    let devUrl: string | undefined
    try {
      target = urls.targetOf(url)
      const credentials = !!init?.withCredentials
      const shape = requestShape(scope, { method: 'GET', credentials })
      if (target && decisions.askNow(target, shape) === 'relay') {
        devUrl = urls.toDevUrl(credentials ? 'to' : 'anon', target.url)
      }
    } catch {
      // As the platform sees it, then.
    }
    if (!target || !devUrl) return Reflect.construct(native, args, newTarget) as object
    const source = Reflect.construct(native, [devUrl, ...args.slice(1)], newTarget) as EventSource
    failures.explainErrorsOf(source, 'GET', target.url.href)
    return source
  })

  patcher.getter<string>(scope.EventSource.prototype, 'url', (url) => urls.toUpstreamUrl(url) ?? url)
}
