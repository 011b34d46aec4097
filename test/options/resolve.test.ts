import { describe, expect, it } from 'vitest'
import { DEFAULTS } from '../../src/options/defaults'
import { CorsDevError, type Issue } from '../../src/options/errors'
import { checkOptions, fillIn, resolveOptions } from '../../src/options/resolve'

function issuesOf(raw: unknown): readonly Issue[] {
  try {
    resolveOptions(raw)
  } catch (error) {
    if (error instanceof CorsDevError) return error.issues
    throw error
  }
  return []
}

/** Path and code: the sentences may change. */
const summary = (raw: unknown): string[] => issuesOf(raw).map(({ path, code }) => `${path} ${code}`)

describe('defaults', () => {
  it.each([undefined, null, {}])('stand for all of %j', (raw) => {
    expect(resolveOptions(raw)).toEqual({
      targets: [],
      hasExplicitTargets: false,
      origins: ['loopback'],
      productionOrigin: undefined,
      relay: 'as-needed',
      discover: true,
      explain: true,
      given: new Set(),
    })
  })

  it('stand for what is undefined', () => {
    const raw = {
      targets: undefined,
      origins: undefined,
      productionOrigin: undefined,
      relay: undefined,
      discover: undefined,
      explain: undefined,
    }
    expect(resolveOptions(raw)).toEqual(resolveOptions({}))
  })

  it('cannot be changed', () => {
    expect(Object.isFrozen(DEFAULTS)).toBe(true)
    expect(() => (resolveOptions({}).origins as string[]).push('x')).toThrow(TypeError)
  })
})

it('does not change what it is given', () => {
  const freeze = <Value>(value: Value): Value => {
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(freeze)
    return Object.freeze(value)
  }
  const raw = freeze({
    targets: { '/api': { url: 'http://a.test', proxy: { headers: { a: 'b' } } } },
    origins: ['http://b.test'],
  })
  expect(resolveOptions(raw).targets).toHaveLength(1)
})

