import { nativeGetter } from './patch'
import type { Runtime } from './runtime'

/**
 * The page's own service worker sees calls under the URLs that the page called, so that it answers, stores and passes on
 * what it does in production. What it passes on is natively still the relayed request.
 */
export function patchServiceWorker({ scope, urls, patcher }: Runtime): void {
  if (!('FetchEvent' in scope)) return
  const urlOf = nativeGetter<string>(scope.Request.prototype, 'url')
  patcher.getter<string>(scope.Request.prototype, 'url', (url) => urls.toUpstreamUrl(url) ?? url)
  // What the page's runtime asks the dev server is nobody else's business. This is the first listener of all.
  scope.addEventListener('fetch', (event) => {
    const url = urlOf((event as Event & { request: Request }).request)
    if (url.startsWith(urls.devPrefix) && !urls.toUpstreamUrl(url)) event.stopImmediatePropagation()
  })
}
