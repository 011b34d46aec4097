import { describe, expect, it } from 'vitest'
import { drawExchange } from '../../src/cli/diagram'
import type { Terminal } from '../../src/cli/terminal'
import type { DirectExchange } from '../../src/explain'
import { explain } from '../../src/explain'

const plain = (width: number, hasUnicode = true): Terminal => ({ width, hasUnicode, paint: (_, text) => text })

function draw(exchange: DirectExchange, terminal = plain(80), failure?: Parameters<typeof drawExchange>[0]['failure']) {
  return drawExchange({ exchange, verdict: explain(exchange, { dialect: 'chromium' }), failure }, terminal)
}

const PAGE = 'http://localhost:5173'

describe('the diagram', () => {
  it('shows who asks, what, and what came back, in the order of time', () => {
    const rows = draw({
      request: { origin: PAGE, url: 'https://api.example.com/users', method: 'PUT' },
      hops: [
        {
          preflight: {
            status: 204,
            headers: [
              ['access-control-allow-origin', '*'],
              ['access-control-allow-methods', 'PUT'],
            ],
          },
          response: { status: 200, headers: [['server', 'nginx']] },
        },
      ],
    })
    expect(rows.map((row) => row.replace(/[│├┤]|[─▶◀]+| {2,}/g, '').trim()).filter((row) => row !== '')).toEqual([
      `${PAGE}https://api.example.com`,
      'The browser asks first, because of the method PUT:',
      'OPTIONS /users',
      'Access-Control-Request-Method: PUT',
      `Origin: ${PAGE}`,
      '204 No Content',
      'Access-Control-Allow-Origin: *',
      'Access-Control-Allow-Methods: PUT',
      '✓ preflight passed',
      'PUT /users',
      `Origin: ${PAGE}`,
      '200 OK',
      '✗ MissingAllowOriginHeader',
    ])
  })

  it('shows what was not sent', () => {
    const rows = draw({ request: { origin: PAGE, url: 'https://api.example.com/', method: 'TRACE' }, hops: [{}] })
    expect(rows.join('\n')).toMatch(/✗ ForbiddenMethod.*\n.*TRACE \/ ╌ not sent/)
  })

  it('shows a loop of redirects once, and where it ends', () => {
    const url = 'https://api.example.com/loop'
    const hop = {
      response: {
        status: 302,
        headers: [
          ['location', url],
          ['access-control-allow-origin', '*'],
        ],
      },
    } as const
    const rows = draw({ request: { origin: PAGE, url }, hops: Array.from({ length: 21 }, () => hop) })
    expect(rows.filter((row) => row.includes('GET /loop'))).toHaveLength(2)
    expect(rows.join('\n')).toMatch(/19 more redirects like those above[^]*GET \/loop[^]*✗ TooManyRedirects/)
  })

  it.each([true, false])('keeps to every width and both lanes straight (Unicode: %s)', (hasUnicode) => {
    for (const origin of ['http://a.b', `https://${'long.'.repeat(20)}example`]) {
      const exchange: DirectExchange = {
        request: {
          origin,
          url: `${origin}.x/${'p/'.repeat(60)}`,
          method: 'PUT',
          headers: [
            [`X-${'y'.repeat(80)}`, '1'],
            ['content-type', `text/plain;${'z'.repeat(60)}`],
          ],
        },
        hops: [
          {
            preflight: {
              status: 299,
              headers: [
                ['access-control-allow-origin', '*'],
                ['access-control-allow-methods', '*'],
                ['access-control-allow-headers', '*'],
                ['vary', '\x1b\x9b'.repeat(50)],
              ],
            },
            response: {
              status: 307,
              headers: [
                ['location', `https://elsewhere.example:8443/${'q'.repeat(200)}`],
                ['access-control-allow-origin', '*'],
              ],
            },
          },
        ],
      }
      for (let width = 40; width <= 100; width++) {
        const failure = { hop: 1, at: 'preflight', cause: 'no way '.repeat(30) } as const
        const rows = draw(exchange, plain(width, hasUnicode), failure)
        expect(rows.length).toBeGreaterThan(30)
        expect(rows.filter((row) => row.length > width)).toEqual([])
        const inLanes = rows.filter((row) => /^[│├|+]/.test(row) && !row.endsWith(':8443'))
        expect(inLanes.filter((row) => row.length !== width || !/[│┤|+]$/.test(row))).toEqual([])
      }
    }
  })
})
