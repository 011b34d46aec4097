import { FAILURE_ENDPOINT, type FailureReport } from '../exchange/wire'
import { asHttp } from './to-dev-url'

/** The page is told what the platform tells of a network error: nothing. The console is told the cause. */
export interface Failures {
  /** Asks the dev server for the cause of the latest failure at a URL. */
  explain(method: string | undefined, url: string): void
  /** The same for whatever a stream or socket goes through; retries that fail alike are not told again. */
  explainErrorsOf(source: EventSource | WebSocket): void
}

export function createFailures(scope: typeof globalThis, prefix: string): Failures {
  const { fetch } = scope
  const forbidding = new Set<string>()

  scope.addEventListener('securitypolicyviolation', (event) => {
    const { effectiveDirective: directive } = event
    if (event.disposition !== 'enforce' || !asHttp(event.blockedURI).startsWith(prefix)) return
    if (forbidding.has(directive)) return
    forbidding.add(directive)
    const { origin } = new URL(prefix)
    scope.console.error(
      `[cors-dev] In development, the page's CSP needs ${origin === scope.origin ? "'self'" : origin} in ${directive}.`,
    )
  })

  function explain(method = 'GET', url: string, told = new Set<string>()): void {
    const endpoint = `${prefix}${FAILURE_ENDPOINT}?url=${url}`
    // A moment later it is known whether the page's CSP was the cause.
    scope.setTimeout(async () => {
      if (forbidding.has('connect-src')) return
      try {
        const response = await fetch.call(scope, endpoint, { credentials: 'include' })
        if (!response.ok) return
        const { message } = (await response.json()) as FailureReport
        if (told.has(message)) return
        told.add(message)
        scope.console.error(`[cors-dev] ${method} ${url} failed: ${message}`)
      } catch {
        // The dev server itself is gone, which the console says already.
      }
    })
  }

  return {
    explain,
    explainErrorsOf(source) {
      const told = new Set<string>()
      source.addEventListener('open', () => told.clear())
      source.addEventListener('error', () => explain(undefined, source.url, told))
    },
  }
}
