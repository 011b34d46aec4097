import { explain } from '../explain/explain'
import { addressSpaceOf } from '../explain/local-network'
import type { DirectExchange, DirectHop, DirectRequest } from '../explain/direct-exchange'
import type { HopVerdict, Verdict } from '../explain/verdict'
import type { Failure } from '../exchange/exchange'
import { actualHeaders, preflightHeaders } from './browser-headers'
import type { DirectConnections, DirectRequestLine } from './direct-request'
import { UpstreamError } from './errors'
import { registrableDomain } from './registrable-domain'

export interface DirectFetchInput {
  request: DirectRequest
  /** Of the request, if it has one; its `Content-Type` is among the request's headers. */
  body?: string | undefined
  /** Whether the actual request is sent where its method is not safe: it may change something on the server. */
  sendsUnsafeMethods: boolean
  connections: Pick<DirectConnections, 'send'>
}

export interface DirectFetchResult {
  /** What was asked and answered. */
  exchange: DirectExchange
  verdict: Verdict
  /** Where the way ended without an answer. */
  failure?: Failure & { hop: number; at: 'preflight' | 'response' }
  /** Where the actual request was held back: its method is not safe. */
  heldBack?: { hop: number; method: string }
}

/** https://fetch.spec.whatwg.org/#http-redirect-fetch ends at 20 redirects; this only ends what should have ended. */
const MOST_ANSWERS = 100

/**
 * Asks a live server what Chromium would ask, step by step, and stops where Chromium would stop. Which step comes next,
 * with which method, headers and `Origin`, is the verdict's own knowledge: it says what is missing.
 */
export async function directFetch(input: DirectFetchInput): Promise<DirectFetchResult> {
  const { request, connections } = input
  const hops: DirectHop[] = [{}]
  for (let answers = 0; ; answers++) {
    const exchange: DirectExchange = { request, hops: [...hops] }
    const verdict = explain(exchange, { dialect: 'chromium', registrableDomain })
    const step = nextStep(verdict, hops)
    const hop = step && verdict.hops[step.hop]
    if (!hop || answers >= MOST_ANSWERS) return { exchange, verdict }

    if (step.at === 'response' && !isSafeMethod(hop.method) && !input.sendsUnsafeMethods)
      return { exchange, verdict, heldBack: { hop: step.hop, method: hop.method } }
    try {
      const { remoteAddress, ...answer } = await connections.send({
        url: hop.url,
        ...(step.at === 'preflight' ? preflight(hop) : actual(hop, verdict.hops.slice(0, step.hop), input)),
      })
      const addressSpace = remoteAddress === undefined ? undefined : addressSpaceOf(toHost(remoteAddress))
      hops[step.hop] = { ...hops[step.hop], ...(addressSpace && { addressSpace }), [step.at]: answer }
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      return { exchange, verdict, failure: { ...error.failure, ...step } }
    }
  }
}

/** What a browser would do next, if it would do anything. */
function nextStep(
  { outcome, unsettled }: Verdict,
  hops: readonly DirectHop[],
): { hop: number; at: 'preflight' | 'response' } | undefined {
  if (outcome !== 'unknown') return undefined
  for (const { hop, missing } of unsettled) {
    const at = missing === 'later-hop' ? 'response' : missing
    if ((at === 'preflight' || at === 'response') && !hops[hop]?.[at]) return { hop, at }
  }
  return undefined
}

/** As it stands in a URL. */
function toHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1 */
function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

type Sent = Omit<DirectRequestLine, 'url'>

function preflight(hop: HopVerdict): Sent {
  return { method: 'OPTIONS', headers: preflightHeaders(hop) }
}

function actual(hop: HopVerdict, before: readonly HopVerdict[], { request, body }: DirectFetchInput): Sent {
  // Where a redirect has made it a GET, its body is gone.
  const hasBody = hop.method !== 'GET' && hop.method !== 'HEAD'
  return { method: hop.method, headers: actualHeaders(request, hop, before), body: hasBody ? body : undefined }
}
