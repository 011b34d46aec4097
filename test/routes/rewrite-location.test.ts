import { describe, expect, it } from 'vitest'
import { matchPathRoute } from '../../src/routes/match'
import { type RelayKind } from '../../src/routes/relay-path'
import { rewriteLocation, type RewrittenLocation } from '../../src/routes/rewrite'
import { buildRouteTable, type RouteTable } from '../../src/routes/table'
import { tableOf, target } from './given'

const unchanged: RewrittenLocation = { kind: 'unchanged' }
const path = (value: string): RewrittenLocation => ({ kind: 'path', path: value })
const relay = (origin: string, relayPath: string): RewrittenLocation => ({ kind: 'relay', origin, relayPath })

const TABLE = tableOf({
  '/api': 'https://kept.test/v1',
  '/strip': { url: 'https://strip.test/base', stripPrefix: true },
  '/auth': 'https://auth.test',
  '/api/inner': 'https://inner.test',
  '/direct': { url: 'https://direct.test', relay: 'never' },
  '^/word/\\d+/': { url: 'https://word.test', stripPrefix: true },
  '/word-login': 'https://word.test',
})

const SERVER = {
  isDevServer: (origin: string) => origin === 'http://localhost:5173',
  prefixes: ['/app/__cors-dev/', '/__cors-dev/'],
}

function byPath(table: RouteTable, pagePath: string, upstreamUrl: string, location: string, isNavigation = false) {
  const route = matchPathRoute(table, pagePath)
  return rewriteLocation(location, { table, upstreamUrl, way: 'path', route, isNavigation, ...SERVER })
}

function byRelay(kind: RelayKind, upstreamUrl: string, location: string, isNavigation = false) {
  return rewriteLocation(location, { table: TABLE, upstreamUrl, way: kind, route: undefined, isNavigation, ...SERVER })
}

