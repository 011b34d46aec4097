import { describe, expect, it } from 'vitest'
import { createDevUrls, type PageScope } from '../../src/client/to-dev-url'

const relays = {
  'https://api.example.com': 'always',
  'http://localhost:4000': 'as-needed',
  'http://localhost:5173': 'always',
  'http://[::1]:8080': 'always',
} as const
const scope: PageScope = {
  origin: 'http://localhost:5173',
  location: { href: 'http://localhost:5173/app/page?x' },
}
const urls = createDevUrls({ prefix: '/__cors-dev/', relays, decisions: {} }, 'http://localhost:5173/main.js', scope)

describe('what the page calls', () => {
  it.each([
    ['https://api.example.com/a', 'always'],
    ['HTTPS://API.example.com:443/a', 'always'],
    ['  https://api.example\n.com/a ', 'always'],
    ['wss://api.example.com/a', 'always'],
    ['ws://localhost:4000/', 'as-needed'],
    ['http://[0:0::1]:8080/', 'always'],
    ['//localhost:4000/', 'as-needed'],
    ['/\\localhost:4000', 'as-needed'],
    ['/\n/localhost:4000', 'as-needed'],
    ['/\t\\localhost:4000', 'as-needed'],
    [new URL('https://api.example.com'), 'always'],
  ])('is a target: %s', (url, relay) => {
    expect(urls.targetOf(url)?.relay).toBe(relay)
  })

  it.each([
    '/a',
    'a',
    '',
    '?x',
    '//localhost:4001/',
    'http://api.example.com/',
    'ws://api.example.com/',
    'https://api.example.com:8443/',
    'https://api.example.com.evil.test/',
    'https://evil.test/https://api.example.com/',
    'http://localhost:5173/own',
    'ws://localhost:5173/hmr',
    'https://me:secret@api.example.com/',
    'blob:https://api.example.com/1',
    'data:,x',
    'http://',
    undefined,
    null,
    {},
    Symbol('url'),
  ])('is not one: %s', (url) => {
    expect(urls.targetOf(url)).toBeUndefined()
  })

  it('is resolved as the document resolves it', () => {
    const based = { ...scope, document: { baseURI: 'https://api.example.com/v1/' } }
    const { targetOf } = createDevUrls(
      { prefix: '/__cors-dev/', relays, decisions: {} },
      'http://localhost:5173',
      based,
    )
    expect(targetOf('users')?.url.href).toBe('https://api.example.com/v1/users')
    expect(targetOf('/users')?.url.href).toBe('https://api.example.com/users')
    based.document.baseURI = scope.location.href
    expect(targetOf('/users')).toBeUndefined()
    based.document.baseURI = 'http://localhost:4000/'
    expect(targetOf('/users')?.relay).toBe('as-needed')
  })

  it('is no target any more once the runtime is removed', () => {
    const closed = createDevUrls({ prefix: '/__cors-dev/', relays, decisions: {} }, 'http://localhost:5173', scope)
    closed.close()
    expect(closed.targetOf('https://api.example.com/a')).toBeUndefined()
  })
})

describe('where it goes', () => {
  it.each([
    [
      'https://api.example.com/a%2Fb?c=%20&d#e',
      'http://localhost:5173/__cors-dev/to/https/api.example.com/a%2Fb?c=%20&d#e',
    ],
    ['http://[::1]:8080', 'http://localhost:5173/__cors-dev/to/http/[::1]:8080/'],
  ])('%s there and back', (upstream, dev) => {
    expect(urls.toDevUrl(true, new URL(upstream))).toBe(dev)
    expect(urls.toUpstreamUrl(dev)).toBe(new URL(upstream).href)
  })

  it.each([
    ['wss://api.example.com/s', 'ws://localhost:5173/__cors-dev/to/https/api.example.com/s'],
    ['ws://localhost:4000/s?x', 'ws://localhost:5173/__cors-dev/to/http/localhost:4000/s?x'],
  ])('%s to its http twin, and back', (upstream, dev) => {
    expect(urls.toDevUrl(true, new URL(upstream))).toBe(dev.replace('ws', 'http'))
    expect(urls.toUpstreamUrl(dev)).toBe(upstream)
  })

  it('is the scheme of the dev server, below its base', () => {
    const config = { prefix: '/app/__cors-dev/', relays, decisions: {} }
    const secure = createDevUrls(config, 'https://dev.test:5173/app/@vite/env.mjs', scope)
    expect(secure.toDevUrl(false, new URL('ws://localhost:4000/'))).toBe(
      'https://dev.test:5173/app/__cors-dev/anon/http/localhost:4000/',
    )
  })

  it.each([
    ['blob:http://localhost:5173/0-1', 'http://localhost:5173/__cors-dev/'],
    ['about:srcdoc', 'http://localhost:5173/__cors-dev/'],
  ])('is known from %s', (base, prefix) => {
    expect(createDevUrls({ prefix: '/__cors-dev/', relays, decisions: {} }, base, scope).devPrefix).toBe(prefix)
  })
})

describe('what the platform shows', () => {
  it('skips the redirect that was followed', () => {
    const hop = 'http://localhost:5173/__cors-dev/hop/a_b-1/anon/https/api.example.com/x?y'
    expect(urls.toUpstreamUrl(hop)).toBe('https://api.example.com/x?y')
  })

  it.each([
    '',
    'http://localhost:5173/',
    'http://localhost:5173/__cors-dev/',
    'http://localhost:5173/__cors-dev/client.js',
    'http://localhost:5173/__cors-dev/decision',
    'http://localhost:5174/__cors-dev/to/https/api.example.com/',
    'https://api.example.com/__cors-dev/to/https/api.example.com/',
  ])('is left as it is where it is no relayed URL: %s', (url) => {
    expect(urls.toUpstreamUrl(url)).toBeUndefined()
  })
})

describe('where more targets may be found', () => {
  const discovering = createDevUrls(
    { prefix: '/__cors-dev/', relays: { 'https://api.example.com': 'always' }, decisions: {}, others: 'unknown' },
    'http://localhost:5174/main.js',
    scope,
  )

  it.each([
    ['https://api.example.com/a', 'always'],
    ['https://other.example.com/a', 'unknown'],
    ['http://localhost:3000/', 'unknown'],
    ['wss://live.example.com/', 'unknown'],
  ])('%s is asked about, or known: %s', (url, relay) => {
    expect(discovering.targetOf(url)?.relay).toBe(relay)
  })

  it.each([
    '/a',
    'http://localhost:5173/own',
    'ws://localhost:5173/hmr',
    // The dev server, of a page that another server renders.
    'http://localhost:5174/@vite/client',
    'https://me:secret@other.example.com/',
    'blob:https://other.example.com/1',
    'data:,x',
    'http://',
  ])('%s is nothing to ask about', (url) => {
    expect(discovering.targetOf(url)).toBeUndefined()
  })
})
