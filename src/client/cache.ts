import type { Runtime } from './runtime'

/**
 * `add()` and `addAll()` ask natively, whoever has replaced `fetch()`. So what they do is done with the one that there is.
 *
 * @see https://w3c.github.io/ServiceWorker/#cache-addAll
 */
export function patchCache({ scope, urls, patcher }: Runtime): void {
  const { Request, TypeError } = scope

  for (const method of ['add', 'addAll']) {
    patcher.override(scope.Cache?.prototype, method, (proceed, self, args) => {
      const requests = requestsOf(method === 'add' ? args : args[0])
      if (!requests?.some(({ url }) => urls.targetOf(url))) return proceed()
      return store(self as Cache, requests, method)
    })
  }

  /** `undefined` for what the platform finds its words for. */
  function requestsOf(inputs: unknown): Request[] | undefined {
    try {
      const requests = Array.from(inputs as Iterable<RequestInfo>, (input) => new Request(input))
      return requests.every(({ method, url }) => method === 'GET' && url.startsWith('http')) ? requests : undefined
    } catch {
      return undefined
    }
  }

  async function store(cache: Cache, requests: Request[], method: string): Promise<void> {
    const answers = await Promise.all(requests.map((request) => scope.fetch(request)))
    if (!answers.every(({ ok }) => ok)) {
      throw new TypeError(`Failed to execute '${method}' on 'Cache': Request failed`)
    }
    await Promise.all(answers.map((answer, index) => cache.put(requests[index] as Request, answer)))
  }
}
