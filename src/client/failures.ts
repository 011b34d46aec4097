import { FAILURE_ENDPOINT, FAILURE_HEADER, type FailureReport } from '../exchange/wire'

/** The page is told what the platform tells of a network error: nothing. The console is told the cause. */
export interface Failures {
  /** For `fetch`: turns the dev server's account of a failure into the platform's rejection. */
  rejectFetch(response: Response, method: string, url: string): Promise<never>
  /** For consumers that see a bare network error: asks the dev server for the cause of the latest one. */
  explain(method: string, url: string): void
  /** The same for whatever a stream or socket goes through; retries that fail alike are not told again. */
  explainErrorsOf(source: EventTarget, method: string, url: string): void
}

export function isFailure(response: Response): boolean {
  return response.headers.has(FAILURE_HEADER)
}

export function createFailures(scope: typeof globalThis, prefix: string): Failures {
  const { fetch } = scope
  const toldOf = new WeakMap<EventTarget, string>()

  function log(method: string, url: string, account: unknown, source?: EventTarget): void {
    const { message, detail, title, remedy } = (account ?? {}) as Partial<FailureReport & Record<string, string>>
    const cause = [message ?? detail ?? title, remedy].filter(Boolean).join(' ')
    if (!cause || (source && toldOf.get(source) === cause)) return
    if (source) toldOf.set(source, cause)
    scope.console.error(`[cors-dev] ${method} ${url} failed: ${cause}`)
  }

  function explain(method: string, url: string, source?: EventTarget): void {
    const endpoint = `${prefix}${FAILURE_ENDPOINT}?url=${encodeURIComponent(url.replace(/^ws/, 'http'))}`
    fetch
      .call(scope, endpoint, { credentials: 'include' })
      .then(async (response) => {
        if (response.status === 200) log(method, url, await response.json(), source)
      })
      // The dev server itself is gone, which the console says already.
      .catch(() => undefined)
  }

  return {
    explain,
    async rejectFetch(response, method, url) {
      log(method, url, await response.json().catch(() => undefined))
      throw new TypeError(networkErrorMessage(scope.navigator.userAgent))
    },
    explainErrorsOf(source, method, url) {
      source.addEventListener('open', () => toldOf.delete(source))
      source.addEventListener('error', () => explain(method, url, source))
    },
  }
}

/** Clients tell network errors from mistakes by these words (for example `p-retry`'s `is-network-error`). */
function networkErrorMessage(userAgent: string): string {
  if (userAgent.includes('Chrome/')) return 'Failed to fetch'
  return userAgent.includes('Firefox/') ? 'NetworkError when attempting to fetch resource.' : 'Load failed'
}
