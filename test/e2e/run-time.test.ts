/**
 * Origins that nobody named and no code spells out: learnt when the page calls them. Names are those of the public
 * internet; a proxy of the environment leads the dev server to them, and a rule of its resolver the browser.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchChromium } from './chromium'
import { type Host, type HostKind, startHost } from './hosts'

/** What all of `*.example.com` was asked, and how it came: `GET closed /users relayed`. */
let requests: string[] = []
let internet: Server
let browser: Browser
beforeAll(async () => {
  internet = createServer((req, res) => {
    const url = new URL(req.url ?? '/', `http://${req.headers.host}`)
    const name = url.hostname.replace('.example.com', '')
    const isProbe = req.method === 'OPTIONS'
    requests.push([req.method, name, isProbe ? '' : url.pathname, req.headers.via ? 'relayed' : ''].join(' ').trim())
    if (name.startsWith('open')) res.setHeader('access-control-allow-origin', req.headers.origin ?? '*')
    if (name.startsWith('open')) res.setHeader('access-control-allow-headers', 'content-type')
    res.end(isProbe ? '' : JSON.stringify({ from: url.pathname }))
  }).listen(0, '127.0.0.1')
  await once(internet, 'listening')
  browser = await launchChromium([`--host-resolver-rules=MAP *.example.com 127.0.0.1:${port()}`])
})
beforeEach(() => {
  requests = []
})
afterAll(async () => {
  await browser?.close()
  internet?.closeAllConnections()
  internet?.close()
})

const port = (): number => (internet.address() as AddressInfo).port
const environment = (): Record<string, string> => ({ HTTP_PROXY: `http://127.0.0.1:${port()}`, NO_PROXY: '' })

const FILES = {
  'index.html': `<!doctype html>
<html>
<head><title>page</title></head>
<body>
<script>
window.inline = (name) => fetch('http://' + name + '.example.com/inline').then((answer) => answer.json())
</script>
</body>
</html>
`,
  'src/main.js': `import { callByWay } from 'dependency'
import { post } from './api.js'

const at = (name) => 'http://' + name + '.example.com'

window.get = (name, path, init) =>
  fetch(at(name) + path, init).then((answer) => answer.json())
window.post = (name) => post(at(name))
window.byWay = async (name) => (await callByWay(at(name) + '/way')).json()
window.listen = (name) => new EventSource(at(name) + '/events').url
window.beacon = (name) => navigator.sendBeacon(at(name) + '/beacon', 'x')
window.elsewhere = (origin) => fetch(origin)
window.isReady = true
`,
  'src/api.js': `// Sends JSON, which needs a preflight.
export const post = async (origin) => {
  const xhr = new XMLHttpRequest()
  xhr.open('POST', origin + '/items')
  xhr.setRequestHeader('content-type', 'application/json')
  const done = new Promise((resolve, reject) => Object.assign(xhr, { onload: resolve, onerror: reject }))
  xhr.send('{}')
  await done
  return JSON.parse(xhr.responseText)
}
`,
  'openapi.yaml': `openapi: 3.1.0
servers:
  - url: http://{name}.example.com/v1
    variables:
      name:
        default: closed-spec
`,
  'node_modules/dependency/package.json':
    '{ "name": "dependency", "version": "1.0.0", "type": "module", "main": "index.js" }',
  'node_modules/dependency/index.js': 'export const callByWay = (url) => fetch(url)\n',
}

const run = (page: Page, expression: string): Promise<unknown> =>
  page.evaluate(expression).catch((error: Error) => /Failed to fetch/.exec(error.message)?.[0] ?? error.message)

const HOSTS: [HostKind, string][] = [
  ['vite', ''],
  ['webpack-cli', "devtool: 'eval',"],
  ['rspack-cli', "devtool: 'source-map',"],
]

