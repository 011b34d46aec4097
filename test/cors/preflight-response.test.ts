import { describe, expect, it } from 'vitest'
import { preflightResponse } from '../../src/cors/preflight-response'
import { preflightPasses } from '../../src/standard/preflight'

const PAGE = 'http://localhost:8000'

describe('preflightResponse', () => {
  it.each([
    ['GET', []],
    ['PUT', ['authorization', 'content-type']],
    ['patch', ['x-a']],
    ['*', ['*']],
  ])('lets %s with %j pass, with credentials and without', (method, headers) => {
    const answer = preflightResponse({ origin: PAGE, requestMethod: method, requestHeaders: headers.join(',') })
    for (const credentials of [true, false]) {
      const shape = { method, headers, credentials, forcesPreflight: true }
      expect(preflightPasses(shape, PAGE, { status: answer.status, headers: new Headers(answer.headers) })).toEqual({
        passes: true,
      })
    }
  })

  it('allows nothing that was not asked for', () => {
    const { headers } = preflightResponse({ origin: PAGE, requestMethod: 'PUT', requestHeaders: null })
    const reader = new Headers(headers)
    expect(reader.get('access-control-allow-methods')).toBe('PUT')
    expect(reader.get('access-control-allow-headers')).toBeNull()
    expect(reader.get('access-control-allow-private-network')).toBeNull()
    expect(reader.get('access-control-allow-local-network')).toBeNull()
  })

  it('answers what the local network checks ask', () => {
    const { headers } = preflightResponse({
      origin: PAGE,
      requestMethod: 'GET',
      requestHeaders: undefined,
      requestPrivateNetwork: true,
      requestLocalNetwork: true,
    })
    const reader = new Headers(headers)
    expect(reader.get('access-control-allow-private-network')).toBe('true')
    expect(reader.get('access-control-allow-local-network')).toBe('true')
  })

  it('echoes no text that is no method and no header name', () => {
    const { headers } = preflightResponse({ origin: PAGE, requestMethod: 'PUT\r\nx: y', requestHeaders: 'x-a, <b>' })
    const reader = new Headers(headers)
    expect(reader.get('access-control-allow-methods')).toBeNull()
    expect(reader.get('access-control-allow-headers')).toBeNull()
  })

  it('varies by all that it depends on', () => {
    const { headers } = preflightResponse({ origin: PAGE, requestMethod: 'PUT', requestHeaders: 'x-a' })
    expect(new Headers(headers).get('vary')).toBe(
      'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    )
  })
})
