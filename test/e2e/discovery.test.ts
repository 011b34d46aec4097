/**
 * Nothing is configured: what the project's own code calls is found as the dev server transforms it, and reached as
 * needed.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from './chromium'
import { type Host, type HostKind, startHost } from './hosts'

interface CountingApi {
  origin: string
  /** Of actual requests, `OPTIONS` left out: method, path, and how it came. */
  calls: string[]
  server: Server
}

/** An API that counts who calls. Without CORS headers a page's direct calls still arrive, and fail there. */
async function startCountingApi(allowsCors: boolean): Promise<CountingApi> {
  const calls: string[] = []
  const server = createServer((req: IncomingMessage, res) => {
    if (req.method !== 'OPTIONS') calls.push(`${req.method} ${req.url}${req.headers.via ? ' relayed' : ''}`)
    if (allowsCors) {
      res.setHeader('access-control-allow-origin', req.headers.origin ?? '*')
      res.setHeader('access-control-allow-headers', 'content-type')
    }
    if (req.url === '/stream') {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n')
      server.on('goOn', () => res.write('data: two\n\n'))
    } else {
      res.end(req.method === 'OPTIONS' ? '' : JSON.stringify({ from: req.url }))
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls, server }
}

const apis: CountingApi[] = []
let closed: CountingApi
let later: CountingApi
let open: CountingApi
let foreign: CountingApi
let browser: Browser
beforeAll(async () => {
  ;[closed, later, open, foreign] = await Promise.all([
    startCountingApi(false),
    startCountingApi(false),
    startCountingApi(true),
    startCountingApi(false),
  ])
  apis.push(closed, later, open, foreign)
  browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  for (const { server } of apis) {
    server.closeAllConnections()
    server.close()
  }
})

/** A page's errors about CORS, which nobody should see. */
async function openPage(url: string): Promise<{ page: Page; red: string[] }> {
  const page = await (await browser.newContext()).newPage()
  const red: string[] = []
  page.on('console', (message) => {
    // webpack-dev-server 5 gives its client an address that is not the page's, with or without us.
    const isOfOthers =
      message.location().url.endsWith('/favicon.ico') || message.text().startsWith('[webpack-dev-server]')
    if (message.type() === 'error' && !isOfOthers) red.push(message.text())
  })
  await page.goto(url)
  await page.waitForFunction('window.isReady')
  return { page, red }
}

function projectFiles(): Record<string, string> {
  return {
    'index.html': `<!doctype html>
<html>
<head>
<script>window.classic = () => fetch('${closed.origin}/classic').then((answer) => answer.json())</script>
</head>
<body></body>
</html>
`,
    'src/main.js': `import config from './config.json'
import { callForeign } from 'dependency'

const API = '${closed.origin}'
window.call = (path, init) => fetch(API + path, init).then((answer) => answer.json())
window.callOpen = () => fetch('${open.origin}/open').then((answer) => answer.json())
window.stream = () => new EventSource(\`${closed.origin}/stream\`)
window.loadLater = () => import('./later.js')
window.callForeign = callForeign
window.callOther = () => fetch(config.apiUrl + '/json').then((answer) => answer.json())
window.links = ['https://example.com/about']
window.isReady = true
`,
    'src/later.js': `// Loaded when the page has its runtime already.
export const call = () => fetch('${later.origin}/later').then((answer) => answer.json())
`,
    'src/config.json': `{ "docs": "https://example.com/docs", "apiUrl": "${closed.origin.replace('127.0.0.1', 'localhost')}" }\n`,
    'node_modules/dependency/package.json':
      '{ "name": "dependency", "version": "1.0.0", "type": "module", "main": "index.js" }',
    'node_modules/dependency/index.js': `export const callForeign = () => fetch('${foreign.origin}/foreign')\n`,
  }
}

const call = (page: Page, expression: string): Promise<unknown> =>
  page.evaluate(expression).catch((error: Error) => /Failed to fetch/.exec(error.message)?.[0] ?? error.message)

describe.each<HostKind>(['vite', 'vite-7', 'webpack-cli', 'webpack-5'])('%s', (kind) => {
  let host: Host
  let page: Page
  let red: string[]
  beforeAll(async () => {
    host = await startHost(kind, { files: projectFiles() })
    for (const { calls } of apis) calls.length = 0
    ;({ page, red } = await openPage(host.url))
  })
  afterAll(() => host?.close())

  it('says in one line that nothing is named', () => {
    expect(host.logs().filter((line) => /no targets named/.test(line))).toHaveLength(1)
  })

  it('relays the calls of code to an API without CORS, each once, and prints line and remedy once', async () => {
    expect(await call(page, `call('/users')`)).toEqual({ from: '/users' })
    expect(await call(page, `call('/users', { method: 'POST', body: 'x' })`)).toEqual({ from: '/users' })
    expect(await call(page, `call('/again')`)).toEqual({ from: '/again' })
    expect(closed.calls).toEqual(['GET /users relayed', 'POST /users relayed', 'GET /again relayed'])
    const line = await host.waitForLog(new RegExp(`${closed.origin} .*is called through the relay`))
    expect(line).toContain(`targets: ['${closed.origin}'] makes that permanent`)
    // The page comes first, and names it too.
    expect(line).toMatch(/\(index\.html:4 fetch\(…\)\)|\(src\/main\.js:4 API\)/)
    expect(host.logs().filter((text) => text.includes(`${closed.origin} (`) && text.includes('relay:'))).toHaveLength(1)
  })

  it('leaves calls to an API that allows the page direct', async () => {
    expect(await call(page, 'callOpen()')).toEqual({ from: '/open' })
    expect(open.calls).toEqual(['GET /open'])
    await host.waitForLog(new RegExp(`${open.origin} \\(src/main\\.js:6 fetch\\(…\\)\\) is called directly`))
  })

  it('finds what a script in the page itself calls', async () => {
    closed.calls.length = 0
    expect(await call(page, 'classic()')).toEqual({ from: '/classic' })
    expect(closed.calls).toEqual(['GET /classic relayed'])
  })

  it('finds what a JSON file names', async () => {
    closed.calls.length = 0
    expect(await call(page, 'callOther()')).toEqual({ from: '/json' })
    expect(closed.calls).toEqual(['GET /json relayed'])
    await host.waitForLog(/\(src\/config\.json:1 apiUrl\)/)
  })

  it('finds what a module calls that is loaded into an open page, and ends no stream for it', async () => {
    await page.evaluate(`new Promise((resolve) => {
      window.received = []
      const source = stream()
      source.onmessage = ({ data }) => { received.push(data); resolve() }
      source.onerror = () => received.push('error')
    })`)
    await page.evaluate(`loadLater().then((module) => { window.later = module })`)
    expect(await call(page, 'later.call()')).toEqual({ from: '/later' })
    expect(later.calls).toEqual(['GET /later relayed'])
    await host.waitForLog(new RegExp(`${later.origin} \\(src/later\\.js:2 fetch\\(…\\)\\)`))
    closed.server.emit('goOn')
    await page.waitForFunction('received.length === 2')
    expect(await page.evaluate('received')).toEqual(['one', 'two'])
  })

  it('shows no error about CORS for any of them', () => {
    expect(red).toEqual([])
  })

  it('leaves the calls of dependencies alone', async () => {
    expect(await call(page, 'callForeign()')).toBe('Failed to fetch')
    expect(foreign.calls).toEqual(['GET /foreign'])
    // It is seen at run time, and from there nothing leads to this machine.
    await host.waitForLog(new RegExp(`"${foreign.origin}" leads to this machine, and is called as without this plugin`))
  })

  it('takes no link for an API', () => {
    expect(host.logs().join('\n')).not.toContain('example.com')
  })
})

describe.each<HostKind>(['vite', 'webpack-cli'])('%s', (kind) => {
  it('with discover: false looks for nothing, and leaves the page as it is', async () => {
    const openapi = 'openapi: 3.0.0\nservers:\n  - url: https://api.example.com\n'
    const files = { ...projectFiles(), 'openapi.yaml': openapi }
    const host = await startHost(kind, { files, options: { discover: false } })
    try {
      for (const { calls } of apis) calls.length = 0
      const { page } = await openPage(host.url)
      expect(await call(page, `call('/users')`)).toBe('Failed to fetch')
      expect(closed.calls).toEqual(['GET /users'])
      await host.waitForLog(/no targets: nothing is proxied/)
      const own = host.logs().filter((line) => line.includes('cors-dev'))
      expect(own.join('\n')).not.toMatch(/openapi\.yaml|src\/main\.js/)
      expect(await (await fetch(host.url)).text()).not.toContain('__cors-dev')
    } finally {
      await host.close()
    }
  })

  it('with relay: "never" finds targets, and calls none of them through here', async () => {
    const host = await startHost(kind, { files: projectFiles(), options: { relay: 'never' } })
    try {
      for (const { calls } of apis) calls.length = 0
      const { page } = await openPage(host.url)
      expect(await call(page, `call('/users')`)).toBe('Failed to fetch')
      expect(closed.calls).toEqual(['GET /users'])
    } finally {
      await host.close()
    }
  })

  it('finds the servers of OpenAPI documents, and lets neither them nor code lead into private networks', async () => {
    const host = await startHost(kind, {
      files: {
        'docs/openapi.yaml': `openapi: 3.1.0
servers:
  - url: https://{region}.example.com/v1
    variables:
      region:
        default: eu
  - url: ${closed.origin}
`,
        'swagger.json': JSON.stringify({ swagger: '2.0', host: 'old.example.com', schemes: ['https'] }),
        'src/main.js': `window.isReady = true
window.call = () => fetch('http://10.255.255.1/users')
`,
      },
    })
    try {
      await host.waitForLog(/https:\/\/eu\.example\.com, .*\(docs\/openapi\.yaml:3 servers\[0\]\)/)
      await host.waitForLog(/https:\/\/old\.example\.com, .*\(swagger\.json:1 host\)/)
      const refused = await host.waitForLog(/docs\/openapi\.yaml:7 servers\[1\]/)
      expect(refused).toContain(`Write targets: ['${closed.origin}'] to name it`)
      const { page } = await openPage(host.url)
      const privately = await host.waitForLog(/src\/main\.js:2 fetch\(…\)/)
      expect(privately).toContain(`Write targets: ['http://10.255.255.1'] to name it`)
      const script = await page.evaluate('fetch("/__cors-dev/client.js").then((answer) => answer.text())')
      expect(script).toContain('"https://eu.example.com":"as-needed"')
      expect(script).not.toContain('10.255.255.1')
    } finally {
      await host.close()
    }
  })

  it('leaves the paths of its own proxy table to it', async () => {
    const config =
      kind === 'vite'
        ? `server: { proxy: { '/api': '${open.origin}' } },`
        : `devServer: {
             port: Number(process.env.PORT), host: '127.0.0.1', static: './public',
             proxy: [{ context: ['/api'], target: '${open.origin}' }],
           },`
    const host = await startHost(kind, { files: projectFiles(), config })
    try {
      for (const { calls } of apis) calls.length = 0
      const { page } = await openPage(host.url)
      expect(await call(page, `call('/users')`)).toEqual({ from: '/users' })
      expect(await call(page, `fetch('/api/x').then((answer) => answer.json())`)).toEqual({ from: '/api/x' })
      expect(open.calls).toEqual(['GET /api/x'])
    } finally {
      await host.close()
    }
  })
})

it('names the line of TypeScript, Vue and Svelte files as they were written', async () => {
  const host = await startHost('vite', {
    options: '',
    files: {
      'vite.config.mjs': `
        import corsDev from 'unplugin-cors-dev/vite'
        import vue from '@vitejs/plugin-vue'
        import { svelte } from '@sveltejs/vite-plugin-svelte'
        export default { plugins: [corsDev(), vue(), svelte({ configFile: false })], clearScreen: false }`,
      'src/main.js': `import { callTypeScript } from './api.ts'
import Page from './Page.vue'
import Box from './Box.svelte'
import { createApp } from 'vue'
import { mount } from 'svelte'
createApp(Page).mount(document.body.appendChild(document.createElement('div')))
mount(Box, { target: document.body })
window.callTypeScript = callTypeScript
window.isReady = true
`,
      'src/api.ts': `interface Answer {
  from: string
}
enum Method { Get = 'GET' }
export const callTypeScript = async (): Promise<Answer> =>
  (await fetch('${closed.origin}/typescript', { method: Method.Get })).json() as Promise<Answer>
`,
      'src/Page.vue': `<template>
  <a href="https://example.com/vue">{{ text }}</a>
</template>
<script setup lang="ts">
import { ref } from 'vue'
const text = ref<string>('')
fetch('${later.origin}/vue').then(async (answer) => (text.value = (await answer.json()).from))
</script>
`,
      'src/Box.svelte': `<script>
  let text = $state('')
  fetch('${open.origin}/svelte').then(async (answer) => (text = (await answer.json()).from))
</script>
<a href="https://example.com/svelte">{text}</a>
`,
    },
  })
  try {
    for (const { calls } of apis) calls.length = 0
    const { page, red } = await openPage(host.url)
    expect(await call(page, 'callTypeScript()')).toEqual({ from: '/typescript' })
    await page.waitForFunction(
      `document.body.textContent.includes('/vue') && document.body.textContent.includes('/svelte')`,
    )
    await host.waitForLog(/src\/api\.ts:6 fetch\(…\)/)
    await host.waitForLog(/src\/Page\.vue:7 fetch\(…\)/)
    await host.waitForLog(/src\/Box\.svelte:3 fetch\(…\)/)
    expect(closed.calls).toEqual(['GET /typescript relayed'])
    expect(red).toEqual([])
    expect(host.logs().join('\n')).not.toContain('example.com')
  } finally {
    await host.close()
  }
})
