import { describe, expect, it } from 'vitest'
import { targetsFromOpenApi } from '../../src/targets/from-openapi'
import { isOpenApiFile } from '../../src/targets/openapi-files'

const origins = (text: string): string[] => targetsFromOpenApi(text, 'openapi.yaml').targets.map(({ origin }) => origin)

describe('servers of a description', () => {
  it.each<[string, string, string[]]>([
    [
      'OpenAPI 3 in YAML',
      `openapi: 3.1.0\ninfo:\n  title: Pets\nservers:\n  - url: https://api.example.com/v1\n  - url: wss://live.example.com\n`,
      ['https://api.example.com', 'https://live.example.com'],
    ],
    [
      'OpenAPI 3 in JSON',
      JSON.stringify({ openapi: '3.0.3', servers: [{ url: 'https://api.example.com' }] }),
      ['https://api.example.com'],
    ],
    [
      'JSON with a byte order mark and tabs',
      `\uFEFF{\n\t"openapi": "3.0.3",\n\t"servers": [{ "url": "https://api.example.com" }]\n}`,
      ['https://api.example.com'],
    ],
    ['flow style', `openapi: "3.0.0"\nservers: [{ url: 'https://api.example.com' }]\n`, ['https://api.example.com']],
    [
      'variables with their defaults',
      `openapi: 3.0.0
servers:
  - url: https://{region}.example.com:{port}/{version}
    variables:
      region: { default: eu, enum: [eu, us] }
      port: { default: 8443 }
      version: { default: v2 }
`,
      ['https://eu.example.com:8443'],
    ],
    ['a variable without a default', `openapi: 3.0.0\nservers:\n  - url: https://{tenant}.example.com\n`, []],
    [
      'servers relative to the document',
      `openapi: 3.0.0\nservers:\n  - url: /api/v1\n  - url: ../v2\n  - url: //api.example.com\n`,
      [],
    ],
    ['no servers', `openapi: 3.0.0\npaths: {}\n`, []],
    [
      'Swagger 2 with schemes',
      `swagger: "2.0"\nhost: api.example.com:8080\nbasePath: /v1\nschemes: [http, wss]\n`,
      ['http://api.example.com:8080', 'https://api.example.com:8080'],
    ],
    ['Swagger 2 without schemes', `swagger: '2.0'\nhost: api.example.com\n`, ['https://api.example.com']],
    ['Swagger 2 without a host', `swagger: '2.0'\nbasePath: /v1\n`, []],
    [
      'the same origin twice',
      `openapi: 3.0.0\nservers:\n  - url: https://api.example.com/v1\n  - url: https://api.example.com/v2\n`,
      ['https://api.example.com'],
    ],
    [
      'aliases',
      `openapi: 3.0.0\nx-host: &host https://api.example.com\nservers:\n  - url: *host\n`,
      ['https://api.example.com'],
    ],
    [
      'comments and a document marker',
      `# Pets\n---\nopenapi: 3.0.0 # the version\nservers: # where it is\n- url: "https://api.example.com" # here\n`,
      ['https://api.example.com'],
    ],
    ['some other document', `servers:\n  - url: https://api.example.com\n`, []],
    ['what does not parse', `openapi: 3.0.0\nservers:\n  - url: [https://api.example.com\n`, []],
    ['JSON that does not parse', `{ "openapi": "3.0.0", `, []],
    ['an empty file', '', []],
    ['servers that are no list', `openapi: 3.0.0\nservers: https://api.example.com\n`, []],
    ['other schemes', `openapi: 3.0.0\nservers:\n  - url: mqtt://broker.example.com\n`, []],
    [
      'credentials',
      `openapi: 3.0.0\nservers:\n  - url: https://user:secret@api.example.com\n`,
      ['https://api.example.com'],
    ],
  ])('%s', (_, text, expected) => {
    expect(origins(text)).toEqual(expected)
  })

  it('are as-needed unless the option says otherwise, and have no path', () => {
    const text = `openapi: 3.0.0\nservers:\n  - url: https://api.example.com/v1\n`
    const [target] = targetsFromOpenApi(text, 'openapi.yaml').targets
    expect(target).toMatchObject({ relay: 'as-needed', path: undefined, basePath: '' })
    expect(targetsFromOpenApi(text, 'openapi.yaml', 'never').targets[0]?.relay).toBe('never')
  })

  it.each<[string, string, number]>([
    [
      'YAML',
      `openapi: 3.0.0\npaths:\n  /pets:\n    get: {}\nservers:\n  - description: live\n    url: https://api.example.com\n`,
      7,
    ],
    ['Swagger 2', `swagger: '2.0'\ninfo:\n  title: host\nhost: api.example.com\n`, 4],
    ['JSON', `{\n  "openapi": "3.0.0",\n  "servers": [\n    { "url": "https://api.example.com" }\n  ]\n}`, 4],
  ])('name the line in %s', (_, text, line) => {
    const [target] = targetsFromOpenApi(text, 'docs/openapi.yaml').targets
    expect(target?.provenance).toMatchObject({ source: 'openapi', file: 'docs/openapi.yaml', line })
  })
})

describe('addresses of a description', () => {
  it.each([
    'http://localhost:8080',
    'http://127.0.0.1:8080',
    'http://[::1]:8080',
    'http://api.localhost',
    'http://10.1.2.3',
    'http://192.168.0.1:3000',
    'http://169.254.169.254',
    'http://0.0.0.0:8000',
    'http://[::ffff:10.0.0.1]',
  ])('%s is no target, and the issue says what names it', (url) => {
    const { targets, issues } = targetsFromOpenApi(
      `openapi: 3.0.0\nservers:\n  - url: ${JSON.stringify(url)}\n`,
      'openapi.yaml',
    )
    expect(targets).toEqual([])
    expect(issues).toMatchObject([
      {
        code: 'CORS_DEV_ADDRESS',
        path: 'openapi.yaml:3 servers[0]',
        instead: `Write targets: ['${new URL(url).origin}'] to name it`,
      },
    ])
  })
})

it('does not read through an API of a hundred thousand lines to find its servers', () => {
  const paths = Array.from(
    { length: 25_000 },
    (_, index) => `  /pets/${index}:\n    get:\n      responses:\n        '200': { description: ok }`,
  )
  const text = `openapi: 3.0.0\npaths:\n${paths.join('\n')}\n  broken: [ here, is: no { YAML\nservers:\n  - url: https://api.example.com\n`
  expect(origins(text)).toEqual(['https://api.example.com'])
})

it.each<[string, boolean]>([
  ['openapi.yaml', true],
  ['openapi.yml', true],
  ['openapi.json', true],
  ['swagger.json', true],
  ['Swagger.YAML', true],
  ['my-openapi.yaml', false],
  ['openapi.ts', false],
  ['openapi.yaml.bak', false],
])('the file name %s says that it is one: %s', (name, expected) => {
  expect(isOpenApiFile(name)).toBe(expected)
})
