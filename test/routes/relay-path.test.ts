import { describe, expect, it } from 'vitest'
import { parseRelayPath, relayedUrlOf, toRelayPath } from '../../src/routes/relay-path'

describe('relay paths', () => {
  it.each([
    ['https://api.example.com/users?q=1', 'to/https/api.example.com/users?q=1', 'https://api.example.com'],
    ['http://localhost:3000/', 'to/http/localhost:3000/', 'http://localhost:3000'],
    ['wss://live.example.com/socket', 'to/https/live.example.com/socket', 'https://live.example.com'],
    ['ws://[::1]:8080/a%2Fb', 'to/http/[::1]:8080/a%2Fb', 'http://[::1]:8080'],
    ['https://bücher.example/ä?ö', 'to/https/xn--bcher-kva.example/%C3%A4?%C3%B6', 'https://xn--bcher-kva.example'],
    ['https://a.test/x#fragment', 'to/https/a.test/x', 'https://a.test'],
  ])('%s travels as %s', (url, path, origin) => {
    const relayPath = toRelayPath('to', new URL(url))
    expect(relayPath).toBe(path)
    const { pathname, search } = new URL(url)
    expect(parseRelayPath(relayPath)).toEqual({ kind: 'to', nonce: undefined, origin, pathAndQuery: pathname + search })
  })

  it.each([
    ['anon/https/a.test', { kind: 'anon', nonce: undefined, origin: 'https://a.test', pathAndQuery: '/' }],
    ['to/https/a.test?x', { kind: 'to', nonce: undefined, origin: 'https://a.test', pathAndQuery: '/?x' }],
    ['hop/n0-_/to/http/a.test/x', { kind: 'to', nonce: 'n0-_', origin: 'http://a.test', pathAndQuery: '/x' }],
    ['to/https/a.test//x', { kind: 'to', nonce: undefined, origin: 'https://a.test', pathAndQuery: '//x' }],
    ['to/https/a.test:443/x', { kind: 'to', nonce: undefined, origin: 'https://a.test', pathAndQuery: '/x' }],
  ])('reads %s', (path, expected) => {
    expect(parseRelayPath(path)).toEqual(expected)
  })

  it.each(['upload-listener', 'stream-body'] as const)('tell that a preflight is forced by %s', (forcesPreflight) => {
    const path = toRelayPath('anon', new URL('https://a.test/x'), `+${forcesPreflight}`)
    expect(path).toBe(`anon+${forcesPreflight}/https/a.test/x`)
    expect(parseRelayPath(path)).toMatchObject({ kind: 'anon', forcesPreflight, origin: 'https://a.test' })
  })

  it('tell that redirects are not followed, whatever else they tell', () => {
    for (const flags of ['+manual-redirect', '+stream-body+manual-redirect'] as const) {
      const path = toRelayPath('to', new URL('wss://a.test/x?y'), flags)
      expect(parseRelayPath(path)).toMatchObject({ kind: 'to', redirect: 'manual', origin: 'https://a.test' })
      expect(relayedUrlOf(path)).toBe('https://a.test/x?y')
    }
  })

  it.each([
    'to+/https/a.test/x',
    'to+other/https/a.test/x',
    'to/ftp/a.test/x',
    'to/https//x',
    'to/https/user@a.test/x',
    'to/https/user:pass@a.test/x',
    'to/https/a test/x',
    'to/https/[::1/x',
    'to/https/a.test/x#y',
    'TO/https/a.test/x',
    'hop//to/https/a.test/x',
    'decision',
    '',
  ])('does not take %j', (path) => {
    expect(parseRelayPath(path)).toBeUndefined()
  })
})