describe('a Location on a path route', () => {
  it.each<[string, string, string, RewrittenLocation]>([
    ['/api/a', 'https://kept.test/v1/api/a', 'https://kept.test/v1/api/b?x=1#frag', path('/api/b?x=1#frag')],
    ['/api/a', 'https://kept.test/v1/api/a', '/v1/api/b', path('/api/b')],
    ['/api/a/b', 'https://kept.test/v1/api/a/b', 'c', path('/api/a/c')],
    ['/api/a/b', 'https://kept.test/v1/api/a/b', '?page=2', path('/api/a/b?page=2')],
    ['/api/a', 'https://kept.test/v1/api/a', '/v1/apiary', relay('https://kept.test', 'to/https/kept.test/v1/apiary')],
    ['/api/a', 'https://kept.test/v1/api/a', '/login#top', relay('https://kept.test', 'to/https/kept.test/login#top')],
    ['/api/a', 'https://kept.test/v1/api/a', '/v1', relay('https://kept.test', 'to/https/kept.test/v1')],
    // Its page path is another target's.
    [
      '/api/a',
      'https://kept.test/v1/api/a',
      '/v1/api/inner/x',
      relay('https://kept.test', 'to/https/kept.test/v1/api/inner/x'),
    ],
    ['/strip/a', 'https://strip.test/base/a', 'https://strip.test/base/b', path('/strip/b')],
    ['/strip/a', 'https://strip.test/base/a', '/base', path('/strip')],
    ['/strip/a', 'https://strip.test/base/a', '/base?x', path('/strip?x')],
    ['/strip/a', 'https://strip.test/base/a', '/basement', relay('https://strip.test', 'to/https/strip.test/basement')],
    ['/strip/a', 'https://strip.test/base/a', '/base//evil.test', path('/strip//evil.test')],
    // Another route to the same origin covers it; what an expression has stripped can't be restored.
    ['/word/1/a', 'https://word.test/a', '/word-login', path('/word-login')],
    ['/word/1/a', 'https://word.test/a', '/b', relay('https://word.test', 'to/https/word.test/b')],
    [
      '/auth/a',
      'https://auth.test/auth/a',
      'https://kept.test/v1/api/b',
      relay('https://kept.test', 'to/https/kept.test/v1/api/b'),
    ],
    ['/auth/a', 'https://auth.test/auth/a', 'https://stranger.test/', unchanged],
    ['/auth/a', 'https://auth.test/auth/a', 'http://auth.test/auth/b', unchanged],
    ['/auth/a', 'https://auth.test/auth/a', 'https://auth.test:8443/auth/b', unchanged],
    ['/auth/a', 'https://auth.test/auth/a', '//stranger.test/auth', unchanged],
    ['/auth/a', 'https://auth.test/auth/a', '//auth.test/auth/b', path('/auth/b')],
    ['/auth/a', 'https://auth.test/auth/a', 'https://user:secret@auth.test/auth/b', unchanged],
    ['/auth/a', 'https://auth.test/auth/a', 'mailto:someone@auth.test', unchanged],
    ['/auth/a', 'https://auth.test/auth/a', 'http://[', unchanged],
    ['/auth/a', 'https://auth.test/auth/a', '/auth/caf\xc3\xa9', path('/auth/caf%C3%A9')],
    ['/auth/a', 'https://auth.test/auth/a', '/auth/caf\xe9', path('/auth/caf%C3%A9')],
    ['/auth/a', 'https://auth.test/auth/a', '/auth/../auth/b', path('/auth/b')],
    // Not relayed: no path of the dev server leads there.
    ['/auth/a', 'https://auth.test/auth/a', 'https://direct.test/direct/x', unchanged],
    ['/direct/a', 'https://direct.test/direct/a', '/direct/b', path('/direct/b')],
    ['/direct/a', 'https://direct.test/direct/a', '/elsewhere', unchanged],
  ])('%s from %s to %s', (pagePath, upstreamUrl, location, expected) => {
    expect(byPath(TABLE, pagePath, upstreamUrl, location)).toEqual(expected)
  })

  it.each<[string, string, RewrittenLocation]>([
    ['/auth/a', '/auth/b#x', path('/auth/b#x')],
    // A document of another target that has a path here.
    ['/auth/a', 'https://kept.test/v1/api/b', path('/api/b')],
    ['/auth/a', 'https://strip.test/base/b', path('/strip/b')],
    // The relay serves no documents: the browser goes where the upstream sends it.
    ['/auth/a', '/', unchanged],
    ['/auth/a', '/login', unchanged],
    ['/auth/a', 'https://kept.test/elsewhere', unchanged],
    ['/auth/a', 'https://stranger.test/', unchanged],
  ])('of a document, %s to %s', (pagePath, location, expected) => {
    expect(byPath(TABLE, pagePath, `https://auth.test${pagePath}`, location, true)).toEqual(expected)
  })

  it.each<[string, boolean, RewrittenLocation]>([
    ['http://localhost:5173/auth/b', false, unchanged],
    ['http://localhost:5173/', false, unchanged],
    ['http://localhost:5173/api/x', false, relay('https://kept.test', 'to/https/kept.test/v1/api/x')],
    [
      'http://localhost:5173/__cors-dev/to/https/kept.test/x',
      false,
      relay('https://kept.test', 'to/https/kept.test/x'),
    ],
    // Where a login sends the person back to.
    ['http://localhost:5173/', true, unchanged],
    ['http://localhost:5173/auth/b', true, unchanged],
    ['http://localhost:5173/api/x', true, unchanged],
  ])('to the dev server itself, %s (of a document: %s)', (location, isNavigation, expected) => {
    expect(byPath(TABLE, '/auth/a', 'https://auth.test/auth/a', location, isNavigation)).toEqual(expected)
  })

  it('of a document does not lead into another target that adds secrets to what the page sends', () => {
    const table = tableOf({
      '/a': 'https://a.test',
      '/b': { url: 'https://b.test', proxy: { headers: { 'x-key': 'k' } } },
    })
    const from = (path: string, location: string) =>
      byPath(table, path, `https://${path[1]}.test${path}`, location, true)
    expect(from('/a/x', 'https://b.test/b/delete')).toEqual(unchanged)
    expect(from('/a/x', 'http://localhost:5173/b/delete')).toEqual({ kind: 'url', url: 'https://b.test/b/delete' })
    expect(from('/b/x', 'https://b.test/b/next')).toEqual(path('/b/next'))
  })

  it('of the fallback is told apart from the step of another target to it', () => {
    const { table } = buildRouteTable([
      target('http://cra.test', { fallback: true }),
      target('http://api.test', { path: '/api' }),
    ])
    const context = { table, way: 'path', isNavigation: false, ...SERVER } as const
    const location = 'http://localhost:5173/users'
    const route = table.paths[0]
    expect(rewriteLocation(location, { ...context, upstreamUrl: 'http://api.test/api/a', route })).toEqual(
      relay('http://cra.test', 'to/http/cra.test/users'),
    )
    expect(rewriteLocation(location, { ...context, upstreamUrl: 'http://cra.test/a', route: table.fallback })).toEqual(
      unchanged,
    )
  })

  it('never names another server by two slashes', () => {
    const root = tableOf({ '/': 'https://root.test' })
    const stripped = tableOf({ '/': { url: 'https://root.test/base', stripPrefix: true } })
    for (const location of [
      '//evil.test',
      '/\\evil.test',
      '/%2Fevil.test',
      '///evil.test',
      '/.//evil.test',
      '/base//evil.test',
    ]) {
      for (const table of [root, stripped]) {
        const rewritten = byPath(table, '/a', 'https://root.test/base/a', `https://root.test${location}`)
        if (rewritten.kind !== 'path') continue
        expect(rewritten.path, location).toMatch(/^\/(?![/\\])/)
        expect(new URL(rewritten.path, 'http://localhost:5173').host).toBe('localhost:5173')
      }
    }
    expect(byPath(root, '/a', 'https://root.test/a', 'https://root.test//evil.test/x')).toEqual(path('/evil.test/x'))
  })

  it('of the fallback goes where the fallback leads, for a document nowhere', () => {
    const { table } = buildRouteTable([
      target('http://cra.test', { fallback: true }),
      target('http://api.test', { path: '/api' }),
    ])
    const rewrite = (location: string, isNavigation: boolean): RewrittenLocation =>
      rewriteLocation(location, {
        table,
        upstreamUrl: 'http://cra.test/a',
        way: 'path',
        route: table.fallback,
        isNavigation,
        ...SERVER,
      })
    expect(rewrite('/users', false)).toEqual(path('/users'))
    expect(rewrite('/api/users', false)).toEqual(relay('http://cra.test', 'to/http/cra.test/api/users'))
    expect(rewrite('/users', true)).toEqual(unchanged)
  })
})

