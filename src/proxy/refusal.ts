import type { ServerResponse } from 'node:http'

/** Tells a stranger a code and nothing else, without a CORS header; the terminal tells the developer. */
export function refuse(res: ServerResponse, status: number, code: string): void {
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
