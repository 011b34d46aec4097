import { describe, expect, it } from 'vitest'
import { restoreCookieHeader, rewriteSetCookie } from '../../src/routes/rewrite'
import type { PathRoute } from '../../src/routes/table'
import type { TargetOptions } from '../../src/options/types'
import { tableOf } from './given'

function routeOf(key: string, entry: string | TargetOptions): PathRoute {
  const [route] = tableOf({ [key]: entry }).paths
  if (!route) throw new Error('No route')
  return route
}

const PLAIN = routeOf('/api', 'https://u.test')

describe('rewriteSetCookie', () => {
  it.each<[string, string, string]>([
    ['a=1', 'a=1', 'a=1'],
    ['a=1; Domain=example.com', 'a=1', 'a=1'],
    ['a=1; domain=.example.com; HttpOnly', 'a=1; HttpOnly', 'a=1; HttpOnly'],
    ['a=1;Secure;HttpOnly', 'a=1; HttpOnly', 'a=1; Secure; HttpOnly'],
    ['a=1; Secure; SameSite=None', 'a=1; SameSite=Lax', 'a=1; Secure; SameSite=None'],
    ['a=1; Secure; SameSite=None; Partitioned', 'a=1; SameSite=Lax', 'a=1; Secure; SameSite=None; Partitioned'],
    ['a=1; samesite=NONE', 'a=1; SameSite=Lax', 'a=1; SameSite=Lax'],
    ['a=1; Partitioned', 'a=1', 'a=1'],
    ['a=1; SameSite=Strict', 'a=1; SameSite=Strict', 'a=1; SameSite=Strict'],
    [
      'a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Max-Age=5',
      'a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Max-Age=5',
      'a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Max-Age=5',
    ],
    ['a="x=y Domain=z"; Path=/', 'a="x=y Domain=z"; Path=/', 'a="x=y Domain=z"; Path=/'],
    ['__Host-a=1; Path=/; Secure', '__cors_dev_Host-a=1; Path=/', '__Host-a=1; Path=/; Secure'],
    ['__secure-a=1; Secure', '__cors_dev_secure-a=1', '__secure-a=1; Secure'],
    ['__Host-Http-a=1; Secure', '__cors_dev_Host-Http-a=1', '__Host-Http-a=1; Secure'],
    ['__Hostess=1', '__Hostess=1', '__Hostess=1'],
    ['a=__Host-b', 'a=__Host-b', 'a=__Host-b'],
    ['a=1; ; Priority=High;', 'a=1; Priority=High', 'a=1; Priority=High'],
    ['a=', 'a=', 'a='],
    ['a', 'a', 'a'],
    ['', '', ''],
  ])('%j on a plain page and on a secure one', (line, plain, secure) => {
    expect(rewriteSetCookie(line, { pageIsSecure: false, route: PLAIN })).toBe(plain)
    expect(rewriteSetCookie(line, { pageIsSecure: true, route: PLAIN })).toBe(secure)
  })

  it.each<[string, string | TargetOptions, string, string]>([
    ['/api', 'https://u.test', '/', '/'],
    ['/api', 'https://u.test', '/api/auth', '/api/auth'],
    ['/api', 'https://u.test', '/auth', '/auth'],
    ['/api', 'https://u.test/v1', '/v1/api/auth', '/api/auth'],
    ['/api', 'https://u.test/v1', '/v1', '/'],
    ['/api', 'https://u.test/v1', '/v1/', '/'],
    ['/api', 'https://u.test/v1', '/v11', '/v11'],
    ['/api', 'https://u.test/v1/x', '/v1', '/'],
    ['/api', { url: 'https://u.test', stripPrefix: true }, '/', '/'],
    ['/api', { url: 'https://u.test', stripPrefix: true }, '/auth', '/api/auth'],
    ['/api', { url: 'https://u.test', stripPrefix: true }, '/api', '/api/api'],
    ['/api', { url: 'https://u.test/v1', stripPrefix: true }, '/v1/auth', '/api/auth'],
    ['/api', { url: 'https://u.test/v1', stripPrefix: true }, '/v1', '/api'],
    ['/api', { url: 'https://u.test/v1/x', stripPrefix: true }, '/v1/', '/api'],
    ['/api', { url: 'https://u.test/v1', stripPrefix: true }, '/other', '/other'],
    ['/', { url: 'https://u.test/v1', stripPrefix: true }, '/v1', '/'],
    ['^/v\\d/', { url: 'https://u.test', stripPrefix: true }, '/auth', '/'],
    ['^/v\\d/', 'https://u.test', '/v1/auth', '/v1/auth'],
    ['/api', 'https://u.test', 'relative', 'relative'],
  ])('on %s → %j maps the path %s to %s', (key, entry, path, expected) => {
    const line = rewriteSetCookie(`a=1; PATH=${path}; HttpOnly`, { pageIsSecure: true, route: routeOf(key, entry) })
    expect(line).toBe(`a=1; Path=${expected}; HttpOnly`)
  })
})

it('keeps a cookie aside under a prefix, its true name behind it, out of the reach of scripts', () => {
  const aside = { route: PLAIN, asidePrefix: '__cors_dev_0123456789abcdef_' }
  for (const pageIsSecure of [true, false]) {
    expect(rewriteSetCookie('__Host-a=1; Path=/', { ...aside, pageIsSecure })).toBe(
      '__cors_dev_0123456789abcdef___Host-a=1; Path=/; HttpOnly',
    )
    expect(rewriteSetCookie('a=; httponly; Max-Age=0', { ...aside, pageIsSecure })).toBe(
      '__cors_dev_0123456789abcdef_a=; httponly; Max-Age=0',
    )
  }
})

describe('restoreCookieHeader', () => {
  it.each<[string, boolean, string]>([
    ['a=1; __cors_dev_Host-a=2; b=3', false, 'a=1; __Host-a=2; b=3'],
    ['__cors_dev_secure-a=2', false, '__secure-a=2'],
    ['__cors_dev_1a2b3c4d=session', false, '__cors_dev_1a2b3c4d=session'],
    ['a=__cors_dev_Host-b', false, 'a=__cors_dev_Host-b'],
    ['__Host-a=1; __cors_dev_Host-a=2', true, '__Host-a=1'],
    ['a=1;b=2', false, 'a=1;b=2'],
  ])('%s, secure page: %s', (header, pageIsSecure, expected) => {
    expect(restoreCookieHeader(header, { pageIsSecure })).toBe(expected)
  })

  it('undoes what rewriteSetCookie did to a name', () => {
    for (const name of ['__Host-a', '__HOST-a', '__Secure-a', '__Http-a', '__Host-Http-a', 'plain', '__host']) {
      const [stored = ''] = rewriteSetCookie(`${name}=1; Secure; Path=/`, { pageIsSecure: false, route: PLAIN }).split(
        ';',
      )
      expect(restoreCookieHeader(`x=0; ${stored}`, { pageIsSecure: false })).toBe(`x=0; ${name}=1`)
    }
  })
})
