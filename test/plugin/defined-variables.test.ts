import { expect, test } from 'vitest'
import type { Compilation } from '../../src/plugin/compiler'
import { definedVariables } from '../../src/plugin/defined-variables'

const webpack = (definitions: Record<string, unknown>) =>
  ({
    valueCacheVersions: new Map([
      ['webpack/DefinePlugin_hash', 'abc'],
      ...Object.entries(definitions).map(([name, code]) => [`webpack/DefinePlugin ${name}`, code] as const),
    ]),
    compiler: {},
  }) as unknown as Compilation

test.each([
  ['process.env.API_URL', '"https://api.example.com"', { API_URL: 'https://api.example.com' }],
  ['import.meta.env.API_URL', "'https://api.example.com'", { API_URL: 'https://api.example.com' }],
  ['API_URL', '"https:\\u002f\\u002fapi.example.com"', { API_URL: 'https://api.example.com' }],
  ['API_URL', '`https://api.example.com`', { API_URL: 'https://api.example.com' }],
  ['API_URL', '"https://a.example.com" + path', {}],
  ['DEBUG', 'true', {}],
  ['process.env', '{API_URL: "https://api.example.com"}', {}],
])('webpack: %s = %s', (name, code, expected) => {
  expect(definedVariables(webpack({ [name]: code }))).toEqual(expected)
})

test('Rspack: definitions, nested ones too', () => {
  const __internal__builtinPlugins = [
    { name: 'DefinePlugin', options: { 'process.env': { API_URL: '"https://api.example.com"' }, VERSION: 1 } },
    { name: 'OtherPlugin', options: { X: '"https://x.example.com"' } },
  ]
  expect(definedVariables({ compiler: { __internal__builtinPlugins } } as unknown as Compilation)).toEqual({
    API_URL: 'https://api.example.com',
  })
})