describe('a Location on the relay', () => {
  it.each<[RelayKind, string, string, RewrittenLocation]>([
    ['to', 'https://auth.test/a', '/b?x#y', relay('https://auth.test', 'to/https/auth.test/b?x#y')],
    ['anon', 'https://auth.test/a', 'b', relay('https://auth.test', 'anon/https/auth.test/b')],
    ['anon', 'https://auth.test/a', 'https://kept.test/c', relay('https://kept.test', 'anon/https/kept.test/c')],
    // Even where a path route would lead there: the page sees the absolute URL.
    ['to', 'https://auth.test/a', '/auth/b', relay('https://auth.test', 'to/https/auth.test/auth/b')],
    ['to', 'https://auth.test/a', '//evil.test/b', unchanged],
    ['to', 'https://auth.test/a', 'https://stranger.test/b', unchanged],
    ['to', 'https://auth.test/a', 'https://direct.test/b', unchanged],
    ['to', 'https://auth.test/a', 'https://user@auth.test/b', unchanged],
    ['to', 'https://auth.test/a', '', relay('https://auth.test', 'to/https/auth.test/a')],
  ])('%s from %s to %s', (kind, upstreamUrl, location, expected) => {
    expect(byRelay(kind, upstreamUrl, location)).toEqual(expected)
  })

  // The page's own origin is no secret to an upstream: Origin and Referer tell it.
  it.each<[string, RewrittenLocation]>([
    // To the browser this is no step to another origin: it would take the token along.
    ['http://localhost:5173/api/steal', relay('https://kept.test', 'to/https/kept.test/v1/api/steal')],
    ['http://localhost:5173/strip/x?y#z', relay('https://strip.test', 'to/https/strip.test/base/x?y#z')],
    ['http://localhost:5173/__cors-dev/to/https/kept.test/x', relay('https://kept.test', 'to/https/kept.test/x')],
    ['http://localhost:5173/__cors-dev/anon/https/kept.test/x', relay('https://kept.test', 'to/https/kept.test/x')],
    [
      'http://localhost:5173/__cors-dev/hop/abc/to/https/kept.test/x',
      relay('https://kept.test', 'to/https/kept.test/x'),
    ],
    ['http://localhost:5173/app/__cors-dev/to/https/kept.test/x', relay('https://kept.test', 'to/https/kept.test/x')],
    ['http://localhost:5173/auth/b', relay('https://auth.test', 'to/https/auth.test/auth/b')],
    // No relay leads there: the browser crosses origins itself, and knows.
    ['http://localhost:5173/direct/x', { kind: 'url', url: 'https://direct.test/direct/x' }],
    ['http://localhost:5173/__cors-dev/to/https/stranger.test/x', { kind: 'url', url: 'https://stranger.test/x' }],
    ['http://localhost:5173/', { kind: 'nowhere' }],
    ['http://localhost:5173/src/main.js', { kind: 'nowhere' }],
    ['http://localhost:5173/__cors-dev/decision', { kind: 'nowhere' }],
    ['http://localhost:5174/api/x', unchanged],
  ])('to the dev server itself is what stands behind it: %s', (location, expected) => {
    expect(byRelay('to', 'https://auth.test/a', location)).toEqual(expected)
  })

  it('does not lead into a target that shows a client certificate', () => {
    const table = tableOf({ '/a': 'https://a.test', '/b': { url: 'https://b.test', proxy: { ssl: { key: 'k' } } } })
    const from = (upstreamUrl: string) =>
      rewriteLocation('https://b.test/x', {
        table,
        upstreamUrl,
        way: 'to',
        route: undefined,
        isNavigation: false,
        ...SERVER,
      })
    expect(from('https://a.test/')).toEqual(unchanged)
    expect(from('https://b.test/')).toEqual(relay('https://b.test', 'to/https/b.test/x'))
  })

  it('serves no document', () => {
    expect(byRelay('to', 'https://auth.test/a', '/b', true)).toEqual(unchanged)
  })
})
