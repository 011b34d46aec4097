import { describe, expect, it } from 'vitest'
import { fillIn, resolveOptions } from '../../src/options/resolve'
import { targetsFromPackageJson } from '../../src/targets/from-package-json'

const read = (content: unknown) => targetsFromPackageJson(JSON.stringify(content, null, 2), 'package.json')

describe('"corsDev" in package.json', () => {
  it('names targets as the plugin does, each with its line', () => {
    const text = `{
  "name": "x",
  "corsDev": {
    "targets": {
      "/api": "https://api.example.com/v1",
      "/auth": {
        "url": "http://localhost:4000",
        "stripPrefix": true
      }
    }
  }
}`
    const { targets, issues } = targetsFromPackageJson(text, 'package.json')
    expect(issues).toEqual([])
    expect(targets).toMatchObject([
      {
        origin: 'https://api.example.com',
        basePath: '/v1',
        path: '/api',
        relay: 'always',
        provenance: { source: 'package.json', file: 'package.json', line: 5, name: 'corsDev.targets["/api"]' },
      },
      { path: '/auth', stripPrefix: true, provenance: { line: 6, name: 'corsDev.targets["/auth"]' } },
    ])
  })

  it('names targets in a list', () => {
    const { targets } = read({ corsDev: { targets: ['http://a.test', { url: 'http://b.test' }] } })
    expect(targets.map(({ provenance }) => [provenance.line, provenance.name])).toEqual([
      [4, 'corsDev.targets[0]'],
      [5, 'corsDev.targets[1]'],
    ])
  })

  it('says file and line of each mistake', () => {
    const { issues } = read({
      corsDev: { targets: { '/api': 'localhost:3000', '/b': { ulr: 'http://b.test' } }, origins: ['*'], targtes: [] },
    })
    expect(issues.map(({ path, code }) => [path, code])).toEqual([
      ['package.json:12 corsDev.targtes', 'CORS_DEV_UNKNOWN'],
      ['package.json:4 corsDev.targets["/api"]', 'CORS_DEV_TARGET'],
      ['package.json:6 corsDev.targets["/b"].ulr', 'CORS_DEV_UNKNOWN'],
      // What is missing stands nowhere: the line is that of the target.
      ['package.json:5 corsDev.targets["/b"].url', 'CORS_DEV_TARGET'],
      ['package.json:10 corsDev.origins[0]', 'CORS_DEV_ORIGIN'],
    ])
  })

  it('refuses what is no object', () => {
    expect(read({ corsDev: 'http://a.test' }).issues).toMatchObject([
      { path: 'package.json:2 corsDev', instead: 'Write { targets: ["http://a.test"] }' },
    ])
  })

  it('refuses an address that cannot be called', () => {
    expect(read({ corsDev: { targets: ['http://0.0.0.0:3000'] } }).issues).toMatchObject([
      { code: 'CORS_DEV_ADDRESS', path: 'package.json:4 corsDev.targets[0]' },
    ])
  })

  it('fills in the options that the plugin was not given', () => {
    const { options } = read({
      corsDev: { origins: ['http://a.test'], productionOrigin: 'https://a.test', relay: 'never', targets: [] },
    })
    if (!options) throw new Error('No options')
    expect(fillIn(resolveOptions({}), options)).toMatchObject({
      origins: ['http://a.test'],
      productionOrigin: 'https://a.test',
      relay: 'never',
      hasExplicitTargets: true,
    })
    const given = { origins: ['http://b.test'], productionOrigin: 'https://b.test', relay: 'always' }
    expect(fillIn(resolveOptions(given), options)).toMatchObject(given)
  })
})

describe('"proxy" in package.json', () => {
  it('takes what nobody else knows', () => {
    const { targets, issues } = read({ name: 'x', proxy: 'http://localhost:4000/base' })
    expect(issues).toEqual([])
    expect(targets).toEqual([
      {
        origin: 'http://localhost:4000',
        basePath: '/base',
        path: undefined,
        fallback: true,
        stripPrefix: false,
        originPolicy: 'default',
        relay: 'always',
        proxy: {},
        provenance: { source: 'package.json', file: 'package.json', line: 3, name: '"proxy"' },
      },
    ])
  })

  it('sends its credentials, as Create React App does', () => {
    expect(read({ proxy: 'http://me:p%40ss%@localhost:4000' }).targets).toMatchObject([
      { origin: 'http://localhost:4000', proxy: { auth: 'me:p%40ss%' } },
    ])
    expect(read({ proxy: 'http://me:p%40ss@localhost:4000' }).targets).toMatchObject([{ proxy: { auth: 'me:p@ss' } }])
  })

  it.each([{ '/api': { target: 'http://localhost:4000' } }, 'localhost:4000', 'ws://localhost:4000', 'http://', 42])(
    'refuses %j, as Create React App does',
    (proxy) => {
      expect(read({ proxy })).toMatchObject({ targets: [], issues: [{ path: 'package.json:2 "proxy"' }] })
    },
  )

  it('is not a key further in', () => {
    expect(read({ config: { proxy: 'http://localhost:4000', corsDev: 1 } })).toEqual({ targets: [], issues: [] })
  })
})

it.each(['', 'null', '[]', '"x"', '{"name": "x"', '{"name": "x"}', '\uFEFF{"name": "x"}'])(
  'finds nothing in %j, and no mistake',
  (text) => {
    expect(targetsFromPackageJson(text, 'package.json')).toEqual({ targets: [], issues: [] })
  },
)

it('does not pass over targets where the file is no JSON, or our key is misspelt', () => {
  expect(targetsFromPackageJson('{ "corsDev": {}, }', 'package.json').issues).toMatchObject([
    { code: 'CORS_DEV_OPTION', path: 'package.json' },
  ])
  expect(read({ 'cors-dev': {}, corsdev: {} }).issues).toMatchObject([
    { code: 'CORS_DEV_UNKNOWN', path: 'package.json:2 "cors-dev"', instead: 'Rename it' },
    { path: 'package.json:3 "corsdev"' },
  ])
})

it('reads a file that starts with a byte-order mark', () => {
  expect(targetsFromPackageJson('\uFEFF{"proxy": "http://a.test"}', 'package.json').targets).toHaveLength(1)
})
