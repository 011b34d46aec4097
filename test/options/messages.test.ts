import { describe, expect, it } from 'vitest'
import { formatIssue, type Issue } from '../../src/options/errors'
import { checkOptions } from '../../src/options/resolve'
import { buildRouteTable } from '../../src/routes/table'
import { targetsFromOpenApi } from '../../src/targets/from-openapi'
import { targetsFromOptions } from '../../src/targets/from-options'
import { targetsFromPackageJson } from '../../src/targets/from-package-json'
import { targetsFromSource } from '../../src/targets/from-source'
import { target } from '../routes/given'

/** `[package] <option path> <what is wrong, with the value>: <why>. <What to do instead>.` */
const FORM =
  /^\[cors-dev\] \S.*? (?:is|has|are|can|stands|contains|does|lets|names)\b.*?: \S.*?[^.\s]\. [A-Z].*[^.?\s]\.$/s

const TARGETS: unknown[] = [
  ...['localhost:3000', '/api', '', 'ftp://x.test', 'http://', 'https://*.x.test', 'https://a:secret@x.test'],
  ...['https://x.test/?q', 'undefined', undefined, null, 42, [], () => 1, {}, { url: undefined }, { url: 1 }],
  ...[
    'target',
    'rewrite',
    'path',
    'context',
    'bypass',
    'configure',
    'rewriteWsOrigin',
    'secure',
    'ws',
    'router',
    'x',
    'ulr',
  ].map((name) => ({ url: 'http://x.test', [name]: 'secret' })),
  ...[
    { stripPrefix: 1 },
    { stripPrefix: true },
    { origin: 'x' },
    { origin: 'pages' },
    { relay: 'x' },
    { explain: 'x' },
    { proxy: 1 },
  ].map((options) => ({ url: 'http://x.test', ...options })),
  ...[
    ...['auth', 'headers', 'on', 'pathFilter', 'pathRewrite', 'plugins', 'proxyTimeout', 'secure'],
    ...['selfHandleResponse', 'ssl', 'timeout', 'xfwd', 'secur', 'unheardOf'],
    ...['target', 'router', 'forward', 'followRedirects', 'changeOrigin', 'ws', 'autoRewrite', 'hostRewrite'],
    ...['protocolRewrite', 'cookieDomainRewrite', 'cookiePathRewrite', 'prependPath', 'ignorePath', 'agent', 'http2'],
    ...['toProxy', 'localAddress', 'preserveHeaderKeyCase', 'buffer', 'logger', 'ejectPlugins', 'upgradeTimeout'],
  ].map((name) => ({ url: 'http://x.test', proxy: { [name]: Symbol('secret') } })),
  ...[{ 'x y': 'secret' }, { x: undefined }, { x: 1 }, { x: 'secret\n' }].map((headers) => ({
    url: 'http://x.test',
    proxy: { headers },
  })),
  ...[{ proxyRes: 1 }, { proxyres: 1 }, { unheardOf: 1 }].map((on) => ({ url: 'http://x.test', proxy: { on } })),
]

const PATHS = ['api', '', '//x', '/*', '/api/**', '/a?b', '/ä', '^(', 'https://x.test']
const ORIGINS: unknown[] = ['*', 'null', 'https://x.test/', 'x.test', 'localhost', 'ws://x', '', 1, undefined]

const wrongOptions: unknown[] = [
  ...['http://x.test', ['http://x.test'], 42, () => 1],
  ...['target', 'realy', 'unheardOf', '/api', '^/api'].map((name) => ({ [name]: 'secret' })),
  ...TARGETS.flatMap((entry) => [{ targets: [entry] }, { targets: { '/api': entry } }]),
  ...PATHS.map((path) => ({ targets: { [path]: 'http://x.test' } })),
  ...[{ targets: { 'https://x.test': '/api' } }, { targets: 'http://x.test' }, { targets: 1 }],
  ...ORIGINS.flatMap((origin) => [
    { origins: [origin] },
    ...(origin === undefined ? [] : [{ productionOrigin: origin }]),
  ]),
  ...['*', 'http://x.test', 1].map((origins) => ({ origins })),
  ...['allways', 'x', 1].map((relay) => ({ relay })),
  ...['x', 1].map((explain) => ({ explain })),
  ...['x', 1].map((discover) => ({ discover })),
]

const fromTargets: Issue[] = [
  ...targetsFromSource([{ url: 'http://10.0.0.1', name: 'fetch(…)', file: 'src/a.js', line: 1 }]).issues,
  ...targetsFromOpenApi('openapi: 3.0.0\nservers: [{ url: http://localhost:1 }]', 'openapi.yaml').issues,
  ...['http://0.0.0.0:3000', 'http://[::]', 'http://224.0.0.1'].flatMap(
    (url) => targetsFromOptions(checkOptions({ targets: [url] }).options).issues,
  ),
  ...[
    { proxy: {} },
    { proxy: 'x' },
    { proxy: 'http://0.0.0.0' },
    { corsDev: 1 },
    { corsDev: { targets: ['x', 'http://0.0.0.0'], origins: ['*'], y: 1 } },
  ].flatMap((content) => targetsFromPackageJson(JSON.stringify(content, null, 2), 'package.json').issues),
  ...[
    [target('http://1.test', { path: '/a' }), target('http://2.test', { path: '/a/' })],
    [
      target('http://1.test', { path: '^/' }),
      target('http://2.test', { path: '^/a' }),
      target('http://3.test', { path: '/b' }),
    ],
    [target('http://1.test', { path: '/__cors-dev' })],
  ].flatMap((targets) => buildRouteTable(targets).issues),
]

describe('every message', () => {
  const fromOptions = wrongOptions.flatMap((raw) => {
    const { issues } = checkOptions(raw)
    // A row that is no mistake would test nothing.
    if (issues.length === 0) expect(raw, 'has no issue').toMatchObject({ targets: { '/api': { stripPrefix: true } } })
    return issues
  })
  const issues = [...fromOptions, ...fromTargets]

  it('comes from somewhere', () => {
    expect(fromTargets.length).toBeGreaterThanOrEqual(13)
    const codes = [
      'CORS_DEV_ADDRESS',
      'CORS_DEV_OPTION',
      'CORS_DEV_ORIGIN',
      'CORS_DEV_PATH',
      'CORS_DEV_PROXY',
      'CORS_DEV_TARGET',
      'CORS_DEV_UNKNOWN',
    ]
    expect([...new Set(issues.map(({ code }) => code))].sort()).toEqual(codes)
  })

  it('has the one form: where, what, why, and what to do instead', () => {
    for (const issue of issues) expect(formatIssue(issue)).toMatch(FORM)
  })

  it('gives no secret away', () => {
    for (const issue of issues) expect(formatIssue(issue).replace(/Symbol\(secret\)/, '')).not.toContain('secret')
  })

  it('is one line of bearable length', () => {
    for (const issue of issues) {
      expect(formatIssue(issue)).not.toContain('\n')
      expect(formatIssue(issue).length).toBeLessThan(400)
    }
  })
})
