import { describe, expect, it } from 'vitest'
import {
  isCorsPreflightRequest,
  needsPreflight,
  type PreflightFailure,
  preflightPasses,
  type RequestShape,
} from '../../src/standard/preflight'

const PAGE = 'http://localhost:5173'
const shape = (changes: Partial<RequestShape> = {}): RequestShape => ({
  method: 'GET',
  headers: [],
  credentials: false,
  forcesPreflight: false,
  ...changes,
})

describe('isCorsPreflightRequest', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['OPTIONS', { origin: PAGE, 'access-control-request-method': 'PUT' }, true],
    ['OPTIONS', { origin: 'null', 'access-control-request-method': 'GET' }, true],
    ['OPTIONS', { origin: PAGE }, false],
    ['OPTIONS', { 'access-control-request-method': 'PUT' }, false],
    ['options', { origin: PAGE, 'access-control-request-method': 'PUT' }, false],
    ['GET', { origin: PAGE, 'access-control-request-method': 'PUT' }, false],
  ])('%s with %j → %s', (method, headers, expected) => {
    expect(isCorsPreflightRequest({ method, headers: new Headers(headers) })).toBe(expected)
  })
})

it.each<[Partial<RequestShape>, boolean]>([
  [{}, false],
  [{ credentials: true }, false],
  [{ method: 'POST' }, false],
  [{ method: 'PUT' }, true],
  [{ method: 'patch' }, true],
  [{ headers: ['authorization'] }, true],
  [{ method: 'POST', forcesPreflight: true }, true],
])('knows whether %j needs a preflight', (changes, expected) => {
  expect(needsPreflight(shape(changes))).toBe(expected)
})

describe('preflightPasses', () => {
  const open = { 'access-control-allow-origin': '*' }
  const exact = { 'access-control-allow-origin': PAGE, 'access-control-allow-credentials': 'true' }
  const METHODS = 'access-control-allow-methods'
  const HEADERS = 'access-control-allow-headers'

  it.each<[string, Partial<RequestShape>, number, Record<string, string>, PreflightFailure | undefined]>([
    ['a listed method', { method: 'PUT' }, 204, { ...open, [METHODS]: 'GET, PUT' }, undefined],
    [
      'a missing method',
      { method: 'PUT' },
      200,
      { ...open, [METHODS]: 'GET, POST' },
      'MethodDisallowedByPreflightResponse',
    ],
    ['no list', { method: 'PUT' }, 200, open, 'MethodDisallowedByPreflightResponse'],
    [
      'a method in another case',
      { method: 'PUT' },
      200,
      { ...open, [METHODS]: 'put' },
      'MethodDisallowedByPreflightResponse',
    ],
    [
      'patch, never normalized',
      { method: 'patch' },
      200,
      { ...open, [METHODS]: 'PATCH' },
      'MethodDisallowedByPreflightResponse',
    ],
    [
      'a safelisted method that is not listed',
      { method: 'POST', headers: ['x-a'] },
      200,
      { ...open, [METHODS]: 'PUT', [HEADERS]: 'X-A' },
      undefined,
    ],
    ['a wildcard method', { method: 'PUT' }, 200, { ...open, [METHODS]: '*' }, undefined],
    [
      'a wildcard method with credentials',
      { method: 'PUT', credentials: true },
      200,
      { ...exact, [METHODS]: '*' },
      'MethodDisallowedByPreflightResponse',
    ],
    ['a method named *', { method: '*', credentials: true }, 200, { ...exact, [METHODS]: '*' }, undefined],
    ['a header in another case', { headers: ['x-a'] }, 200, { ...open, [HEADERS]: 'X-A' }, undefined],
    [
      'a missing header',
      { headers: ['x-a', 'x-b'] },
      200,
      { ...open, [HEADERS]: 'x-a' },
      'HeaderDisallowedByPreflightResponse',
    ],
    ['a wildcard header', { headers: ['x-a'] }, 200, { ...open, [HEADERS]: '*' }, undefined],
    [
      'a wildcard header with credentials',
      { headers: ['x-a'], credentials: true },
      200,
      { ...exact, [HEADERS]: '*' },
      'HeaderDisallowedByPreflightResponse',
    ],
    [
      'a wildcard for Authorization',
      { headers: ['authorization'] },
      200,
      { ...open, [HEADERS]: '*' },
      'HeaderDisallowedByPreflightResponse',
    ],
    [
      'a wildcard and Authorization',
      { headers: ['authorization', 'x-a'] },
      200,
      { ...open, [HEADERS]: '*, Authorization' },
      undefined,
    ],
    ['a forced preflight without a list', { method: 'PUT', forcesPreflight: true }, 200, open, undefined],
    [
      'a forced preflight with a list',
      { method: 'PUT', forcesPreflight: true },
      200,
      { ...open, [METHODS]: 'GET' },
      'MethodDisallowedByPreflightResponse',
    ],
    [
      'a bad element among methods',
      { method: 'PUT' },
      200,
      { ...open, [METHODS]: 'PUT, a b' },
      'InvalidAllowMethodsPreflightResponse',
    ],
    [
      'a bad element among headers',
      { method: 'PUT' },
      200,
      { ...open, [METHODS]: 'PUT', [HEADERS]: 'x(' },
      'InvalidAllowHeadersPreflightResponse',
    ],
    ['an empty element', { method: 'PUT' }, 200, { ...open, [METHODS]: ',PUT,,' }, undefined],
    ['no ok status', { method: 'PUT' }, 404, { ...open, [METHODS]: 'PUT' }, 'PreflightInvalidStatus'],
    ['a redirect', { method: 'PUT' }, 307, { ...open, [METHODS]: 'PUT' }, 'PreflightDisallowedRedirect'],
    ['304, which is none', { method: 'PUT' }, 304, { ...open, [METHODS]: 'PUT' }, 'PreflightInvalidStatus'],
    ['a failing CORS check before a bad status', { method: 'PUT' }, 500, {}, 'PreflightMissingAllowOriginHeader'],
    [
      'a wildcard origin with credentials',
      { method: 'PUT', credentials: true },
      200,
      { ...open, [METHODS]: 'PUT' },
      'PreflightWildcardOriginNotAllowed',
    ],
    [
      'credentials that are not allowed',
      { credentials: true, headers: ['x-a'] },
      200,
      { 'access-control-allow-origin': PAGE, [HEADERS]: 'x-a' },
      'PreflightInvalidAllowCredentials',
    ],
  ])('judges %s', (_, changes, status, headers, expected) => {
    const result = preflightPasses(shape(changes), PAGE, { status, headers: new Headers(headers) })
    expect(result.passes ? undefined : result.reason).toBe(expected)
  })

  it('names every header that is missing', () => {
    const result = preflightPasses(shape({ headers: ['x-a', 'x-b', 'x-c'] }), PAGE, {
      status: 200,
      headers: new Headers({ ...open, [HEADERS]: 'x-b' }),
    })
    expect(result).toMatchObject({ names: ['x-a', 'x-c'] })
  })
})
