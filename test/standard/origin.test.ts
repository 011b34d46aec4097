import { expect, it } from 'vitest'
import { isSameOrigin, OPAQUE_ORIGIN, parseOrigin } from '../../src/standard/origin'

it.each([
  'http://localhost:5173',
  'https://app.example.com',
  'http://[::1]:3000',
  'http://127.0.0.1',
  'https://xn--bcher-kva.example',
])('takes the serialized origin %s', (text) => {
  expect(parseOrigin(text)).toBe(text)
})

it.each([
  'http://localhost:80',
  'https://app.example.com:443',
  'https://app.example.com/',
  'https://app.example.com/path',
  'https://App.example.com',
  'HTTPS://app.example.com',
  'https://user@app.example.com',
  'https://bücher.example',
  ' https://app.example.com',
  'http://127.1',
  'http://[',
  'http://a b',
  'http://',
  'null',
  '*',
  '',
  'ftp://example.com',
  'ws://example.com',
  'chrome-extension://abcdef',
  'localhost:3000',
])('does not take %j', (text) => {
  expect(parseOrigin(text)).toBeUndefined()
})

it('finds nothing same origin with an opaque origin', () => {
  expect(isSameOrigin('http://a.example', 'http://a.example')).toBe(true)
  expect(isSameOrigin('http://a.example', 'https://a.example')).toBe(false)
  expect(isSameOrigin(OPAQUE_ORIGIN, OPAQUE_ORIGIN)).toBe(false)
})
