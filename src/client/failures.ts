import { FAILURE_ENDPOINT, type FailureReport } from '../exchange/wire'

/** The page is told what the platform tells of a network error: nothing. The console is told the cause. */
export interface Failures {
  /** Asks the dev server for the cause of the latest failure at a URL. */
  explain(method: string, url: string): void
  /** The same for whatever a stream or socket goes through; retries that fail alike are not told again. */
  explainErrorsOf(source: EventTarget, method: string, url: string): void
}

export function createFailures(scope: typeof globalThis, prefix: string): Failures {
  const { fetch } = scope
  const toldOf = new WeakMap<EventTarget, string>()
  const forbidding = new Set<string>()

  scope.addEventListener('securitypolicyviolation', (event) => {
    const { blockedURI, disposition, effectiveDirective: directive } = event
    if (disposition !== 'enforce' || !blockedURI.replace(/^ws/, 'http').startsWith(prefix)) return
    if (forbidding.has(directive)) return
    forbidding.add(directive)
    const { origin } = new URL(prefix)
    scope.console.error(
      `[cors-dev] The page's Content-Security-Policy keeps it from the dev server. For development, add ${origin === scope.origin ? "'self'" : origin} to ${directive}.`,
    )
  })

  function explain(method: string, url: string, source?: EventTarget): void {
    const endpoint = `${prefix}${FAILURE_ENDPOINT}?url=${encodeURIComponent(url)}`
    // A moment later it is known whether the page's CSP was the cause.
    scope.setTimeout(() => {
      if (forbidding.has('connect-src')) return
      fetch
        .call(scope, endpoint, { credentials: 'include' })
        .then(async (response) => {
          if (response.status !== 200) return
          const { message } = (await response.json()) as FailureReport
          if (source && toldOf.get(source) === message) return
          if (source) toldOf.set(source, message)
          scope.console.error(`[cors-dev] ${method} ${url} failed: ${message}`)
        })
        // The dev server itself is gone, which the console says already.
        .catch(() => undefined)
    })
  }

  return {
    explain,
    explainErrorsOf(source, method, url) {
      source.addEventListener('open', () => toldOf.delete(source))
      source.addEventListener('error', () => explain(method, url, source))
    },
  }
}
