import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { exceptReserved, isInProxyList, isInViteTable, pathsInProxyList } from '../../src/plugin/host-paths'

const request = (url: string, headers = {}) => ({ url, headers }) as IncomingMessage

test.each([
  ['/api', '/api/users', true],
  ['/api', '/apiary', true],
  ['/api', '/other/api', false],
  ['^/v\\d+/', '/v2/users', true],
  ['^/v\\d+/', '/vx/users', false],
])("a key %s of Vite's table takes %s as Vite does: %s", (key, url, expected) => {
  expect(isInViteTable([key])(request(url))).toBe(expected)
})

describe("webpack-dev-server's list", () => {
  test.each([
    [{ context: ['/api', '/auth'] }, '/auth/login?x', true],
    [{ context: '/api' }, '/auth', false],
    [{ pathFilter: '/api/**' }, '/api/a/b', true],
    [{ pathFilter: ['/api/**', '!/api/own/**'] }, '/api/own/b', false],
    [{ pathFilter: (path: string) => path === '/x' }, '/x?q', true],
    [() => ({ context: '/late' }), '/late', true],
    [{}, '/anything', false],
  ])('%o and %s', (entry, url, expected) => {
    expect(isInProxyList([entry])(request(url))).toBe(expected)
  })

  test('names its paths', () => {
    const paths = pathsInProxyList([
      { context: ['/a', '/b'] },
      { pathFilter: ['/c/**', '!/c/own/**'] },
      { pathFilter: () => true },
    ])
    expect(paths.map(({ name }) => name)).toEqual(['/a', '/b', '/c/**'])
    expect(paths.map(({ takes }) => takes(request('/b/x')))).toEqual([false, true, false])
    expect(paths.map(({ takes }) => takes(request('/c/own/x')))).toEqual([false, false, false])
  })
})

test('the reserved prefix is ours, with and without the base', () => {
  const isHosts = exceptReserved('/app/', () => true)
  expect(isHosts(request('/__cors-dev/client.js'))).toBe(false)
  expect(isHosts(request('/app/__cors-dev/to/https/x/'))).toBe(false)
  expect(isHosts(request('/app/x'))).toBe(true)
})
