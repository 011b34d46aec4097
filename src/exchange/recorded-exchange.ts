import type { Exchange, HeaderLines } from './exchange'
import { withoutTokens } from '../options/secrets'
import { withoutSecrets } from './secrets'

/** Name in lower case → value, or the values of several lines. */
type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * A call under way, and its headers as they are, secrets included. What reads it makes the call or records it. Headers
 * that exist as fields are kept as they are: lines are made of them when somebody looks.
 */
export interface ExchangeRecord extends Omit<Exchange, 'pageHeaders' | 'requestHeaders' | 'sentResponse'> {
  /** As the host parsed them. */
  pageHeaders: HeaderFields
  requestHeaders: HeaderFields | HeaderLines
  sentResponse?: { status: number; headers: HeaderFields | HeaderLines } | undefined
}

/** The first line of a name. */
export function firstValue(headers: HeaderFields | HeaderLines, name: string): string | undefined {
  if (isLines(headers)) return headers.find(([key]) => key === name)?.[1]
  const value = headers[name]
  return typeof value === 'object' ? value[0] : value
}

function isLines(headers: HeaderFields | HeaderLines): headers is HeaderLines {
  return Array.isArray(headers)
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
    return withoutTokens(this.#record.pageUrl)
  }
  get upstreamUrl(): string {
    return withoutTokens(this.#record.upstreamUrl)
  }
  get forcesPreflight(): Exchange['forcesPreflight'] {
    return this.#record.forcesPreflight
  }
  get redirect(): Exchange['redirect'] {
    return this.#record.redirect
  }
  get failure(): Exchange['failure'] {
    const { failure } = this.#record
    return failure && { ...failure, cause: withoutTokens(failure.cause), remedy: withoutTokens(failure.remedy) }
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
    return (this.#requestHeaders = withoutSecrets(linesOf(requestHeaders), isInjected))
  }

  get upstreamResponse(): Exchange['upstreamResponse'] {
    return (this.#upstreamResponse ??= responseOf(this.#record.upstreamResponse))
  }

  get sentResponse(): Exchange['sentResponse'] {
    return (this.#sentResponse ??= responseOf(this.#record.sentResponse))
  }

  toJSON(): Exchange {
    const { id, startedAt, duration, way, pageOrigin, credentials, method, pageUrl, upstreamUrl } = this
    const { pageHeaders, requestHeaders, upstreamResponse, sentResponse, forcesPreflight, redirect, failure } = this
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
      ...(redirect !== undefined && { redirect }),
      requestHeaders,
      ...(upstreamResponse !== undefined && { upstreamResponse }),
      ...(sentResponse !== undefined && { sentResponse }),
      ...(failure !== undefined && { failure }),
    }
  }
}

function linesOf(headers: HeaderFields | HeaderLines): HeaderLines {
  if (isLines(headers)) return headers
  return Object.entries(headers).flatMap(([name, value]) => {
    // HTTP/2's pseudo-header fields start with a colon.
    if (value === undefined || name.startsWith(':')) return []
    return typeof value === 'string' ? [[name, value] as const] : value.map((one) => [name, one] as const)
  })
}

function responseOf(response: ExchangeRecord['sentResponse']): Exchange['sentResponse'] {
  return response && { status: response.status, headers: withoutSecrets(linesOf(response.headers)) }
}