describe('targets', () => {
  it('are read from a map', () => {
    const { targets, hasExplicitTargets } = resolveOptions({
      targets: {
        '/api': 'http://a.test/v1',
        '^/b': {
          url: ' wss://b.test ',
          stripPrefix: true,
          origin: 'page',
          relay: 'never',
          explain: false,
          proxy: { xfwd: true },
        },
      },
    })
    expect(hasExplicitTargets).toBe(true)
    expect(targets).toEqual([
      {
        name: 'targets["/api"]',
        path: '/api',
        url: 'http://a.test/v1',
        stripPrefix: false,
        origin: undefined,
        relay: 'always',
        explain: undefined,
        proxy: {},
      },
      {
        name: 'targets["^/b"]',
        path: '^/b',
        url: 'wss://b.test',
        stripPrefix: true,
        origin: 'page',
        relay: 'never',
        explain: false,
        proxy: { xfwd: true },
      },
    ])
  })

  it('are read from a list', () => {
    const { targets } = resolveOptions({ targets: ['http://a.test', { url: 'http://b.test', relay: 'as-needed' }] })
    expect(targets).toMatchObject([
      { name: 'targets[0]', path: undefined, relay: 'always' },
      { name: 'targets[1]', path: undefined, relay: 'as-needed' },
    ])
  })

  it('are explicit even if there are none', () => {
    expect(resolveOptions({ targets: [] }).hasExplicitTargets).toBe(true)
  })

  it.each<[unknown, string]>([
    ['localhost:3000', 'Write "http://localhost:3000"'],
    ['127.0.0.1:3000/x', 'Write "http://127.0.0.1:3000/x"'],
    ['api.example.com', 'Write "https://api.example.com"'],
    ['//api.example.com', 'Write "https://api.example.com"'],
    ['http:localhost:3000', 'Write "http://localhost:3000"'],
    ['https:/api.example.com', 'Write "https://api.example.com"'],
    ['http:\\\\localhost:3000', 'Write "http://localhost:3000"'],
    ['api:3000', 'Write "http://api:3000"'],
    ['/api', 'Write the whole address, such as "http://localhost:3000"'],
    ['./api', 'Write the whole address, such as "http://localhost:3000"'],
    ['', 'Write "http://localhost:3000"'],
    ['two words', 'Write the whole address, such as "http://localhost:3000"'],
    ['ftp://example.com', 'Write an address with one of these schemes'],
    ['file:///etc/passwd', 'Write an address with one of these schemes'],
    ['http://localhost:99999', 'Correct it, for example to "http://localhost:3000"'],
    ['http://', 'Correct it, for example to "http://localhost:3000"'],
    ['https://*.example.com', 'Name each host by an entry of its own'],
    ['https://{tenant}.example.com', 'Name each host by an entry of its own'],
    ['https://api.example.com/v1?key=1', 'Write "https://api.example.com/v1"'],
    ['https://api.example.com/#/', 'Write "https://api.example.com/"'],
    [
      'https://me:secret@api.example.com/v1',
      'Write "https://api.example.com/v1", and the credentials into proxy: { auth: process.env.API_AUTH }',
    ],
    [42, 'Write "http://localhost:3000"'],
    [null, 'Write "http://localhost:3000"'],
  ])('%j is refused, with what to write', (url, instead) => {
    for (const targets of [{ '/api': url }, [url], { '/api': { url } }, [{ url }]]) {
      expect(issuesOf({ targets })).toMatchObject([{ code: 'CORS_DEV_TARGET', instead }])
    }
  })

  it.each([undefined, 'undefined', 'undefined/v1', 'http://undefined', 'http://undefined:3000', 'null'])(
    'names the missing variable behind %j',
    (url) => {
      for (const targets of [{ '/api': url }, [url], { '/api': { url } }]) {
        const [issue] = issuesOf({ targets })
        expect(issue?.instead).toContain('Set the variable')
      }
    },
  )

  it('does not take a host for a missing variable that only starts alike', () => {
    expect(issuesOf({ targets: ['http://undefined.example.com', 'http://nullable:3000'] })).toEqual([])
  })

  it.each<[string, string]>([
    ['api', 'Write "/api"'],
    ['', 'Write "/"'],
    ['//api', 'Write "/api"'],
    ['/api/*', 'Write "/api", which takes all that is under it, or an expression that starts with "^"'],
    ['/api/**', 'Write "/api", which takes all that is under it, or an expression that starts with "^"'],
    [
      '**',
      'Write "/api" or the like, or a list of URLs (targets: ["https://api.example.com"]), which the page calls as they are',
    ],
    ['/api?x', 'Write "/api", or an expression that starts with "^"'],
    ['/api#x', 'Write "/api", or an expression that starts with "^"'],
    ['/api\\x', 'Write "/api", or an expression that starts with "^"'],
    ['/api/../x', 'Write "/x"'],
    ['/ä', 'Write "/%C3%A4"'],
    ['/a b', 'Write "/a%20b"'],
    ['^/(', 'Correct the expression, or write a plain path'],
    ['https://api.example.com', 'Write the path that the page calls, such as "/api"'],
  ])('the path %j is refused, with what to write', (path, instead) => {
    expect(issuesOf({ targets: { [path]: 'http://a.test' } })).toMatchObject([{ code: 'CORS_DEV_PATH', instead }])
  })

  it('a map the wrong way round is told so', () => {
    const [issue] = issuesOf({ targets: { 'https://api.example.com': '/api' } })
    expect(issue?.instead).toBe('Write { "/api": "https://api.example.com" }')
  })

  it.each(['/', '/api', '/api/', '/a/b.c', '/%C3%A4', '/a;b', '/@x', '/~x', '^/api', '^.*\\.json$'])(
    'the path %s is fine',
    (path) => {
      expect(issuesOf({ targets: { [path]: 'http://a.test' } })).toEqual([])
    },
  )

  it.each<[unknown, string[]]>([
    ['http://a.test', ['targets CORS_DEV_TARGET']],
    [42, ['targets CORS_DEV_TARGET']],
    [[['http://a.test']], ['targets[0] CORS_DEV_TARGET']],
    [[() => 'http://a.test'], ['targets[0] CORS_DEV_TARGET']],
    [[{}], ['targets[0].url CORS_DEV_TARGET']],
    [[{ url: 'http://a.test', stripPrefix: 'yes' }], ['targets[0].stripPrefix CORS_DEV_OPTION']],
    [[{ url: 'http://a.test', stripPrefix: true }], ['targets[0].stripPrefix CORS_DEV_OPTION']],
    [[{ url: 'http://a.test', stripPrefix: false }], []],
    [[{ url: 'http://a.test', origin: 'keep' }], ['targets[0].origin CORS_DEV_OPTION']],
    [[{ url: 'http://a.test', relay: true }], ['targets[0].relay CORS_DEV_OPTION']],
    [[{ url: 'http://a.test', explain: 'no' }], ['targets[0].explain CORS_DEV_OPTION']],
    [[{ url: 'http://a.test', relay: 'constructor' }], ['targets[0].relay CORS_DEV_OPTION']],
    [[{ url: 'http://a.test', proxy: [] }], ['targets[0].proxy CORS_DEV_PROXY']],
    // As in a table of Vite or webpack.
    [
      { '/a': { target: 'http://a.test', changeOrigin: true } },
      ['targets["/a"].target CORS_DEV_UNKNOWN', 'targets["/a"].changeOrigin CORS_DEV_PROXY'],
    ],
    [{ '/a': { url: 'http://a.test', rewrite: () => '' } }, ['targets["/a"].rewrite CORS_DEV_UNKNOWN']],
    [{ '/a': { url: 'http://a.test', secure: false } }, ['targets["/a"].secure CORS_DEV_UNKNOWN']],
    [{ '/a': { url: 'http://a.test', toString: 1 } }, ['targets["/a"].toString CORS_DEV_UNKNOWN']],
    [{ '/a': { url: 'http://a.test', hasOwnProperty: 1 } }, ['targets["/a"].hasOwnProperty CORS_DEV_UNKNOWN']],
  ])('%j → %j', (targets, expected) => {
    expect(summary({ targets })).toEqual(expected)
  })
})

