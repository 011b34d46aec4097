import { parseAst } from 'vite'
import { describe, expect, it } from 'vitest'
import webpack from 'webpack'
import { targetsFromSource } from '../../src/targets/from-source'
import type { SyntaxNode } from '../../src/targets/syntax-tree'
import { urlsInHtml } from '../../src/targets/urls-in-html'
import { mayCallUrl, mentionsUrl, urlsInProgram } from '../../src/targets/urls-in-program'

const A = 'https://api.example.com'

/** Both hosts give the tree that they have at hand. */
const PARSERS: Record<string, (code: string) => SyntaxNode> = { Vite: parseAst, webpack: parseWithWebpack }

function parseWithWebpack(code: string): SyntaxNode {
  const parser = new webpack.javascript.JavascriptParser('auto')
  let program: unknown
  parser.hooks.program.tap('test', (ast) => {
    program = ast
    return true
  })
  parser.parse(code, { source: code } as never)
  return program as SyntaxNode
}

describe.each(Object.keys(PARSERS))('by the parser of %s', (host) => {
  const parse = (code: string): SyntaxNode => PARSERS[host]!(code)
  const called = (code: string): string[] => {
    const urls = urlsInProgram(parse(code)).map(({ url }) => url)
    // What is called is never passed over.
    if (urls.length > 0) expect(mayCallUrl(code)).toBe(true)
    return urls
  }

  describe('is called', () => {
    it.each<[string, string?]>([
      [`fetch('${A}/users')`],
      [`fetch("${A}/users", { method: 'POST' })`],
      [`await window.fetch(\`${A}/users/\${id}\`)`],
      [`globalThis.fetch('${A}/users/' + id)`],
      [`(0, _axios.get)('${A}/users')`],
      [`axios.get('${A}/users')`],
      [`axios('${A}/users')`],
      [`axios.create({ baseURL: '${A}' })`],
      [`axios.defaults.baseURL = '${A}'`],
      [`ky.post('${A}/users', { json })`],
      [`$fetch('${A}/users')`],
      [`const { data } = useFetch('${A}/users')`],
      [`$.ajax({ url: '${A}/users', type: 'GET' })`],
      [`$.getJSON('${A}/users')`],
      [`request({ method: 'GET', url: '${A}/users' })`],
      [`new Request('${A}/users')`],
      [`new EventSource('${A}/events')`],
      [`new WebSocket('wss://live.example.com')`],
      [`io('${A}')`],
      [`xhr.open('GET', '${A}/users')`],
      [`navigator.sendBeacon('${A}/collect', data)`],
      [`createClient('https://abc.example.co', key)`],
      [`new ApolloClient({ uri: '${A}/graphql' })`],
      [`new HttpLink({ uri: 'https://graph.example.com' })`],
      [`const BASE = 'https://example.org'; fetch(BASE + '/users')`],
      [`const BASE = 'https://example.org'; function load(id) { return fetch(\`\${BASE}/users/\${id}\`) }`],
      [`const API_URL = 'https://example.org'`],
      [`export const endpoint = 'https://example.org/users'`],
      [`export default { apiUrl: 'https://example.org' }`],
      [`export default { services: { users: 'https://users.example.org' } }`],
      [`class Client { baseURL = 'https://example.org' }`],
      [`class Client { load() { return fetch(this.root + '/x') } root = 'https://example.org' }`],
      [`const client = new Client('https://api.example.org')`],
      [`function apiUrl() { return 'https://example.org' } `],
      [`const url = new URL('/users', 'https://example.org'); fetch(url)`],
      [`const url = new URL('https://example.org/users'); url.searchParams.set('q', q); fetch(url.href)`],
      [`const [url, setUrl] = useState('https://example.org/users'); useEffect(() => { fetch(url) }, [url])`],
      [`const url = ref('https://example.org/users'); const load = () => fetch(url.value)`],
      [`const url = isProduction ? 'https://example.org' : '/api'; fetch(url)`],
      [`fetch(process.env.API ?? 'https://example.org')`],
      [`const { serviceUrl = 'https://example.org' } = options`],
      [`const urls = { users: 'https://example.org/users' }; fetch(urls.users)`],
      [`const HOSTS = ['https://one.example.org']; fetch(HOSTS[0] + '/x')`],
      [`const api = 'https://example.org'; if (api === other) stop(); fetch(api)`],
      [`fetch('http://localhost:3000/users')`],
      [`const SERVER = 'http://127.0.0.1:8000'`],
      [`const relays = ['wss://relay.example.org']`],
      [`_jsx(ApolloProvider, { uri: '${A}/graphql' })`],
      [`_jsx("div", { "hx-get": '${A}/fragment' })`],
      [`const HOST = 'example.org'; fetch(\`https://\${HOST}/users\`)`, 'https://example.org/users'],
      [`fetch(\`https://example.org\${path}\`)`],
      [`fetch('  https://example.org/users  ')`],
      [`Sentry.init({ dsn: 'https://key@o1.ingest.example.org/1' })`],
    ])('%s', (code, url) => {
      const program = parse(code)
      expect(urlsInProgram(program).map(({ start }) => /^['"`]/.test(code.slice(start)))).not.toContain(false)
      expect(called(code)).toEqual([url ?? /(?:https?|wss?):\/\/[^'"`\s]*?(?=\$\{|['"`\s])/.exec(code)?.[0]])
    })
  })

  describe('is not called', () => {
    it.each([
      `// fetch('${A}/users')`,
      `/* see ${A} */ fetch('/users')`,
      `const NS = 'http://www.w3.org/2000/svg'; document.createElementNS(NS, 'svg')`,
      `_jsx("svg", { xmlns: 'http://www.w3.org/2000/svg' })`,
      `React.createElement("a", { href: '${A}/docs' })`,
      `_createElementVNode("a", { href: '${A}' }, "API")`,
      `const _hoisted_1 = { href: '${A}', target: "_blank" }`,
      `$.set_attribute(a, 'href', '${A}')`,
      `_jsx(Link, { to: '${A}' })`,
      `_jsx("img", { src: '${A}/logo.png' })`,
      `_jsx("input", { placeholder: '${A}' })`,
      `_jsx("p", { children: '${A}' })`,
      `const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: '${A}/schema' }`,
      `throw new Error('${A}/docs/errors#1')`,
      `console.warn('${A}/users')`,
      `invariant(ok, '${A}/docs')`,
      `if (url.startsWith('${A}')) go()`,
      `if (url === '${A}') go()`,
      `url.replace('${A}', '')`,
      `new RegExp('${A}/.*')`,
      `const ok = ['${A}', 'https://b.example.com'].includes(origin)`,
      `window.open('${A}/login')`,
      `location.href = '${A}/login'`,
      `location = '${A}/login'`,
      `window.location.assign('${A}/login')`,
      `router.push('${A}/login')`,
      `script.src = '${A}/sdk.js'`,
      `image.src = '${A}/logo.png'`,
      `loadScript('https://js.example.com/v3/')`,
      `import('https://esm.sh/preact')`,
      `importScripts('https://cdn.example.com/sw.js')`,
      `import x from 'https://esm.sh/preact'`,
      `export * from 'https://esm.sh/preact'`,
      `window.postMessage(data, 'https://app.example.com')`,
      `const docsUrl = 'https://example.org/docs'`,
      `const repository = 'https://github.com/example/repo'`,
      `const links = [{ title: 'Home', url: 'https://example.org' }]`,
      `export const team = [{ name: 'Ada', github: 'https://github.com/ada', avatar: 'https://github.com/ada.png' }]`,
      `const text = 'https://api.example.com is the address of our API'`,
      `const text = 'See https://api.example.com'`,
      `fetch('/proxy?url=' + 'https://api.example.com/v1')`,
      `fetch(\`/proxy?url=\${'https://api.example.com/v1'}\`)`,
      `fetch(\`https://\${region}.example.com/users\`)`,
      `fetch('https://' + host + '/users')`,
      `fetch('http://localhost:' + port)`,
      `fetch('https://api.' + domain)`,
      `fetch(\`https://api-\${stage}.example.com\`)`,
      `fetch('https://{s}.tile.example.com/1.json')`,
      `L.tileLayer('https://tile.example.com/{z}/{x}/{y}.png')`,
      `const HOMEPAGE = '${A}'; _jsx("a", { href: HOMEPAGE })`,
      `const API = '${A}'; window.open(API + '/login')`,
      `html\`<a href="${A}">API</a>\``,
      `const address = 'ftp://files.example.com'; fetch(address)`,
      `fetch('//api.example.com/users')`,
      `fetch('/users')`,
      `fetch('https://')`,
      `fetch('https://:80')`,
      `gql\`https://api.example.com/v1\``,
      `'https://api.example.com/v1'`,
    ])('%s', (code) => {
      expect(called(code)).toEqual([])
    })
  })

  describe('names', () => {
    it.each([
      [`fetch('${A}')`, 'fetch(…)'],
      [`this.http.get('${A}')`, 'http.get(…)'],
      [`const API_URL = '${A}'`, 'API_URL'],
      [`const BASE = 'https://example.org'; fetch(BASE)`, 'BASE'],
      [`axios.create({ baseURL: '${A}' })`, 'baseURL'],
    ])('%s stands under %s', (code, name) => {
      expect(urlsInProgram(parse(code)).map((url) => url.name)).toEqual([name])
    })

    it('are followed by scope, not by spelling', () => {
      const code = `
      function one() { const url = 'https://one.example.org'; fetch(url) }
      function two() { const url = 'https://two.example.org'; window.open(url) }
      const three = (url) => fetch(url)`
      expect(called(code)).toEqual(['https://one.example.org'])
    })

    it('that lead round in a circle end', () => {
      expect(called(`let a = 'https://example.org'; let b = a; a = b; b = a`)).toEqual([])
    })
  })
})

describe('in a document', () => {
  const parse = (code: string) => {
    try {
      return parseAst(code)
    } catch {
      return undefined
    }
  }
  const inHtml = (html: string): [string, string][] =>
    urlsInHtml(html, parse).map(({ url, start }) => [url, html.slice(start, start + 8)])

  it.each<[string, string]>([
    [`<script>fetch('${A}')</script>`, "'https:/"],
    [`<script type="module">fetch('${A}')</script>`, "'https:/"],
    [`<SCRIPT TYPE='text/javascript' async>fetch("${A}")</SCRIPT >`, '"https:/'],
    [`<script id=config type=application/json>{ "apiUrl": "${A}" }</script>`, '"https:/'],
    [`<!-- <script> --><script>fetch('${A}')</script>`, "'https:/"],
    [`<title><script></title><script>fetch('${A}')</script>`, "'https:/"],
    [`<body data-x="<script>" data-api-url="${A}">`, 'https://'],
    [`<meta name="api-base-url" content="${A}">`, 'https://'],
    [`<div hx-post='${A}'>`, 'https://'],
    [`<div hx-get=${A}>`, 'https://'],
    [`<div hx-ext="ws" ws-connect="${A}">`, 'https://'],
    [`<button onclick="fetch('${A}')">`, "'https:/"],
    [`<script>document.write('<script src="x"><\\/script>'); fetch('${A}')</script>`, "'https:/"],
  ])('%s is a call', (html, place) => {
    expect(inHtml(html)).toEqual([[A, place]])
  })

  it.each([
    `<!-- <script>fetch('${A}')</script> -->`,
    `<a href="${A}">API</a>`,
    `<link rel="preconnect" href="${A}" crossorigin>`,
    `<link rel="stylesheet" href="https://cdn.example.com/x.css">`,
    `<script src="${A}/sdk.js"></script>`,
    `<script src="x.js">fetch('${A}')</script>`,
    `<script type="importmap">{ "imports": { "api": "${A}/index.js" } }</script>`,
    `<script type="text/template">fetch('${A}')</script>`,
    `<script type="application/ld+json">{ "api": "${A}" }</script>`,
    `<img src="${A}/x.png" crossorigin>`,
    `<iframe src="${A}"></iframe>`,
    `<form action="${A}/submit">`,
    `<input placeholder="${A}">`,
    `<meta property="og:url" content="${A}">`,
    `<meta name="twitter:image" content="${A}/x.png">`,
    `<textarea><script>fetch('${A}')</script></textarea>`,
    `<style>body { background: url(${A}/x.png) }</style>`,
    `<p>fetch('${A}')</p>`,
    `<html xmlns="http://www.w3.org/1999/xhtml">`,
    `<script>this is no { JavaScript '${A}'</script>`,
  ])('%s is none', (html) => {
    expect(inHtml(html)).toEqual([])
  })

  it('modules can be left to a host that makes modules of them', () => {
    const html = `<script type="module">fetch('${A}/module')</script><script>fetch('${A}/classic')</script>`
    expect(urlsInHtml(html, parse, { skipsModules: true }).map(({ url }) => url)).toEqual([`${A}/classic`])
  })
})

describe('targets', () => {
  const place = { name: 'fetch(…)', file: 'src/main.js', line: 3 }

  it('are origins, relayed as needed, with the place where they were found', () => {
    const { targets, issues } = targetsFromSource([
      { ...place, url: 'wss://user:secret@api.example.com/v1?x#y' },
      { ...place, url: 'https://api.example.com/v2', line: 9 },
      { ...place, url: 'http://localhost:3000/users' },
    ])
    expect(issues).toEqual([])
    expect(targets).toMatchObject([
      {
        origin: 'https://api.example.com',
        basePath: '',
        path: undefined,
        relay: 'as-needed',
        provenance: { source: 'source', file: 'src/main.js', line: 3, name: 'fetch(…)' },
      },
      { origin: 'http://localhost:3000' },
    ])
    expect(targetsFromSource([{ ...place, url: A }], 'never').targets[0]?.relay).toBe('never')
  })

  it.each([
    'http://localhost:3000',
    'http://127.0.0.1',
    'http://[::1]:8080',
    'http://app.localhost',
    'https://93.184.215.14',
    'http://intranet',
  ])('%s may be one', (url) => {
    expect(targetsFromSource([{ ...place, url }])).toMatchObject({ targets: [{ origin: url }], issues: [] })
  })

  it.each([
    'http://10.0.0.1',
    'http://192.168.1.5:3000',
    'http://172.16.0.1',
    'http://100.64.0.1',
    'http://[fd00::1]',
    'http://169.254.169.254',
    'http://169.254.1.1',
    'http://[fe80::1]',
    'http://0.0.0.0:3000',
    'http://224.0.0.1',
    'http://[::ffff:10.0.0.1]',
    'http://[64:ff9b::a00:1]',
  ])('%s is none, and the issue says what names it', (url) => {
    const { targets, issues } = targetsFromSource([
      { ...place, url },
      { ...place, url: `${url}/again` },
    ])
    expect(targets).toEqual([])
    expect(issues).toMatchObject([
      {
        code: 'CORS_DEV_ADDRESS',
        path: 'src/main.js:3 fetch(…)',
        value: new URL(url).origin,
        instead: `Write targets: ['${new URL(url).origin}'] to name it`,
      },
    ])
  })
})

it.each<[code: string, mentions: boolean, mayCall: boolean]>([
  [`fetch('https://api.example.com')`, true, true],
  ['a = `\n  wss://live.example.com`', true, true],
  [String.raw`a = "\n https://api.example.com"`, true, true],
  [`open({ hrefs: 'https://api.example.com' })`, true, true],
  [`_jsx('a', { href: 'https://docs.example.com' })`, true, false],
  [`_jsx('a', { "href": "https://docs.example.com" })`, true, false],
  ['// WSS://live.example.com', true, false],
  [`'see https://docs.example.com'`, true, false],
  [`import './https'`, false, false],
  [`fetch('/users')`, false, false],
  [`'xhttp://a'`, false, false],
])('%s mentions a URL: %s, and is worth parsing: %s', (code, mentions, mayCall) => {
  expect(mentionsUrl(code)).toBe(mentions)
  expect(mayCallUrl(code)).toBe(mayCall)
})
