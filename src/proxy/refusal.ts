import type { ServerResponse } from 'node:http'
import { corsResponseHeaders } from '../cors/response-headers'

/**
 * Tells a code and nothing else; the terminal tells the developer. A stranger gets no CORS header; a page that was
 * admitted can read what is wrong.
 */
export function refuse(
  res: ServerResponse,
  status: number,
  code: string,
  { otherOrigin }: { otherOrigin?: string | undefined } = {},
): void {
  if (otherOrigin !== undefined) {
    for (const [name, value] of corsResponseHeaders(otherOrigin, ['content-type'])) res.setHeader(name, value)
    res.setHeader('vary', 'Origin')
  }
  res.writeHead(status, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  })
  res.end(
    JSON.stringify({
      title: 'Refused by unplugin-cors-dev',
      status,
      code,
      detail: 'The terminal of the dev server says why, and what would allow it.',
    }),
  )
}