describe("a target's proxy", () => {
  const proxy = (options: unknown): string[] =>
    summary({ targets: [{ url: 'http://a.test', proxy: options }] }).map((line) => line.replace('targets[0].proxy', ''))

  it('is handed on as it was given', () => {
    const noop = (): void => undefined
    const options = {
      auth: 'user:password',
      headers: { 'x-api-key': 'k' },
      on: { proxyReq: noop, error: noop },
      pathFilter: ['/api/**'],
      pathRewrite: { '^/old': '/new' },
      plugins: [noop],
      proxyTimeout: 1000,
      secure: false,
      selfHandleResponse: true,
      ssl: { ca: 'x' },
      timeout: 0,
      xfwd: true,
    }
    expect(resolveOptions({ targets: [{ url: 'http://a.test', proxy: options }] }).targets[0]?.proxy).toEqual(options)
  })

  it.each([
    'target',
    'router',
    'forward',
    'followRedirects',
    'changeOrigin',
    'ws',
    'autoRewrite',
    'hostRewrite',
    'protocolRewrite',
    'cookieDomainRewrite',
    'cookiePathRewrite',
    'prependPath',
    'ignorePath',
    'agent',
    'http2',
    'toProxy',
    'localAddress',
    'preserveHeaderKeyCase',
    'buffer',
    'logger',
    'ejectPlugins',
    'upgradeTimeout',
  ])('does not take %s', (name) => {
    expect(proxy({ [name]: true })).toEqual([`.${name} CORS_DEV_PROXY`])
  })

  it.each<[object, string[]]>([
    [{ auth: 1 }, ['.auth CORS_DEV_PROXY']],
    [{ headers: 'x: y' }, ['.headers CORS_DEV_PROXY']],
    [{ headers: { 'x y': 'z' } }, ['.headers["x y"] CORS_DEV_PROXY']],
    [{ headers: { 'x-key': undefined } }, ['.headers["x-key"] CORS_DEV_PROXY']],
    [{ headers: { 'x-key': 1 } }, ['.headers["x-key"] CORS_DEV_PROXY']],
    [{ headers: { 'x-key': 'a\r\nb: c' } }, ['.headers["x-key"] CORS_DEV_PROXY']],
    [{ on: { proxyreq: () => undefined } }, ['.on.proxyreq CORS_DEV_UNKNOWN']],
    [{ on: { proxyReq: 'x' } }, ['.on.proxyReq CORS_DEV_PROXY']],
    [{ pathFilter: 1 }, ['.pathFilter CORS_DEV_PROXY']],
    [{ pathFilter: () => true }, []],
    [{ pathRewrite: '/x' }, ['.pathRewrite CORS_DEV_PROXY']],
    [{ plugins: [{}] }, ['.plugins CORS_DEV_PROXY']],
    [{ proxyTimeout: '5s' }, ['.proxyTimeout CORS_DEV_PROXY']],
    [{ timeout: -1 }, ['.timeout CORS_DEV_PROXY']],
    [{ timeout: Number.NaN }, ['.timeout CORS_DEV_PROXY']],
    [{ secure: 'no' }, ['.secure CORS_DEV_PROXY']],
    [{ selfHandleResponse: 1 }, ['.selfHandleResponse CORS_DEV_PROXY']],
    [{ ssl: true }, ['.ssl CORS_DEV_PROXY']],
    [{ xfwd: 1 }, ['.xfwd CORS_DEV_PROXY']],
    [{ secur: false }, ['.secur CORS_DEV_UNKNOWN']],
    [{ secure: undefined, xfwd: undefined }, []],
  ])('%j → %j', (options, expected) => {
    expect(proxy(options)).toEqual(expected)
  })
})

