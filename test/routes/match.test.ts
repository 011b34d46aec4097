import { describe, expect, it } from 'vitest'
import {
  isMalformedRequestTarget,
  isUnderPrefix,
  matchFallback,
  matchPathRoute,
  matchRelay,
} from '../../src/routes/match'
import { buildRouteTable } from '../../src/routes/table'
import { tableOf, target } from './given'

describe('isUnderPrefix', () => {
  it.each<[string, string, boolean]>([
    ['/api', '/api', true],
    ['/api/', '/api', true],
    ['/api/users', '/api', true],
    ['/api?page=2', '/api', true],
    ['/apiary', '/api', false],
    ['/api.ts', '/api', false],
    ['/api-docs', '/api', false],
    ['/api%2Fusers', '/api', false],
    ['/API/users', '/api', false],
    ['/ap', '/api', false],
    ['/src/api/users', '/api', false],
    ['//api/users', '/api', false],
    ['/anything', '', true],
    ['/', '', true],
    ['?page=2', '', true],
  ])('%s under %j → %s', (path, prefix, expected) => {
    expect(isUnderPrefix(path, prefix)).toBe(expected)
  })
})

describe('matchPathRoute', () => {
  const table = tableOf({
    '/': 'http://root.test',
    '/api': 'http://api.test',
    '/api/v2': 'http://two.test',
    '^/(fr|de)/api/': 'http://word.test',
    '^/q\\?token=': 'http://query.test',
  })

  it.each<[string, string]>([
    ['/api/users', 'http://api.test'],
    ['/api/v2', 'http://two.test'],
    ['/api/v2?x', 'http://two.test'],
    ['/api/v22', 'http://api.test'],
    ['/api/v2.1', 'http://api.test'],
    ['/apiary', 'http://root.test'],
    ['/', 'http://root.test'],
    ['/fr/api/x', 'http://word.test'],
    ['/fr/apiary', 'http://root.test'],
    ['/q?token=1', 'http://query.test'],
    ['/q?other=1', 'http://root.test'],
  ])('sends %s to %s', (path, origin) => {
    expect(matchPathRoute(table, path)?.target.origin).toBe(origin)
  })

  it('leaves what no route takes', () => {
    expect(matchPathRoute(tableOf({ '/api': 'http://api.test' }), '/src/api.ts')).toBeUndefined()
  })

  it('answers the same for the same path every time', () => {
    for (let round = 0; round < 3; round++) {
      expect(matchPathRoute(table, '/de/api/x')?.target.origin).toBe('http://word.test')
    }
  })
})

it('reaches by the relay what is in the table, and nothing that resembles it', () => {
  const table = tableOf(['https://api.example.com/v1', 'wss://live.example.com'])
  expect(matchRelay(table, 'https://api.example.com')?.basePath).toBe('/v1')
  expect(matchRelay(table, 'https://live.example.com')).toBeDefined()
  for (const origin of [
    'http://api.example.com',
    'https://api.example.com:8443',
    'https://api.example.com.evil.test',
    'https://evil.test',
    'constructor',
    'null',
  ]) {
    expect(matchRelay(table, origin), origin).toBeUndefined()
  }
})

describe('matchFallback', () => {
  const { table } = buildRouteTable([target('http://localhost:4000', { fallback: true })])

  it.each<[string, string | undefined, boolean]>([
    ['GET', 'application/json', true],
    ['GET', '*/*', true],
    ['GET', 'text/html,application/xhtml+xml', false],
    ['GET', undefined, false],
    ['POST', 'text/html', true],
    ['DELETE', undefined, true],
  ])('%s that accepts %s → %s', (method, accept, expected) => {
    expect(matchFallback(table, { method, accept }) !== undefined).toBe(expected)
  })

  it('is nothing where there is no "proxy"', () => {
    expect(matchFallback(tableOf([]), { method: 'POST', accept: undefined })).toBeUndefined()
  })

  it('never shadows a path', () => {
    expect(matchPathRoute(table, '/src/main.ts')).toBeUndefined()
  })
})

