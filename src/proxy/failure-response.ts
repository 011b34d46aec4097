import type { ServerResponse } from 'node:http'
import { constants, type Http2ServerResponse } from 'node:http2'
import type { Failure } from '../exchange/exchange'
import { FAILURE_HEADER } from '../exchange/wire'
import { corsResponseHeaders } from '../cors/response-headers'
import type { Call } from './call'
import { failureStatus } from './errors'
import type { HeaderRecord } from './request'

/**
 * Tells the page why there is no answer. On a path route that is RFC 9457 problem details (a small page where a person
 * navigates); a relayed call has to fail as the platform fails, with a network error, and a redirect to a `data:` URL is
 * one in every browser and for every kind of caller that follows.
 */
export function answerFailure(call: Call, res: ServerResponse, failure: Failure): void {
  const status = failureStatus(failure.code)
  const headers: HeaderRecord = { 'cache-control': 'no-store', [FAILURE_HEADER]: failure.code }
  if (call.otherOrigin !== undefined) {
    for (const [name, value] of corsResponseHeaders(call.otherOrigin, [FAILURE_HEADER, 'content-type']))
      headers[name] = value
    headers['vary'] = 'Origin'
  }
  const problem = {
    type: `https://www.npmjs.com/package/unplugin-cors-dev#${failure.code}`,
    title: TITLES[status],
    status,
    detail: capitalize(`${failure.cause}.`),
    remedy: failure.remedy,
    code: failure.code,
  }
  if (call.route && call.isNavigation) {
    headers['content-type'] = 'text/html; charset=utf-8'
    headers['content-security-policy'] = "default-src 'none'; style-src 'unsafe-inline'"
    send(res, status, headers, failurePage(problem.title ?? '', problem.detail, problem.remedy))
    return
  }
  headers['content-type'] = 'application/problem+json'
  if (call.route) return send(res, status, headers, JSON.stringify(problem))
  headers['location'] = 'data:,'
  if (call.exchange.redirect === 'manual') {
    // To these it would be an answer, which two addresses are to nobody; HTTP/2 can't write them. A connection that merely
    // breaks off can have browsers try again.
    if ('stream' in res) return (res as unknown as Http2ServerResponse).stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    headers['location'] = ['data:,', 'data:']
  }
  send(res, 302, headers, JSON.stringify(problem))
}

const TITLES: Record<number, string> = {
  500: 'The request could not be sent',
  502: 'The API could not be reached',
  504: 'The API did not answer in time',
  508: 'The request came round again',
}

function send(res: ServerResponse, status: number, headers: HeaderRecord, body: string): void {
  const bytes = Buffer.from(body)
  headers['content-length'] = String(bytes.byteLength)
  res.writeHead(status, headers)
  res.end(res.req.method === 'HEAD' ? undefined : bytes)
}

function failurePage(title: string, detail: string, remedy: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>
  :root { color-scheme: light dark }
  body { font: 1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 20vh auto 0; padding: 0 1.5rem }
  h1 { font-size: 1.4rem }
  footer { opacity: .6; font-size: .85rem; margin-top: 3rem }
</style>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(detail)}</p>
<p>${escapeHtml(remedy)}</p>
<footer>unplugin-cors-dev</footer>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