describe('origins', () => {
  it('are kept, each once', () => {
    const origins = [
      'loopback',
      'https://app.example.com',
      'http://192.168.1.5:8000',
      'capacitor://localhost',
      'chrome-extension://abc',
      'https://app.example.com',
    ]
    expect(resolveOptions({ origins }).origins).toEqual([...new Set(origins)])
    expect(resolveOptions({ origins: [] }).origins).toEqual([])
  })

  it.each<[unknown, string]>([
    ['*', 'List the origins, for example "http://localhost:3000"'],
    ['https://*.example.com', 'List the origins, for example "http://localhost:3000"'],
    ['null', 'Give the page an origin, for example "http://localhost:3000"'],
    ['https://app.example.com/', 'Write "https://app.example.com"'],
    ['https://app.example.com/path', 'Write "https://app.example.com"'],
    ['https://App.example.com:443', 'Write "https://app.example.com"'],
    ['https://bücher.example', 'Write "https://xn--bcher-kva.example"'],
    ['app.example.com', 'Write "https://app.example.com"'],
    ['localhost:3000', 'Write "http://localhost:3000"'],
    ['localhost', 'Write "loopback", which counts any port of this machine'],
    ['ws://localhost:3000', 'Write one, for example "http://localhost:3000"'],
    ['file:///x', 'Write one, for example "http://localhost:3000"'],
    ['file://', 'Write one, for example "http://localhost:3000"'],
    ['data://x', 'Write one, for example "http://localhost:3000"'],
    ['http://', 'Write one, for example "http://localhost:3000"'],
    ['capacitor://localhost/', 'Write one, for example "http://localhost:3000"'],
    ['', 'Write one, for example "http://localhost:3000"'],
    [/localhost/, 'Write one, for example "http://localhost:3000"'],
    [undefined, 'Write one, for example "http://localhost:3000"'],
  ])('%j is refused, with what to write', (origin, instead) => {
    expect(issuesOf({ origins: ['loopback', origin] })).toMatchObject([
      { code: 'CORS_DEV_ORIGIN', path: 'origins[1]', instead },
    ])
  })

  it.each(['*', 'http://a.test', true, {}])('%j is no list', (origins) => {
    expect(summary({ origins })).toEqual(['origins CORS_DEV_ORIGIN'])
  })
})

