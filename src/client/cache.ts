import { nativeGetter } from './patch'
import type { Runtime } from './runtime'

/**
 * The caches of a service worker know what they hold by the URLs that the page called, whether the worker asked itself
 * or was given a relayed request. `add()` and `addAll()` ask natively, whoever has replaced `fetch()`: what they do is
 * done with the one that there is.
 *
 * @see https://w3c.github.io/ServiceWorker/#cache-interface
 */
export function patchCache({ scope, urls, patcher }: Runtime): void {
  const { Request, TypeError, DOMException, Cache, CacheStorage } = scope
  const urlOf = nativeGetter<string>(Request.prototype, 'url')

  const asCalled = (input: unknown): unknown => {
    const url = input instanceof Request && input.method === 'GET' && urls.toUpstreamUrl(urlOf(input))
    return url ? new Request(url, input) : input
  }
  for (const owner of [Cache, CacheStorage]) {
    for (const method of ['match', 'matchAll', 'put', 'delete', 'keys']) {
      patcher.override(owner?.prototype, method, (proceed, self, [...args]) => {
        if (args.length > 0) args[0] = asCalled(args[0])
        return proceed(self, args)
      })
    }
  }

  for (const method of ['add', 'addAll']) {
    patcher.override(Cache?.prototype, method, (proceed, self, args) => {
      // An iterator gives what it has once.
      if (method === 'addAll' && isIterable(args[0])) args[0] = [...args[0]]
      const requests = requestsOf(method === 'add' ? args.slice(0, 1) : args[0])
      if (!requests?.some(({ url }) => urls.targetOf(url))) return proceed()
      return store(self as Cache, requests, method)
    })
  }

  /** `undefined` for what the platform finds its words for. */
  function requestsOf(inputs: unknown): Request[] | undefined {
    try {
      const requests = Array.from(inputs as RequestInfo[], (input) => new Request(input))
      return requests.every(({ method, url }) => method === 'GET' && url.startsWith('http')) ? requests : undefined
    } catch {
      return undefined
    }
  }

  async function store(cache: Cache, requests: Request[], method: string): Promise<void> {
    const failed = `Failed to execute '${method}' on 'Cache':`
    const answers = await Promise.all(requests.map((request) => scope.fetch(request)))
    // All or nothing.
    if (answers.some(({ ok, status }) => !ok || status === 206)) throw new TypeError(`${failed} Request failed`)
    const twice = requests.find(({ url }, index) => requests.findIndex((other) => other.url === url) < index)
    if (twice) {
      throw new DOMException(`${failed} Cache.addAll(): duplicate requests (${twice.url})`, 'InvalidStateError')
    }
    await Promise.all(answers.map((answer, index) => cache.put(requests[index] as Request, answer)))
  }
}

function isIterable(input: unknown): input is Iterable<unknown> {
  return typeof input === 'object' && input !== null && Symbol.iterator in input
}
