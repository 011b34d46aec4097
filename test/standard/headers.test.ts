import { describe, expect, it } from 'vitest'
import {
  combineHeaders,
  corsUnsafeRequestHeaderNames,
  isCorsNonWildcardRequestHeaderName,
  isCorsSafelistedRequestHeader,
  isCorsSafelistedResponseHeaderName,
  isForbiddenRequestHeader,
  parseTokenList,
} from '../../src/standard/headers'

describe('isCorsSafelistedRequestHeader', () => {
  it.each<[string, string, boolean]>([
    ['accept', '*/*', true],
    ['Accept', 'text/html, application/json;q=0.9', true],
    ['accept', 'text/html;profile="x"', false],
    ['accept', 'a'.repeat(128), true],
    ['accept', 'a'.repeat(129), false],
    ['accept', 'a\tb', true],
    ['accept', 'a\x7f', false],
    ['accept-language', 'de-CH, en;q=0.5', true],
    ['accept-language', 'de_CH', false],
    ['content-language', 'en', true],
    ['content-language', 'en@x', false],
    ['content-type', 'text/plain', true],
    ['content-type', 'TEXT/PLAIN;charset=UTF-8', true],
    ['content-type', ' text/plain ; charset=utf-8', true],
    ['content-type', 'multipart/form-data; boundary=----x', true],
    ['content-type', 'multipart/form-data; boundary="x"', false],
    ['content-type', 'application/x-www-form-urlencoded;charset=UTF-8', true],
    ['content-type', 'application/json', false],
    ['content-type', 'text/plain, text/plain', false],
    ['content-type', 'text/plainer', false],
    ['content-type', 'text', false],
    ['content-type', '/plain', false],
    ['content-type', '', false],
    ['range', 'bytes=0-', true],
    ['range', 'bytes=0-0', true],
    ['range', 'bytes=5-4', false],
    ['range', 'bytes=-5', false],
    ['range', 'bytes=0-1,3-4', false],
    ['range', 'bytes= 0-1', false],
    ['range', 'Bytes=0-1', false],
    ['range', 'bytes=9007199254740993-9007199254740992', false],
    ['authorization', 'Bearer x', false],
    ['x-requested-with', 'XMLHttpRequest', false],
    ['last-event-id', '1', false],
  ])('%s: %s → %s', (name, value, expected) => {
    expect(isCorsSafelistedRequestHeader(name, value)).toBe(expected)
  })

  it('takes exactly the bytes that are not CORS-unsafe in Accept', () => {
    const unsafe = '"():<>?@[\\]{}\x7f'
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte)
      const expected = !((byte < 0x20 && byte !== 0x09) || unsafe.includes(character))
      expect(isCorsSafelistedRequestHeader('accept', `a${character}b`), `byte ${byte}`).toBe(expected)
    }
  })
})

describe('corsUnsafeRequestHeaderNames', () => {
  it('lists them once and sorted', () => {
    const headers: [string, string][] = [
      ['x-b', '1'],
      ['authorization', 'x'],
      ['accept', '*/*'],
      ['x-b', '2'],
      ['x-a', '1'],
    ]
    expect(corsUnsafeRequestHeaderNames(headers)).toEqual(['authorization', 'x-a', 'x-b'])
  })

  it('reads Headers', () => {
    expect(corsUnsafeRequestHeaderNames(new Headers({ 'Content-Type': 'application/json' }))).toEqual(['content-type'])
  })

  it('counts all names as unsafe once safelisted values have more than 1024 bytes', () => {
    const fields = (size: number): [string, string][] => [
      ...Array.from({ length: 8 }, (): [string, string] => ['accept', 'a'.repeat(size)]),
      ['content-type', 'text/plain'],
    ]
    expect(corsUnsafeRequestHeaderNames(fields(126))).toEqual([])
    expect(corsUnsafeRequestHeaderNames(fields(127))).toEqual(['accept', 'content-type'])
  })

  it('judges field by field, and fields that are combined as the one that they make', () => {
    const halves: [string, string][] = [
      ['accept', 'a'.repeat(64)],
      ['accept', 'b'.repeat(64)],
    ]
    expect(corsUnsafeRequestHeaderNames(halves)).toEqual([])
    expect(corsUnsafeRequestHeaderNames(combineHeaders(halves))).toEqual(['accept'])
    // What the runtime in the page reads.
    expect(corsUnsafeRequestHeaderNames(new Headers(halves))).toEqual(['accept'])
  })
})

describe('isForbiddenRequestHeader', () => {
  it.each<[string, string, boolean]>([
    ['Cookie', '', true],
    ['host', '', true],
    ['Proxy-Foo', '', true],
    ['proxyfoo', '', false],
    ['Sec-Fetch-Site', '', true],
    ['second', '', false],
    ['Via', '', true],
    ['x-http-method-override', 'GET, trace', true],
    ['x-http-method-override', 'PUT', false],
    ['x-method', 'TRACE', false],
    ['user-agent', '', false],
    ['access-control-request-private-network', 'true', false],
  ])('%s: %s → %s', (name, value, expected) => {
    expect(isForbiddenRequestHeader(name, value)).toBe(expected)
  })
})

describe('names', () => {
  it('has one CORS non-wildcard request-header name', () => {
    expect(isCorsNonWildcardRequestHeaderName('Authorization')).toBe(true)
    expect(isCorsNonWildcardRequestHeaderName('Proxy-Authorization')).toBe(false)
  })

  it.each<[string, string[], boolean]>([
    ['Content-Type', [], true],
    ['ETag', [], false],
    ['ETag', ['etag'], true],
    ['Set-Cookie', ['set-cookie'], false],
    ['Set-Cookie2', ['set-cookie2'], false],
  ])('says whether %s is a CORS-safelisted response-header name with %j exposed', (name, exposed, expected) => {
    expect(isCorsSafelistedResponseHeaderName(name, new Set(exposed))).toBe(expected)
  })

  it.each<[string | null, string[] | undefined]>([
    [null, []],
    ['', []],
    ['a,B , ,c', ['a', 'B', 'c']],
    ['a, b c', undefined],
    ['a, "b"', undefined],
    ['*', ['*']],
  ])('parses the list %s', (value, expected) => {
    expect(parseTokenList(value)).toEqual(expected)
  })
})