describe('productionOrigin', () => {
  it('is kept', () => {
    expect(resolveOptions({ productionOrigin: 'https://app.example.com' }).productionOrigin).toBe(
      'https://app.example.com',
    )
  })

  it.each(['*', 'null', 'loopback', 'https://app.example.com/', 'app.example.com', 'capacitor://localhost', 1])(
    'is refused as %j',
    (productionOrigin) => {
      expect(summary({ productionOrigin })).toEqual(['productionOrigin CORS_DEV_ORIGIN'])
    },
  )
})

describe('relay', () => {
  it.each(['always', 'as-needed', 'never'] as const)('is kept as %s', (relay) => {
    expect(resolveOptions({ relay }).relay).toBe(relay)
  })

  it.each(['allways', 'auto', true, 'toString'])('is refused as %j', (relay) => {
    expect(summary({ relay })).toEqual(['relay CORS_DEV_OPTION'])
  })
})

describe('discover', () => {
  it.each([true, false])('is kept as %s', (discover) => {
    expect(resolveOptions({ discover }).discover).toBe(discover)
  })

  it.each(['false', 0, null, []])('is refused as %j', (discover) => {
    expect(summary({ discover })).toEqual(['discover CORS_DEV_OPTION'])
  })

  it('of package.json counts where the plugin was not given it', () => {
    const elsewhere = checkOptions({ discover: false }).options
    expect(fillIn(checkOptions({}).options, elsewhere).discover).toBe(false)
    expect(fillIn(checkOptions({ discover: true }).options, elsewhere).discover).toBe(true)
  })
})

describe('explain', () => {
  it.each([true, false])('is kept as %s', (explain) => {
    expect(resolveOptions({ explain }).explain).toBe(explain)
  })

  it.each(['false', 0, null, {}])('is refused as %j', (explain) => {
    expect(summary({ explain })).toEqual(['explain CORS_DEV_OPTION'])
  })
})

describe('unknown options', () => {
  it.each([
    ['target', 'targets'],
    ['Targets', 'targets'],
    ['tragets', 'targets'],
    ['origin', 'origins'],
    ['productionOrgin', 'productionOrigin'],
    ['realy', 'relay'],
  ])('%s suggests %s', (name, known) => {
    expect(issuesOf({ [name]: 1 })).toMatchObject([{ code: 'CORS_DEV_UNKNOWN', path: name }])
    expect(issuesOf({ [name]: 1 })[0]?.instead).toContain(`Did you mean ${known}?`)
  })

  it('that resemble none are not guessed at', () => {
    expect(issuesOf({ verbose: true })[0]?.instead).toBe('Remove it')
  })

  it('that are paths belong into targets', () => {
    expect(issuesOf({ '/api': 'http://a.test' })[0]?.instead).toBe('Write { targets: { "/api": … } }')
  })

  it('are not quoted: they may be secrets', () => {
    expect(issuesOf({ apiKey: 'hunter2' })[0]).not.toHaveProperty('value')
  })
})

it.each([['http://a.test'], [['http://a.test']], [42], [true], [() => ({})]])('%j is no set of options', (raw) => {
  expect(summary(raw)).toEqual(['the options CORS_DEV_OPTION'])
})

it('gathers every issue before it throws', () => {
  expect(
    summary({
      targets: { api: 'localhost:3000', '/b': { url: 'http://b.test', proxy: { ws: true } } },
      origins: ['*'],
      productionOrigin: 'x',
      relay: 'x',
      extra: 1,
    }),
  ).toEqual([
    'extra CORS_DEV_UNKNOWN',
    'targets["api"] CORS_DEV_PATH',
    'targets["api"] CORS_DEV_TARGET',
    'targets["/b"].proxy.ws CORS_DEV_PROXY',
    'origins[0] CORS_DEV_ORIGIN',
    'productionOrigin CORS_DEV_ORIGIN',
    'relay CORS_DEV_OPTION',
  ])
})
