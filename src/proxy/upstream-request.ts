import type { IncomingMessage } from 'node:http'
import type { Dispatcher } from 'undici'
import type { HeaderLines } from '../exchange/exchange'
import { toUpstreamPath } from '../routes/rewrite'
import type { Target } from '../targets/target'
import type { Call } from './call'
import { urlOfOrigin } from './origin-url'
import type { RequestBody } from './request-body'
import { buildUpstreamHeaders, type HeaderRecord, type RequestRewrite } from './request'

/**
 * What goes up, in the form that http-proxy-middleware's `proxyReq` handlers know from node:http: header fields and the
 * path can be read and changed. There is no stream to write to: the body goes its own way.
 */
export class UpstreamRequest {
  method: string
  path: string
  readonly protocol: string
  readonly host: string
  headers: HeaderRecord

  constructor(method: string, path: string, origin: Readonly<URL>, headers: HeaderRecord) {
    this.method = method
    this.path = path
    this.protocol = origin.protocol
    this.host = origin.host
    this.headers = headers
  }

  getHeader(name: string): string | string[] | undefined {
    return this.headers[name.toLowerCase()]
  }

  getHeaders(): HeaderRecord {
    return { ...this.headers }
  }

  getHeaderNames(): string[] {
    return Object.keys(this.headers)
  }

  hasHeader(name: string): boolean {
    return this.getHeader(name) !== undefined
  }

  setHeader(name: string, value: string | number | readonly string[]): this {
    this.headers[name.toLowerCase()] = typeof value === 'object' ? [...value] : String(value)
    return this
  }

  removeHeader(name: string): void {
    delete this.headers[name.toLowerCase()]
  }
}

export function buildUpstreamRequest(req: IncomingMessage, call: Call, rewrite: RequestRewrite): UpstreamRequest {
  const headers = buildUpstreamHeaders(req, call, rewrite)
  const pathAndQuery = req.url ?? '/'
  const path = call.route ? toUpstreamPath(call.route, pathAndQuery) : pathAndQuery
  return new UpstreamRequest(req.method ?? 'GET', path, urlOfOrigin(call.target.origin), headers)
}

export function recordRequest(call: Call, request: UpstreamRequest): void {
  call.exchange.upstreamUrl = call.target.origin + request.path
  call.exchange.requestHeaders = request.headers
}

export function dispatchOptions(
  target: Target,
  request: UpstreamRequest,
  body: RequestBody | null,
): Dispatcher.DispatchOptions {
  // A `pathRewrite` or `proxyReq` handler had its hands on these: undici refuses what would split the request.
  return {
    origin: target.origin,
    path: request.path,
    method: request.method,
    headers: request.headers,
    body,
    // 0 for `reset` would be wrong on a socket that another request waits for; undici knows best.
    idempotent: false,
  }
}

/** One for each field of a message's header, in the case that the record has them. */
export function recordLines(headers: Readonly<Record<string, string | string[] | undefined>>): HeaderLines {
  const lines: [string, string][] = []
  for (const name in headers) {
    const value = headers[name]
    if (typeof value === 'string') lines.push([name, value])
    else if (value !== undefined) for (const one of value) lines.push([name, one])
  }
  return lines
}
