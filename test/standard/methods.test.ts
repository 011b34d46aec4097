import { describe, expect, it } from 'vitest'
import { isCorsSafelistedMethod, isForbiddenMethod, normalizeMethod } from '../../src/standard/methods'

describe('methods', () => {
  it.each([
    ['GET', true],
    ['HEAD', true],
    ['POST', true],
    ['get', false],
    ['PUT', false],
    ['OPTIONS', false],
    ['DELETE', false],
  ])('says of %s whether it is CORS-safelisted', (method, expected) => {
    expect(isCorsSafelistedMethod(method)).toBe(expected)
  })

  it.each([
    ['CONNECT', true],
    ['trace', true],
    ['Track', true],
    ['TRACER', false],
    ['OPTIONS', false],
  ])('says of %s whether it is forbidden', (method, expected) => {
    expect(isForbiddenMethod(method)).toBe(expected)
  })

  it.each([
    ['get', 'GET'],
    ['Put', 'PUT'],
    ['options', 'OPTIONS'],
    ['patch', 'patch'],
    ['PATCH', 'PATCH'],
    ['propfind', 'propfind'],
  ])('normalizes %s to %s', (method, expected) => {
    expect(normalizeMethod(method)).toBe(expected)
  })
})
