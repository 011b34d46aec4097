import { Readable } from 'node:stream'
import type { HeaderRecord } from './request'
import { recordLines } from './upstream-request'

/** The response as `on.proxyRes` handlers and `responseInterceptor` know it; its headers are those the page is given. */
export class UpstreamResponse extends Readable {
  readonly statusCode: number
  readonly statusMessage: string
  readonly headers: HeaderRecord
  readonly httpVersion = '1.1'
  readonly #resume: () => void

  /** @param resume - lets the upstream send more */
  constructor(resume: () => void, status: number, statusText: string, headers: HeaderRecord) {
    super()
    // An upstream that breaks off is told by the transport; nobody has to listen here.
    this.on('error', () => {})
    this.#resume = resume
    this.statusCode = status
    this.statusMessage = statusText
    this.headers = headers
  }

  get rawHeaders(): string[] {
    return recordLines(this.headers).flat()
  }

  override _read(): void {
    this.#resume()
  }
}
