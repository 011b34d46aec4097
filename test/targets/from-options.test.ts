import { describe, expect, it } from 'vitest'
import { resolveOptions } from '../../src/options/resolve'
import type { CorsDevOptions } from '../../src/options/types'
import { targetsFromOptions } from '../../src/targets/from-options'
import { injectsHeaders, provenanceLabel } from '../../src/targets/target'

const read = (targets: CorsDevOptions['targets']) => targetsFromOptions(resolveOptions({ targets }))

describe('targetsFromOptions', () => {
  it('fills in a target that is only a URL', () => {
    expect(read({ '/api': 'https://api.example.com/v1/' })).toEqual({
      issues: [],
      targets: [
        {
          origin: 'https://api.example.com',
          basePath: '/v1',
          path: '/api',
          stripPrefix: false,
          originPolicy: 'default',
          relay: 'always',
          proxy: {},
          provenance: { source: 'options', name: 'targets["/api"]' },
        },
      ],
    })
  })

  it('carries over every option of a target', () => {
    const proxy = { secure: false, headers: { 'x-api-key': 'k' } }
    const entry = { url: 'http://localhost:3000', stripPrefix: true, origin: 'remove', relay: 'never', proxy } as const
    const [target] = read({ '/api': entry }).targets
    expect(target).toMatchObject({ stripPrefix: true, originPolicy: 'remove', relay: 'never', proxy })
    expect(target && injectsHeaders(target)).toBe(true)
  })

  it.each([
    ['http://localhost:3000', 'http://localhost:3000', ''],
    ['http://localhost:3000/', 'http://localhost:3000', ''],
    ['HTTPS://API.example.com:443/V1//', 'https://api.example.com', '/V1'],
    ['ws://localhost:3000/socket', 'http://localhost:3000', '/socket'],
    ['wss://live.example.com', 'https://live.example.com', ''],
    ['ws://live.example.com:80', 'http://live.example.com', ''],
    ['wss://live.example.com:443', 'https://live.example.com', ''],
    ['wss://live.example.com:80', 'https://live.example.com:80', ''],
    ['http://[::1]:3000', 'http://[::1]:3000', ''],
    ['https://bücher.example/ä', 'https://xn--bcher-kva.example', '/%C3%A4'],
    ['http://127.1:3000', 'http://127.0.0.1:3000', ''],
    ['http://169.254.169.254', 'http://169.254.169.254', ''],
  ])('reads %s', (url, origin, basePath) => {
    const { targets, issues } = read([url])
    expect(issues).toEqual([])
    expect(targets).toMatchObject([{ origin, basePath, path: undefined, provenance: { name: 'targets[0]' } }])
  })

  it.each([
    ['http://0.0.0.0:8000/x', 'Write "http://localhost:8000/x"'],
    ['http://[::]:8000', 'Write "http://localhost:8000"'],
    ['http://0:8000', 'Write "http://localhost:8000"'],
    ['http://224.0.0.1', 'Write the address of one server'],
  ])('refuses %s, which is no address to call', (url, instead) => {
    const { targets, issues } = read(['http://localhost:1', url])
    expect(targets).toHaveLength(1)
    expect(issues).toMatchObject([{ code: 'CORS_DEV_ADDRESS', path: 'targets[1]', value: url, instead }])
  })
})

it.each([
  [{ source: 'options', name: 'targets[0]' }, 'targets[0]'],
  [{ source: 'env', file: '.env.local', line: 3, name: 'VITE_API' }, '.env.local:3 VITE_API'],
  [{ source: 'env', file: '.env', name: 'VITE_API' }, '.env VITE_API'],
] as const)('says where %j is', (provenance, label) => {
  expect(provenanceLabel(provenance)).toBe(label)
})