describe.each(HOSTS)('%s %s', (kind, config) => {
  let host: Host
  let page: Page
  const red: string[] = []
  beforeAll(async () => {
    host = await startHost(kind, { files: FILES, config, env: environment() })
    page = await (await browser.newContext()).newPage()
    page.on('console', (message) => {
      if (message.type() === 'error' && /CORS|ERR_FAILED/.test(message.text())) red.push(message.text())
    })
    await page.goto(host.url)
    await page.waitForFunction('window.isReady')
  })
  afterAll(() => host?.close())

  const linesAbout = (name: string): string[] => host.logs().filter((line) => line.includes(`//${name}.example.com`))

  it('relays calls to an API without CORS after one probe, each once, and says so once', async () => {
    expect(await run(page, `get('closed', '/a')`)).toEqual({ from: '/a' })
    expect(await run(page, `Promise.all(['/b', '/c'].map((path) => get('closed', path)))`)).toHaveLength(2)
    expect(requests).toEqual([
      'OPTIONS closed',
      'GET closed /a relayed',
      expect.stringMatching(/GET closed \/[bc] relayed/),
      expect.stringMatching(/GET closed \/[bc] relayed/),
    ])
    const line = await host.waitForLog(/closed\.example\.com .* is called through the relay/)
    expect(line).toContain('(src/main.js:7 at run time)')
    expect(line).toContain("targets: ['http://closed.example.com'] makes that permanent")
    expect(linesAbout('closed').filter((text) => text.includes('is called'))).toHaveLength(1)
  })

  it('asks once for each kind of call', async () => {
    expect(await run(page, `post('closed')`)).toEqual({ from: '/items' })
    expect(await run(page, `post('closed')`)).toEqual({ from: '/items' })
    expect(requests).toEqual(['OPTIONS closed', 'POST closed /items relayed', 'POST closed /items relayed'])
  })

  it('leaves calls to a service that allows the page direct', async () => {
    expect(await run(page, `post('open')`)).toEqual({ from: '/items' })
    expect(await run(page, `get('open', '/a')`)).toEqual({ from: '/a' })
    expect(requests.filter((request) => request.includes('relayed'))).toEqual([])
    expect(requests.filter((request) => !request.startsWith('OPTIONS'))).toEqual(['POST open /items', 'GET open /a'])
    const line = await host.waitForLog(/open\.example\.com .* is called directly/)
    expect(line).toContain('(src/api.js:7 at run time)')
  })

  it('names the code that has a library call', async () => {
    expect(await run(page, `byWay('closed-way')`)).toEqual({ from: '/way' })
    expect(requests).toEqual(['OPTIONS closed-way', 'GET closed-way /way relayed'])
    await host.waitForLog(/closed-way\.example\.com \(src\/main\.js:9 at run time\)/)
  })

  it('finds the script in the page', async () => {
    expect(await run(page, `inline('closed-inline')`)).toEqual({ from: '/inline' })
    const line = await host.waitForLog(/closed-inline\.example\.com \(.* at run time\)/)
    if (kind === 'vite') expect(line).toContain('(index.html:6 at run time)')
  })

  it('reaches what an API description names, with credentials too', async () => {
    await host.waitForLog(/http:\/\/closed-spec\.example\.com, .*\(openapi\.yaml:3 servers\[0\]\)/)
    expect(await run(page, `get('closed-spec', '/v1/me', { credentials: 'include' })`)).toEqual({ from: '/v1/me' })
    expect(requests).toEqual(['OPTIONS closed-spec', 'GET closed-spec /v1/me relayed'])
  })

  it('says once that a proxy resolves the names', () => {
    expect(host.logs().filter((line) => line.includes('which resolves their names'))).toHaveLength(1)
  })

  it('relays event streams that carry no credentials', async () => {
    expect(await run(page, `listen('closed-events')`)).toBe('http://closed-events.example.com/events')
    await expect.poll(() => requests).toContain('GET closed-events /events relayed')
    expect(requests[0]).toBe('OPTIONS closed-events')
  })

  it('a page that is opened later need not ask again', async () => {
    const later = await (await browser.newContext()).newPage()
    await later.goto(host.url)
    await later.waitForFunction('window.isReady')
    expect(await run(later, `get('closed', '/later')`)).toEqual({ from: '/later' })
    expect(requests).toEqual(['GET closed /later relayed'])
    await later.context().close()
  })

  it('has shown no red line so far', () => {
    expect(red).toEqual([])
  })

  it('leaves beacons, and calls with credentials, direct, and says what would relay them', async () => {
    await run(page, `beacon('closed')`)
    await expect.poll(() => requests).toContain('POST closed /beacon')
    expect(await run(page, `get('closed', '/me', { credentials: 'include' })`)).toBe('Failed to fetch')
    expect(requests.filter((request) => request.includes('/me'))).toEqual(['GET closed /me'])
    const line = await host.waitForLog(/closed\.example\.com .* is called directly: .* with credentials/)
    expect(line).toContain("targets: ['http://closed.example.com'] would send it through here")
  })

  it('leads to no address of the own machine or network, and says what would', async () => {
    const own = `http://127.0.0.1:${port()}`
    expect(await run(page, `elsewhere('${own}/own')`)).toBe('Failed to fetch')
    expect(requests).toEqual(['GET 127.0.0.1 /own'])
    const line = await host.waitForLog(/leads to this machine/)
    expect(line).toContain('src/main.js:12 at run time')
    expect(line).toContain(`Write targets: ['${own}'] to name it`)
  })
})

it('in Express: learns what a page calls, and names the page', async () => {
  const host = await startHost('express', {
    env: environment(),
    files: {
      'index.html': `<!doctype html>
<script>
window.call = (name) => fetch('http://' + name + '.example.com/page').then((answer) => answer.json())
window.isReady = true
</script>
`,
    },
  })
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    await page.goto(host.url)
    expect(await run(page, `call('closed')`)).toEqual({ from: '/page' })
    expect(await run(page, `call('open')`)).toEqual({ from: '/page' })
    expect(requests).toEqual(['OPTIONS closed', 'GET closed /page relayed', 'OPTIONS open', 'GET open /page'])
    await host.waitForLog(/closed\.example\.com \(index\.html:3 at run time\) is called through the relay/)
  } finally {
    await Promise.all([context.close(), host.close()])
  }
})
