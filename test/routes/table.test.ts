import { describe, expect, it } from 'vitest'
import { buildRouteTable } from '../../src/routes/table'
import type { Target } from '../../src/targets/target'
import { tableOf, target } from './given'

const found = (origin: string, path: string | undefined, source: 'package.json' | 'env'): Target =>
  target(origin, { path, provenance: { source, name: origin } })

describe('buildRouteTable', () => {
  it('puts expressions first in their order, then the longest prefix', () => {
    const table = tableOf({
      '/a': 'http://1.test',
      '/a/b/c': 'http://2.test',
      '^/z': 'http://3.test',
      '/a/b': 'http://4.test',
      '^/a': 'http://5.test',
    })
    expect(table.paths.map(({ prefix }) => String(prefix))).toEqual(['/^\\/z/', '/^\\/a/', '/a/b/c', '/a/b', '/a'])
  })

  it('drops slashes at the end of a prefix', () => {
    const table = tableOf({ '/api/': 'http://1.test', '/': 'http://2.test' })
    expect(table.paths.map(({ prefix }) => prefix)).toEqual(['/api', ''])
  })

  it('lets the first target of an origin decide its options', () => {
    const table = tableOf({
      '/api': { url: 'http://1.test/v1', origin: 'page' },
      '/auth': { url: 'http://1.test/auth', origin: 'remove' },
    })
    expect(table.relays.get('http://1.test')?.originPolicy).toBe('page')
    expect(table.paths).toHaveLength(2)
  })

  it('takes a second target of one origin amiss if its options would never apply', () => {
    const first = target('http://1.test', { provenance: { source: 'options', name: 'targets[0]' } })
    const second = (changes: Partial<Target>): Target =>
      target('http://1.test', { basePath: '/v2', provenance: { source: 'options', name: 'targets[1]' }, ...changes })
    expect(buildRouteTable([first, second({})]).issues).toEqual([])
    for (const changes of [
      { originPolicy: 'remove' },
      { relay: 'never' },
      { explain: false },
      { proxy: { auth: 'u:p' } },
    ] as const) {
      expect(buildRouteTable([first, second(changes)]).issues).toMatchObject([{ path: 'targets[1]' }])
      expect(buildRouteTable([first, second({ ...changes, path: '/v2' })]).issues).toEqual([])
    }
  })

  it('has no relay for a target that is never relayed, nor for a later one of its origin', () => {
    const { table } = buildRouteTable([
      target('http://1.test', { path: '/api', relay: 'never' }),
      found('http://1.test', undefined, 'env'),
      target('http://2.test', { relay: 'as-needed' }),
    ])
    expect([...table.relays.keys()]).toEqual(['http://2.test'])
    expect(table.paths).toHaveLength(1)
  })

  it('drops in silence a path that an earlier source has taken, and keeps that target as a relay', () => {
    const { table, issues } = buildRouteTable([
      target('http://1.test', { path: '/api' }),
      found('http://2.test', '/api/', 'package.json'),
    ])
    expect(issues).toEqual([])
    expect(table.paths.map((route) => route.target.origin)).toEqual(['http://1.test'])
    expect(table.relays.has('http://2.test')).toBe(true)
  })

  it.each<[string, Target[], number]>([
    ['the same path twice', [target('http://1.test', { path: '/api' }), target('http://2.test', { path: '/api/' })], 1],
    [
      'the same expression twice',
      [target('http://1.test', { path: '^/a' }), target('http://2.test', { path: '^/a' })],
      1,
    ],
    [
      'a prefix behind an expression that takes all',
      [target('http://1.test', { path: '/api' }), target('http://2.test', { path: '^/.*' })],
      1,
    ],
    [
      'an expression behind one that takes all',
      [target('http://1.test', { path: '^/' }), target('http://2.test', { path: '^/a' })],
      1,
    ],
    [
      'an expression before one that takes all',
      [target('http://1.test', { path: '^/a' }), target('http://2.test', { path: '^/' })],
      0,
    ],
    [
      'a prefix under a shorter one',
      [target('http://1.test', { path: '/' }), target('http://2.test', { path: '/api' })],
      0,
    ],
    ['the reserved path', [target('http://1.test', { path: '/__cors-dev' })], 1],
    ['a path under the reserved one', [target('http://1.test', { path: '/__cors-dev/to' })], 1],
    ['a path that resembles the reserved one', [target('http://1.test', { path: '/__cors-devil' })], 0],
    ['two addresses without a path', [target('http://1.test'), target('http://2.test')], 0],
  ])('says of %s whether it can match', (_, targets, count) => {
    const { issues } = buildRouteTable(targets)
    expect(issues.map(({ code }) => code)).toEqual(Array.from({ length: count }, () => 'CORS_DEV_PATH'))
  })

  it('keeps paths for others on demand', () => {
    const { issues, table } = buildRouteTable([target('http://1.test', { path: '/socket' })], ['/socket'])
    expect(issues).toHaveLength(1)
    expect(table.paths).toEqual([])
  })

  it('has the first fallback', () => {
    const { table } = buildRouteTable([
      target('http://1.test', { fallback: true }),
      target('http://2.test', { fallback: true }),
    ])
    expect(table.fallback?.target.origin).toBe('http://1.test')
    expect(table.paths).toEqual([])
    expect(table.relays.has('http://1.test')).toBe(true)
  })
})
