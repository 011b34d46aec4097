import { describe, expect, it } from 'vitest'
import { isMalformedRequestTarget, matchPathRoute } from '../../src/routes/match'
import { toPagePath, toUpstreamPath } from '../../src/routes/rewrite'
import type { RouteTable } from '../../src/routes/table'
import type { TargetOptions } from '../../src/options/types'
import { tableOf } from './given'

function upstreamPath(table: RouteTable, pathAndQuery: string): string {
  const route = matchPathRoute(table, pathAndQuery)
  if (!route) throw new Error(`No route takes ${pathAndQuery}`)
  return toUpstreamPath(route, pathAndQuery)
}

describe('toUpstreamPath', () => {
  it.each<[string, string | TargetOptions, string, string]>([
    ['/api', 'http://u.test', '/api/users?a=%2F&b', '/api/users?a=%2F&b'],
    ['/api', 'http://u.test/v1', '/api/users', '/v1/api/users'],
    ['/api', 'http://u.test/v1/', '/api', '/v1/api'],
    ['/', 'http://u.test/v1', '/', '/v1/'],
    ['/api', { url: 'http://u.test', stripPrefix: true }, '/api/users', '/users'],
    ['/api', { url: 'http://u.test', stripPrefix: true }, '/api', '/'],
    ['/api', { url: 'http://u.test', stripPrefix: true }, '/api/', '/'],
    ['/api', { url: 'http://u.test', stripPrefix: true }, '/api?x=1', '/?x=1'],
    ['/api/', { url: 'http://u.test', stripPrefix: true }, '/api/users', '/users'],
    ['/api', { url: 'http://u.test/v1', stripPrefix: true }, '/api', '/v1'],
    ['/api', { url: 'http://u.test/v1', stripPrefix: true }, '/api?x', '/v1?x'],
    ['/api', { url: 'http://u.test/v1', stripPrefix: true }, '/api/a%2Fb', '/v1/a%2Fb'],
    ['/api', { url: 'http://u.test', stripPrefix: true }, '/api//evil.test/x', '/evil.test/x'],
    ['/api', { url: 'http://u.test', stripPrefix: true }, '/api///evil.test', '/evil.test'],
    ['/api', { url: 'http://u.test/v1', stripPrefix: true }, '/api//x', '/v1//x'],
    ['/api', 'http://u.test', '/api//x', '/api//x'],
    ['/', 'http://u.test', '//evil.test/x', '/evil.test/x'],
    ['/', 'http://u.test//v1', '/x', '/v1/x'],
    ['^/v\\d+/', { url: 'http://u.test', stripPrefix: true }, '/v2/users?x', '/users?x'],
    ['^/v\\d+', { url: 'http://u.test/b', stripPrefix: true }, '/v2/users', '/b/users'],
    ['^/v\\d+', { url: 'http://u.test', stripPrefix: true }, '/v2?x', '/?x'],
    ['^/api.*', { url: 'http://u.test', stripPrefix: true }, '/api/users?x', '/'],
    ['^/api/', { url: 'http://u.test', stripPrefix: true }, '/api//evil.test', '/evil.test'],
    ['^/a|/b', { url: 'http://u.test', stripPrefix: true }, '/x/b/y', '/x/b/y'],
    ['^/api', 'http://u.test/v1', '/api/users', '/v1/api/users'],
  ])('%s → %j sends %s as %s', (key, entry, path, expected) => {
    expect(upstreamPath(tableOf({ [key]: entry }), path)).toBe(expected)
  })

  it('stays on the authority of the target, whatever the page calls', () => {
    const tables = ['http://u.test', 'http://u.test/v1', 'http://u.test//v1'].flatMap((url) =>
      ['/', '/api', '^/api/?', '^/(api)?'].flatMap((key) =>
        [true, false].map((stripPrefix) => tableOf({ [key]: { url, stripPrefix } })),
      ),
    )
    const pieces = ['/', '//', '/api', 'evil.test', '@', ':80', '?', '%2F', '%5c', 'x', '/api//']
    let seed = 3
    const next = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648)
    for (let round = 0; round < 5000; round++) {
      let path = next() % 2 ? '/api' : '/'
      for (let length = next() % 6; length > 0; length--) path += pieces[next() % pieces.length]
      if (isMalformedRequestTarget(path) !== undefined) continue
      for (const table of tables) {
        const route = matchPathRoute(table, path)
        if (!route) continue
        const sent = toUpstreamPath(route, path)
        expect(sent, path).toMatch(/^\/(?!\/)/)
        expect(new URL(sent, 'http://u.test').host, path).toBe('u.test')
      }
    }
  })
})

describe('toPagePath', () => {
  it('is the inverse of toUpstreamPath', () => {
    for (const url of ['http://u.test', 'http://u.test/v1']) {
      for (const stripPrefix of [true, false]) {
        const table = tableOf({ '/api': { url, stripPrefix }, '/': 'http://other.test' })
        for (const path of ['/api', '/api/users', '/api/users/?x=/../y', '/api/a%2Fb', '/api?x']) {
          const route = matchPathRoute(table, path)
          expect(route).toBeDefined()
          if (!route) continue
          const back = toPagePath(table, route, toUpstreamPath(route, path))
          // `/api` without its prefix is `/`, as `/api/` is.
          expect([path, path.replace('/api', '/api/')]).toContain(back)
        }
      }
    }
  })

  it('does not lead to a path that another route takes', () => {
    const table = tableOf({ '/api': 'http://a.test', '/api/v2': 'http://b.test' })
    const [route] = table.paths.filter(({ target }) => target.origin === 'http://a.test')
    expect(route && toPagePath(table, route, '/api/users')).toBe('/api/users')
    expect(route && toPagePath(table, route, '/api/v2/users')).toBeUndefined()
  })
})
