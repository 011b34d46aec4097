import { describe, expect, it } from 'vitest'
import { type EnvFile, targetsFromEnv } from '../../src/targets/from-env'

const isVisible = (name: string): boolean => name.startsWith('VITE_')

function find(variables: Record<string, string>, files: EnvFile[] = []) {
  return targetsFromEnv(variables, files, isVisible).targets
}

describe('targetsFromEnv', () => {
  it.each([
    ['https://api.example.com', 'https://api.example.com', ''],
    ['  https://api.example.com/v1/ ', 'https://api.example.com', '/v1'],
    ['http://localhost:3000', 'http://localhost:3000', ''],
    ['HTTP://LOCALHOST:3000', 'http://localhost:3000', ''],
    ['wss://live.example.com/socket', 'https://live.example.com', '/socket'],
    ['ws://10.0.0.5:8080', 'http://10.0.0.5:8080', ''],
    ['http://[::1]:3000', 'http://[::1]:3000', ''],
    ['https://api.example.com/v1?key=1#x', 'https://api.example.com', '/v1'],
    // A DSN: calls go to the host behind the key.
    ['https://abc123@o1.ingest.sentry.io/42', 'https://o1.ingest.sentry.io', '/42'],
  ])('finds %j', (value, origin, basePath) => {
    expect(find({ VITE_X: value })).toMatchObject([{ origin, basePath, path: undefined, relay: 'as-needed' }])
  })

  it.each([
    '',
    '/api',
    'api.example.com',
    'localhost:3000',
    'ftp://example.com',
    'postgres://user@db/x',
    'https://',
    'https:/api.example.com',
    'see https://example.com',
    'https://example.com:99999',
    'https://{s}.tile.example.com/{z}/{x}/{y}.png',
    'https://$HOST/api',
    'https://*.example.com',
    'http://0.0.0.0:3000',
    'http://169.254.169.254',
    'http://[fe80::1]',
    'data:text/plain,https://x.test',
    'https://a.example.com,https://b.example.com',
  ])('finds nothing in %j, and no mistake', (value) => {
    expect(targetsFromEnv({ VITE_X: value }, [], isVisible)).toEqual({ targets: [], issues: [] })
  })

  it('keeps what the page cannot see out', () => {
    expect(find({ DATABASE: 'https://db.internal', VITE_API: 'https://api.example.com' })).toHaveLength(1)
  })

  it('takes the relay option it is given', () => {
    const { targets } = targetsFromEnv({ VITE_X: 'http://a.test' }, [], isVisible, 'never')
    expect(targets).toMatchObject([{ relay: 'never' }])
  })

  it('counts two variables of one origin once', () => {
    const targets = find({ VITE_A: 'https://a.test/1', VITE_B: 'https://a.test/2', VITE_C: 'wss://a.test' })
    expect(targets.map(({ provenance }) => provenance.name)).toEqual(['VITE_A'])
  })

  describe('knows file and line', () => {
    const where = (variables: Record<string, string>, ...files: EnvFile[]) =>
      find(variables, files).map(({ provenance }) => provenance)
    const API = 'https://api.example.com'

    it.each<[string, string, number]>([
      ['a plain line', `A=1\nVITE_API=${API}\n`, 2],
      ['quotes', `\n\n# comment\nVITE_API="${API}"\n`, 4],
      ['single quotes and a comment', `VITE_API='${API}' # live`, 1],
      ['a comment without quotes', `VITE_API=${API} # live`, 1],
      ['backticks', `VITE_API=\`${API}\``, 1],
      ['export and spaces', `A=1\n  export VITE_API = ${API}`, 2],
      ['a colon', `VITE_API: ${API}`, 1],
      ['CRLF', `A=1\r\nB=2\r\nVITE_API=${API}\r\n`, 3],
      ['the last of two', `VITE_API=https://old.example.com\n\nVITE_API=${API}`, 3],
      [
        'a value of several lines before it',
        `KEY="-----BEGIN\nVITE_API=https://decoy.test\n-----END"\nVITE_API=${API}`,
        4,
      ],
      ['a reference', `HOST=api.example.com\nVITE_API=https://\${HOST}`, 2],
      ['a comment that looks like it', `# VITE_API=https://decoy.test\nVITE_API=${API}`, 2],
    ])('of %s', (_, text, line) => {
      expect(where({ VITE_API: API }, { file: '.env', text })).toEqual([
        { source: 'env', file: '.env', line, name: 'VITE_API' },
      ])
    })

    it('of the last file that has it', () => {
      const files = [
        { file: '.env', text: `VITE_API=${API}` },
        { file: '.env.local', text: `\nVITE_API=${API}` },
        { file: '.env.development', text: 'VITE_OTHER=1' },
      ]
      expect(where({ VITE_API: API }, ...files)).toMatchObject([{ file: '.env.local', line: 2 }])
    })

    it('not where the process itself has set another value', () => {
      const found = where({ VITE_API: API }, { file: '.env', text: 'VITE_API=https://other.example.com' })
      expect(found).toEqual([{ source: 'env', name: 'VITE_API' }])
    })

    it('not of a name that only ends alike', () => {
      expect(where({ VITE_API: API }, { file: '.env', text: `MY_VITE_API=${API}` })).toEqual([
        { source: 'env', name: 'VITE_API' },
      ])
    })
  })
})
