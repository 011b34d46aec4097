import { requestShape } from './request-shape'
import type { Runtime } from './runtime'

export function patchWebSocket({ scope, urls, decisions, failures, patcher }: Runtime): void {
  if (!scope.WebSocket) return

  patcher.classConstructor(scope, 'WebSocket', (native, args, newTarget) => {
    let target
    let devUrl: string | undefined
    try {
      // The host's own socket may stand on a port of its own, and is opened before everything else.
      target = /^vite-/.test(String(args[1])) ? undefined : urls.targetOf(args[0])
      // No CORS check stands between a page and a socket, but a server that allows the page's calls, with cookies, will
      // allow its sockets; of any other it is unknown.
      const shape = requestShape(scope, { method: 'GET', credentials: true })
      if (target && !target.url.hash && decisions.askNow(target, shape) === 'relay') {
        target.url.protocol = target.url.protocol.replace('http', 'ws')
        devUrl = urls.toDevUrl('to', target.url)
      }
    } catch {
      // As the platform sees it, then.
    }
    if (!target || !devUrl) return Reflect.construct(native, args, newTarget) as object
    const socket = Reflect.construct(native, [devUrl, ...args.slice(1)], newTarget) as WebSocket
    failures.explainErrorsOf(socket, 'GET', target.url.href)
    return socket
  })

  patcher.getter<string>(scope.WebSocket.prototype, 'url', (url) => urls.toUpstreamUrl(url) ?? url)
}