describe('isMalformedRequestTarget', () => {
  it.each([
    'http://169.254.169.254/latest/',
    'https:/api',
    '*',
    '',
    'api/users',
    '\\api',
    '/api#x',
    '/api?x#y',
    '/api/\\..\\admin',
    '/api\\admin',
    '/api/\0',
    '/api/a b',
    '/api/\r\nHost:x',
    '/api/\x7f',
    '/api/../admin',
    '/api/..',
    '/api/.',
    '/api/./x',
    '/api/..?x',
    '/../api',
    '/.',
    '/..',
    '/api/%2e%2e/admin',
    '/api/%2E%2E%2Fadmin',
    '/api/..%2fadmin',
    '/api/..%2Fadmin',
    '/api%2f..%2fadmin',
    '/api/..%5cadmin',
    '/api/%2e%2e%5Cadmin',
    '/api/.%2e/admin',
    '/api/%2e/admin',
    '/api/%2e',
    '/api/%252e%252e/admin',
    '/api/%252e%252e%252fadmin',
    '/api/..%252fadmin',
    '/api/%25252e%25252e%25252fadmin',
    '/api/%2%65%2%65/admin',
    '/api/%%32%65%%32%65/admin',
    '/api/..;/admin',
    '/api/..;jsessionid=1/admin',
    '/api/%2e%2e%3b/admin',
    '/api/..%00/admin',
    '/api/..%3f/admin',
  ])('refuses %j', (raw) => {
    expect(isMalformedRequestTarget(raw)).toBeTypeOf('string')
  })

  it.each([
    '/',
    '/api',
    '/api/users?page=2',
    '/api/a..b',
    '/api/..a',
    '/api/a..',
    '/api/...',
    '/files/v1.2..3',
    '/.well-known/openid-configuration',
    '/api/.hidden',
    '/api/%2F',
    '/api/%2Fusers',
    '/api/a%2Fb',
    '/api/%5C',
    '/api/%252F',
    '/api/%25',
    '/api/100%',
    '/api/%zz',
    '/api/%C3%A4',
    '/api/\xe4',
    '/api//x',
    '//api',
    '/api/x?next=../../y',
    '/api/x?next=%2e%2e%2f',
    '/api/x?path=C:\\temp',
    "/api/!$&'()*+,;=:@",
    '/api/%00',
    '/api/x;v=1/y',
    '/api/x;..',
    '/api/%E2%80%A6/x',
  ])('lets %j through', (raw) => {
    expect(isMalformedRequestTarget(raw)).toBeUndefined()
  })

  it('finds every dot segment, however its bytes are escaped', () => {
    const escape = (character: string, depth: number): string => {
      if (depth === 0) return character
      const code = character.charCodeAt(0).toString(16)
      return `%${'25'.repeat(depth - 1)}${code}`
    }
    for (const dots of ['.', '..']) {
      for (const slash of ['/', '\\']) {
        for (let bits = 0; bits < 4 ** 3; bits++) {
          const depths = [bits & 3, (bits >> 2) & 3, (bits >> 4) & 3] as const
          const [first, second, third] = depths
          const written =
            escape(dots.charAt(0), first) + (dots.length > 1 ? escape('.', second) : '') + escape(slash, third)
          expect(isMalformedRequestTarget(`/api/${written}admin`), written).toBeTypeOf('string')
        }
      }
    }
  })

  it('takes no longer than the length of a hostile path asks for', () => {
    for (const raw of [
      `/${'%25'.repeat(5000)}2e`,
      `/%${'25'.repeat(8000)}`,
      `/${'.'.repeat(16000)}`,
      `/${'%2'.repeat(8000)}`,
      `/${'../'.repeat(5000)}`,
    ]) {
      const before = performance.now()
      isMalformedRequestTarget(raw)
      expect(performance.now() - before).toBeLessThan(200)
    }
  })

  it('never lets a path through that WHATWG URL parsing would change the segments of', () => {
    const pieces = ['/', '.', '..', 'a', '%2e', '%2F', '%5c', '\\', ';', '?', '%25', '2e', '//']
    let seed = 7
    const next = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648)
    for (let round = 0; round < 20000; round++) {
      let raw = '/'
      for (let length = next() % 6; length > 0; length--) raw += pieces[next() % pieces.length]
      if (isMalformedRequestTarget(raw) !== undefined) continue
      const { pathname, search, host } = new URL(`http://upstream.test${raw}`)
      expect(host).toBe('upstream.test')
      expect(pathname + (raw.endsWith('?') && search === '' ? '?' : search), raw).toBe(raw)
    }
  })
})
