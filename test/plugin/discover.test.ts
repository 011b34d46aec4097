import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CorsDevError } from '../../src/options/errors'
import { discover, type Project, settingsInPackageJson } from '../../src/plugin/discover'
import { pathsInProxyList, pathsInViteTable } from '../../src/plugin/host-paths'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cors-dev-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const project = (given: Partial<Project> = {}): Project => ({
  root,
  variables: {},
  envFiles: [],
  isVisible: () => true,
  proxyTable: { option: 'server.proxy', paths: [] },
  ...given,
})

test('gathers options, package.json and environment, in this order', () => {
  writeFileSync(join(root, 'package.json'), '{\n  "corsDev": { "targets": { "/b": "https://b.example.com" } }\n}\n')
  writeFileSync(join(root, '.env'), '# the API\nVITE_C=https://c.example.com/v1\n')
  const { targets } = discover(
    { targets: { '/a': 'https://a.example.com' } },
    project({
      variables: { VITE_C: 'https://c.example.com/v1' },
      envFiles: [join(root, '.env'), join(root, '.env.local')],
    }),
  )
  expect(targets.map(({ origin, provenance }) => [origin, provenance.source, provenance.file])).toEqual([
    ['https://a.example.com', 'options', undefined],
    ['https://b.example.com', 'package.json', 'package.json'],
    ['https://c.example.com', 'env', '.env'],
  ])
})

test('finds package.json above the root, and says where', () => {
  writeFileSync(join(root, 'package.json'), '{ "proxy": "http://localhost:4000" }')
  mkdirSync(join(root, 'page'))
  const { targets } = discover({}, project({ root: join(root, 'page') }))
  expect(targets).toMatchObject([
    { origin: 'http://localhost:4000', fallback: true, provenance: { file: '../package.json' } },
  ])
})

test("the plugin's options go before those in package.json, which fill in the others", () => {
  writeFileSync(
    join(root, 'package.json'),
    '{ "corsDev": { "relay": "never", "productionOrigin": "https://app.example.com" } }',
  )
  const { options } = discover({ relay: 'always' }, project())
  expect(options).toMatchObject({ relay: 'always', productionOrigin: 'https://app.example.com' })
})

test('throws the issues of all sources together', () => {
  writeFileSync(join(root, 'package.json'), '{ "corsDev": { "targets": ["nowhere"] } }')
  const run = () =>
    discover(
      { targets: { '/a': 'b', '/own': 'https://x.example.com' }, orgins: [] },
      project({ proxyTable: { option: 'server.proxy', paths: pathsInViteTable(['/own']) } }),
    )
  expect(run).toThrow(CorsDevError)
  try {
    run()
  } catch (error) {
    const { message, issues } = error as CorsDevError
    expect(issues).toHaveLength(4)
    for (const part of ['targets["/a"]', 'orgins', 'package.json', 'server.proxy']) expect(message).toContain(part)
    for (const line of message.split('\n')) expect(line).toMatch(/^\[cors-dev\] .*[^.]\. ?.*\.$/)
  }
})

test('only its own keys of package.json count as a change', () => {
  const file = join(root, 'package.json')
  writeFileSync(file, '{ "proxy": "http://a" }')
  const before = settingsInPackageJson(file)
  writeFileSync(file, '{ "proxy": "http://a", "dependencies": {} }')
  expect(settingsInPackageJson(file)).toBe(before)
  writeFileSync(file, '{ "proxy": "http://b" }')
  expect(settingsInPackageJson(file)).not.toBe(before)
})

describe("a path that the host's own table takes", () => {
  const inVite = (...keys: string[]) => ({ option: 'server.proxy', paths: pathsInViteTable(keys) })
  const inList = (...context: string[]) => ({ option: 'devServer.proxy', paths: pathsInProxyList([{ context }]) })

  test.each([
    ['/api', inVite('/other', '/api'), '"/api" in server.proxy'],
    ['/api/v2', inVite('/api'), '"/api" in server.proxy'],
    ['/apiary', inVite('/api'), '"/api" in server.proxy'],
    ['/api', inVite('/'), '"/" in server.proxy'],
    ['/', inVite('/'), '"/" in server.proxy'],
    ['^/api/v\\d+', inVite('/'), '"/" in server.proxy'],
    ['^/api', inVite('^/api'), '"^/api" in server.proxy'],
    ['/api', inVite('/api/'), '"/api/" in server.proxy'],
    ['/api/v2', inVite('^/api/v\\d'), '"^/api/v\\d" in server.proxy'],
    ['/api', inList('/'), '"/" in devServer.proxy'],
    ['/api/v2', inList('/api/**'), '"/api/**" in devServer.proxy'],
  ])('%s, %o', (path, proxyTable, owner) => {
    const run = () => discover({ targets: { [path]: 'https://x.example.com' } }, project({ proxyTable }))
    expect(run).toThrow(`can never match: ${owner} of the dev server takes it first`)
  })

  test.each([
    ['/', inVite('/api')],
    ['/api', inVite('/api/v1')],
    ['/api', inVite('^/api$')],
    ['/api', inList('/api/*')],
    ['/api', inList('/', '!/api/**', '!/api')],
    ['^/api', inList('/api')],
  ])('%s is more than %o', (path, proxyTable) => {
    const { targets } = discover({ targets: { [path]: 'https://x.example.com' } }, project({ proxyTable }))
    expect(targets).toHaveLength(1)
  })
})
