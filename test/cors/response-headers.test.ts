import { describe, expect, it } from 'vitest'
import { corsResponseHeaders, isAccessControlHeader, mergeVary } from '../../src/cors/response-headers'
import { corsCheck } from '../../src/standard/cors-check'

const PAGE = 'http://localhost:8000'

describe('corsResponseHeaders', () => {
  it('lets the page read everything but cookies, with credentials', () => {
    const lines = corsResponseHeaders(PAGE, [
      'Content-Type',
      'x-total-count',
      'X-Total-Count',
      'set-cookie',
      'Set-Cookie2',
    ])
    expect(lines).toEqual([
      ['access-control-allow-origin', PAGE],
      ['access-control-allow-credentials', 'true'],
      ['access-control-expose-headers', 'content-type, x-total-count'],
      ['timing-allow-origin', PAGE],
    ])
    const headers = new Headers(lines)
    expect(corsCheck(PAGE, true, headers).passes).toBe(true)
    expect(corsCheck('http://localhost:8001', false, headers).passes).toBe(false)
  })

  it('leaves out names that would void the whole list', () => {
    const [, , exposed] = corsResponseHeaders(PAGE, [':status', 'bad name', '', 'x-a', 'access-control-allow-origin'])
    expect(exposed).toEqual(['access-control-expose-headers', 'x-a'])
  })

  it('has no empty list', () => {
    expect(corsResponseHeaders(PAGE, []).map(([name]) => name)).not.toContain('access-control-expose-headers')
  })

  it('never has a wildcard', () => {
    for (const [, value] of corsResponseHeaders(PAGE, ['x-a'])) expect(value).not.toContain('*')
  })
})

it.each<[string | undefined, string]>([
  [undefined, 'Origin'],
  ['', 'Origin'],
  ['Accept-Encoding', 'Accept-Encoding, Origin'],
  ['accept-encoding,origin', 'accept-encoding, origin'],
  ['Original', 'Original, Origin'],
  ['*', '*'],
  ['Accept, *', '*'],
])('adds Origin to Vary %j', (existing, expected) => {
  expect(mergeVary(existing, 'Origin')).toBe(expected)
})

it.each<[string, boolean]>([
  ['Access-Control-Allow-Origin', true],
  ['access-control-expose-headers', true],
  ['access-controlled', false],
  ['x-access-control-allow-origin', false],
  ['vary', false],
])('says of %s whether it belongs to the CORS protocol', (name, expected) => {
  expect(isAccessControlHeader(name)).toBe(expected)
})
