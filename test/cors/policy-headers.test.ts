import { describe, expect, it } from 'vitest'
import type { CorsPolicy } from '../../src/cors/policy'
import { policyHeaders } from '../../src/cors/policy-headers'
import { corsCheck } from '../../src/standard/cors-check'
import { preflightPasses } from '../../src/standard/preflight'

const PAGE = 'https://app.example.com'

const policy = (some: Partial<CorsPolicy> = {}): CorsPolicy => ({
  origins: [PAGE],
  credentials: false,
  methods: [],
  requestHeaders: [],
  exposedHeaders: [],
  answersPreflight: false,
  ...some,
})

describe('the headers of a policy', () => {
  it.each([
    [
      policy(),
      [
        ['access-control-allow-origin', PAGE],
        ['vary', 'Origin'],
      ],
    ],
    [policy({ origins: '*' }), [['access-control-allow-origin', '*']]],
    [
      policy({ credentials: true, exposedHeaders: ['x-total', 'etag'] }),
      [
        ['access-control-allow-origin', PAGE],
        ['access-control-allow-credentials', 'true'],
        ['access-control-expose-headers', 'x-total, etag'],
        ['vary', 'Origin'],
      ],
    ],
  ])('with the actual response: %j', (given, expected) => {
    expect(policyHeaders(given, PAGE)).toEqual({ preflight: [], response: expected })
  })

  it('answer a preflight with what it asks for, and nothing more', () => {
    const given = policy({
      methods: ['PUT', 'patch'],
      requestHeaders: ['authorization', 'x-a'],
      answersPreflight: true,
    })
    expect(policyHeaders(given, PAGE).preflight).toEqual([
      ['access-control-allow-origin', PAGE],
      ['access-control-allow-methods', 'PUT, patch'],
      ['access-control-allow-headers', 'authorization, x-a'],
      ['vary', 'Origin'],
    ])
  })

  it('are none for an origin that the policy does not allow', () => {
    for (const other of ['https://app.example.com:8443', 'http://app.example.com', 'null'])
      expect(policyHeaders(policy({ answersPreflight: true }), other)).toEqual({ preflight: [], response: [] })
  })

  it('allow an opaque origin only where the policy names it', () => {
    const { response } = policyHeaders(policy({ origins: [PAGE, 'null'] }), 'null')
    expect(response[0]).toEqual(['access-control-allow-origin', 'null'])
  })

  it('pass the checks of the standard', () => {
    const given = policy({ credentials: true, methods: ['PUT'], requestHeaders: ['x-a'], answersPreflight: true })
    const { preflight, response } = policyHeaders(given, PAGE)
    const shape = { method: 'PUT', headers: ['x-a'], credentials: true, forcesPreflight: false }
    expect(preflightPasses(shape, PAGE, { status: 204, headers: new Headers(preflight) })).toEqual({ passes: true })
    expect(corsCheck(PAGE, true, new Headers(response))).toEqual({ passes: true })
  })
})
