import { describe, expect, it } from 'vitest'
import { corsCheck, type CorsCheckFailure } from '../../src/standard/cors-check'

const PAGE = 'http://localhost:5173'

describe('corsCheck', () => {
  it.each<[string[], string | undefined, boolean, CorsCheckFailure | undefined]>([
    [[], undefined, false, 'MissingAllowOriginHeader'],
    [['*'], undefined, false, undefined],
    [[' * '], undefined, false, undefined],
    [['*'], 'true', true, 'WildcardOriginNotAllowed'],
    [[PAGE], undefined, false, undefined],
    [[PAGE], 'true', true, undefined],
    [[PAGE], undefined, true, 'InvalidAllowCredentials'],
    [[PAGE], 'True', true, 'InvalidAllowCredentials'],
    [[PAGE], 'true, true', true, 'InvalidAllowCredentials'],
    [[PAGE, PAGE], 'true', false, 'MultipleAllowOriginValues'],
    [['*', '*'], undefined, false, 'MultipleAllowOriginValues'],
    [[`${PAGE} https://app.example.com`], undefined, false, 'MultipleAllowOriginValues'],
    [[`${PAGE}/`], undefined, false, 'AllowOriginMismatch'],
    [['http://LOCALHOST:5173'], undefined, false, 'AllowOriginMismatch'],
    [['https://app.example.com'], undefined, false, 'AllowOriginMismatch'],
    [['null'], undefined, false, 'AllowOriginMismatch'],
    [['localhost'], undefined, false, 'InvalidAllowOriginValue'],
    [[''], undefined, false, 'InvalidAllowOriginValue'],
  ])('ACAO %j, ACAC %s, credentials %s → %s', (origins, allowCredentials, credentials, expected) => {
    const headers = new Headers(origins.map((origin) => ['access-control-allow-origin', origin] as [string, string]))
    if (allowCredentials !== undefined) headers.set('access-control-allow-credentials', allowCredentials)
    const result = corsCheck(PAGE, credentials, headers)
    expect(result).toEqual(expected === undefined ? { passes: true } : { passes: false, reason: expected })
  })

  it('lets `null` pass for an opaque origin only', () => {
    expect(corsCheck('null', false, new Headers({ 'access-control-allow-origin': 'null' })).passes).toBe(true)
  })
})
