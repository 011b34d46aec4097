import type { Exchange, HeaderLines } from './exchange'
import { withoutSecrets } from './secrets'

/** A call under way, and its headers as they are, secrets included. What reads it makes the call or records it. */
export interface ExchangeRecord extends Omit<Exchange, 'pageHeaders'> {
  /** As the host parsed them. */
  pageHeaders: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** Made here for every request: the page had no say in them, and they tell no secret. */
const MADE_HERE = new Set(['host', 'origin', 'referer', 'sec-fetch-site', 'via'])

/**
 * A call that is over, without its secrets. They are taken out when somebody looks, which for most calls nobody does:
 * each call pays for being recorded.
 */
export class RecordedExchange implements Exchange {
  readonly #record: ExchangeRecord
  #pageHeaders: HeaderLines | undefined
  #requestHeaders: HeaderLines | undefined
  #upstreamResponse: Exchange['upstreamResponse']
  #sentResponse: Exchange['sentResponse']

  constructor(record: ExchangeRecord) {
    this.#record = record
  }

  get id(): number {
    return this.#record.id
  }
  get startedAt(): number {
    return this.#record.startedAt
  }
  get duration(): number | undefined {
    return this.#record.duration
  }
  get way(): Exchange['way'] {
    return this.#record.way
  }
  get pageOrigin(): string {
    return this.#record.pageOrigin
  }
  get credentials(): Exchange['credentials'] {
    return this.#record.credentials
  }
  get method(): string {
    return this.#record.method
  }
  get pageUrl(): string {
    return this.#record.pageUrl
  }
  get upstreamUrl(): string {
    return this.#record.upstreamUrl
  }
  get forcesPreflight(): Exchange['forcesPreflight'] {
    return this.#record.forcesPreflight
  }
  get failure(): Exchange['failure'] {
    return this.#record.failure
  }

  get pageHeaders(): HeaderLines {
    return (this.#pageHeaders ??= withoutSecrets(linesOf(this.#record.pageHeaders)))
  }

  get requestHeaders(): HeaderLines {
    if (this.#requestHeaders) return this.#requestHeaders
    const { pageHeaders, requestHeaders } = this.#record
    const isInjected = (name: string, value: string): boolean => {
      const fromPage = [pageHeaders[name]].flat()
      return !fromPage.includes(value) && !MADE_HERE.has(name) && !name.startsWith('x-forwarded-')
    }
    return (this.#requestHeaders = withoutSecrets(requestHeaders, isInjected))
  }

  get upstreamResponse(): Exchange['upstreamResponse'] {
    return (this.#upstreamResponse ??= responseOf(this.#record.upstreamResponse))
  }

  get sentResponse(): Exchange['sentResponse'] {
    return (this.#sentResponse ??= responseOf(this.#record.sentResponse))
  }

  toJSON(): Exchange {
    const { id, startedAt, duration, way, pageOrigin, credentials, method, pageUrl, upstreamUrl } = this
    const { pageHeaders, requestHeaders, upstreamResponse, sentResponse, forcesPreflight, failure } = this
    return {
      id,
      startedAt,
      ...(duration !== undefined && { duration }),
      way,
      pageOrigin,
      credentials,
      method,
      pageUrl,
      upstreamUrl,
      pageHeaders,
      ...(forcesPreflight !== undefined && { forcesPreflight }),
      requestHeaders,
      ...(upstreamResponse !== undefined && { upstreamResponse }),
      ...(sentResponse !== undefined && { sentResponse }),
      ...(failure !== undefined && { failure }),
    }
  }
}

function linesOf(headers: ExchangeRecord['pageHeaders']): HeaderLines {
  return Object.entries(headers).flatMap(([name, value]) => {
    // HTTP/2's pseudo-header fields start with a colon.
    if (value === undefined || name.startsWith(':')) return []
    return typeof value === 'string' ? [[name, value] as const] : value.map((one) => [name, one] as const)
  })
}

function responseOf(response: Exchange['upstreamResponse']): Exchange['upstreamResponse'] {
  return response && { status: response.status, headers: withoutSecrets(response.headers) }
}
