import { FAILURE_ENDPOINT, type FailureReport } from '../exchange/wire'
import { asHttp } from './to-dev-url'

/**
 * The page is told what the platform tells of a network error: nothing. The console is told the cause, which is asked of
 * the dev server: that of the latest failure at a URL.
 *
 * @param told - What the console was told of this connection so far, and is not told again.
 */
export type ExplainFailure = (method: string | undefined, url: string, told?: Set<string>) => void

export function watchFailures(scope: typeof globalThis, prefix: string): ExplainFailure {
  const { fetch } = scope
  const forbidding = new Set<string>()

  scope.addEventListener('securitypolicyviolation', (event) => {
    const { effectiveDirective: directive } = event
    if (event.disposition !== 'enforce' || !asHttp(event.blockedURI).startsWith(prefix)) return
    if (forbidding.has(directive)) return
    forbidding.add(directive)
    const { origin } = new URL(prefix)
    scope.console.error(
      `[cors-dev] In development the page's CSP needs ${origin === scope.origin ? "'self'" : origin} in ${directive}.`,
    )
  })

  return (method = 'GET', url, told = new Set()) => {
    const endpoint = `${prefix}${FAILURE_ENDPOINT}?url=${url}`
    // A moment later it is known whether the page's CSP was the cause.
    scope.setTimeout(async () => {
      if (forbidding.has('connect-src')) return
      try {
        const response = await fetch.call(scope, endpoint, { credentials: 'include' })
        const { message } = (await response.json()) as Partial<FailureReport>
        if (!message || told.has(message)) return
        told.add(message)
        scope.console.error(`[cors-dev] ${method} ${url} failed: ${message}`)
      } catch {
        // The dev server itself is gone, which the console says already.
      }
    })
  }
}
