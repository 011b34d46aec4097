/** No project at all: a folder with a page in it, and one command. */
import { once } from 'node:events'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand, type RunningCommand, startCommand } from '../cli/command'
import { launchChromium } from './chromium'

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))

interface Api {
  origin: string
  /** Actual requests, and how they came. */
  calls: string[]
  server: Server
}

async function startApi(name: string, allowsCors: boolean): Promise<Api> {
  const calls: string[] = []
  const server = createServer((req, res) => {
    if (req.method !== 'OPTIONS') calls.push(`${req.method} ${req.url}${req.headers.via ? ' relayed' : ''}`)
    if (allowsCors) res.setHeader('access-control-allow-origin', req.headers.origin ?? '*')
    res.setHeader('content-type', 'application/json').end(JSON.stringify({ name }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls, server }
}

/** Outside of this repository, whose package.json and Vite would be found otherwise. */
const folders: string[] = []
function makeFolder(files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'cors-dev-folder-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** All that is in a folder: names, texts and times. */
function contents(folder: string): unknown {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const stats = statSync(join(folder, name))
      return [name, stats.mtimeMs, stats.isFile() ? readFileSync(join(folder, name), 'utf8') : undefined]
    })
}

let browser: Browser
let weather: Api
let orders: Api
let maps: Api
beforeAll(async () => {
  ;[browser, weather, orders, maps] = await Promise.all([
    launchChromium(),
    startApi('weather', false),
    startApi('orders', false),
    startApi('maps', true),
  ])
})
afterAll(async () => {
  await browser?.close()
  for (const { server } of [weather, orders, maps]) {
    server.closeAllConnections()
    server.close()
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const prototype = (heading: string): string => `<!doctype html>
<html lang="en">
<head><title>prototype</title><script src="classic.js"></script></head>
<body>
<h1>${heading}</h1>
<p></p>
<script type="module">
const order = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' }
const answers = await Promise.all([
  fetch('${weather.origin}/today'),
  fetch('${orders.origin}/1', order),
  fetch('${maps.origin}/tile'),
])
const names = await Promise.all(answers.map(async (answer) => (await answer.json()).name))
document.querySelector('p').textContent = names.join(', ')
</script>
</body>
</html>
`

describe('a folder with one page, which calls two APIs without CORS and one with', () => {
  let folder: string
  let before: unknown
  let command: RunningCommand
  let page: Page
  let url: string
  const red: string[] = []

  beforeAll(async () => {
    folder = makeFolder({
      'index.html': prototype('one'),
      'about.html': '<!doctype html><h1>about</h1>',
      'classic.js': 'window.version = 1',
    })
    before = contents(folder)
    command = startCommand(['--port', '0'], { cwd: folder })
    ;[, url = ''] = await command.waitFor(/Local: +(http:\S+)/)
    page = await (await browser.newContext()).newPage()
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) red.push(message.text())
    })
    await page.goto(url)
  })
  afterAll(() => command?.stop())

  it('gets all three answers by one command', async () => {
    await page.waitForFunction(`document.querySelector('p').textContent !== ''`)
    expect(await page.textContent('p')).toBe('weather, orders, maps')
    expect(red).toEqual([])
    expect(weather.calls).toEqual(['GET /today relayed'])
    expect(orders.calls).toEqual(['PUT /1 relayed'])
    expect(maps.calls).toEqual(['GET /tile'])
  })

  it('is told where it is served, what was found where, which way calls go, and what makes that permanent', async () => {
    await command.waitFor(/unplugin-cors-dev \d\S+ serves \S*cors-dev-folder-\S+ by Vite \d/)
    await command.waitFor(/APIs are found as code calls them/)
    for (const { origin } of [weather, orders]) {
      const [, line, remedy] = await command.waitFor(
        new RegExp(`${origin} \\(index\\.html:(\\d+) fetch\\(…\\)\\) is called through the relay: .*\\. (.*)`),
      )
      expect(Number(line)).toBe(prototype('').slice(0, prototype('').indexOf(origin)).split('\n').length)
      expect(remedy).toBe(`"corsDev": { "targets": ["${origin}"] } in package.json makes that permanent.`)
    }
    await command.waitFor(new RegExp(`${maps.origin} \\(index\\.html:12 fetch\\(…\\)\\) is called directly: it allows`))
    await command.waitFor(new RegExp(`PUT ${orders.origin}/1 would be blocked`))
  })

  it('serves the pages beside the index, and says honestly what is not there', async () => {
    const other = await browser.newPage()
    for (const path of ['about.html', 'about']) {
      expect((await other.goto(url + path))?.status()).toBe(200)
      expect(await other.textContent('h1')).toBe('about')
    }
    await other.close()
    const statusOf = async (path: string): Promise<number> =>
      (await fetch(url + path, { headers: { accept: 'text/html' } })).status
    expect(await statusOf('nothing')).toBe(404)
    expect(await statusOf('@fs/etc/hostname')).toBe(403)
  })

  it('writes nothing into the folder', () => {
    expect(contents(folder)).toEqual(before)
  })

  it('reloads when the page is edited', async () => {
    await page.evaluate('window.isOld = true')
    writeFileSync(join(folder, 'index.html'), prototype('two'))
    await page.waitForFunction(`!window.isOld && document.querySelector('p')?.textContent !== ''`)
    expect(await page.textContent('h1')).toBe('two')
    expect(await page.textContent('p')).toBe('weather, orders, maps')
  })

  it('reloads when a file is edited that is no module', async () => {
    writeFileSync(join(folder, 'classic.js'), 'window.version = 2')
    await page.waitForFunction(`window.version === 2`)
    await command.waitFor(/page reload classic\.js/)
  })

  it('ends with Ctrl-C, and leaves nothing behind', async () => {
    expect(await command.stop('SIGINT')).toBe(130)
    await expect(fetch(url)).rejects.toThrow()
    writeFileSync(join(folder, 'index.html'), prototype('one'))
    expect((contents(folder) as unknown[][]).map(([name]) => name)).toEqual(['about.html', 'classic.js', 'index.html'])
  })
})

it('makes permanent what the terminal says does: the options in package.json', async () => {
  const folder = makeFolder({
    'index.html': prototype('named'),
    'package.json': JSON.stringify({ corsDev: { targets: [maps.origin] } }),
    'node_modules/dependency/package.json': '{ "name": "dependency", "version": "1.0.0", "main": "index.js" }',
    'node_modules/dependency/index.js': 'exports.text = "from a dependency"',
    'later.html': `<!doctype html><p></p><script type="module">
      import { text } from 'dependency'
      document.querySelector('p').textContent = text
      window.neverCalled = () => fetch('http://10.255.255.1/users')
    </script>`,
  })
  const before = contents(folder)
  const command = startCommand([folder, '-p', '0'], { cwd: tmpdir() })
  try {
    const [, url = ''] = await command.waitFor(/Local: +(http:\S+)/)
    await command.waitFor(new RegExp(`cors-dev: ${maps.origin} \\(package\\.json:1 corsDev\\.targets\\[0\\]\\)`))
    maps.calls.length = 0
    const page = await browser.newPage()
    await page.goto(url)
    await page.waitForFunction(`document.querySelector('p').textContent !== ''`)
    expect(maps.calls).toEqual(['GET /tile relayed'])
    // What Vite makes of dependencies lies elsewhere, too.
    await page.goto(`${url}later.html`)
    await page.waitForFunction(`document.querySelector('p').textContent === 'from a dependency'`)
    expect(contents(folder)).toEqual(before)
    await command.waitFor(
      /later\.html:\d+ .*"http:\/\/10\.255\.255\.1" leads to a private .*Write "corsDev": \{ "targets": \["http:\/\/10\.255\.255\.1"\] \} in package\.json/,
    )
    await page.close()
  } finally {
    await command.stop('SIGTERM')
  }
})

it('takes the Vite of the folder first, names pages where there is no index, and opens the first', async () => {
  const folder = makeFolder({
    'b.html': '<p>b</p>',
    'c/index.html': '<p>c</p>',
    'c/d.txt': '',
    // Where Vite finds a script under this name, it runs that.
    'browser.js': `require('node:fs').writeFileSync(process.env.OPENED, process.argv.at(-1))`,
  })
  symlinkSync(join(REPOSITORY, 'node_modules/vite-7'), join(makeModules(folder), 'vite'), 'dir')
  const opened = join(makeFolder(), 'opened')
  const env = { BROWSER: join(folder, 'browser.js'), OPENED: opened }
  const command = startCommand(['serve', '.', '--open'], { cwd: folder, env })
  try {
    const [, url] = await command.waitFor(/page: (http:\S+)\n/)
    await command.waitFor(/by Vite 7\./)
    expect(url).toMatch(/\/b\.html$/)
    await command.waitFor(/page: http:\S+\/c\/\n/)
    await expect.poll(() => readFileSync(opened, { encoding: 'utf8', flag: 'a+' }), { timeout: 20_000 }).toBe(url)
  } finally {
    await command.stop()
  }
})

function makeModules(folder: string): string {
  const modules = join(folder, 'node_modules')
  mkdirSync(modules, { recursive: true })
  return modules
}

describe('without a Vite', () => {
  let installed: string
  beforeAll(() => {
    const modules = makeModules(makeFolder())
    installed = join(modules, 'unplugin-cors-dev/dist/cli.js')
    cpSync(join(REPOSITORY, 'dist'), join(installed, '..'), { recursive: true })
    writeFileSync(join(installed, '../../package.json'), '{ "type": "module" }')
  })

  it.each([
    ['npm/11.0.0 node/v24.0.0', 'npm install --save-dev vite'],
    ['pnpm/10.0.0 npm/? node/v24.0.0', 'pnpm add --save-dev vite'],
    ['yarn/4.0.0 npm/? node/v24.0.0', 'yarn add --dev vite'],
    ['bun/1.2.0 npm/? node/v24.0.0', 'bun add --dev vite'],
  ])('started by %s, says what installs it', async (agent, install) => {
    const cwd = makeFolder({ 'index.html': '' })
    const { code, stderr } = await runCommand([], { npm_config_user_agent: agent }, { cwd, file: installed })
    expect(code).toBe(2)
    expect(stderr).toContain(`[cors-dev] Vite is missing: `)
    expect(stderr).toContain(`Run "${install}"`)
  })

  it('says of one that is too old that it is', async () => {
    const cwd = makeFolder({ 'index.html': '', 'node_modules/vite/package.json': '{ "version": "5.4.19" }' })
    const { code, stderr } = await runCommand([], {}, { cwd, file: installed })
    expect(code).toBe(2)
    expect(stderr).toContain('[cors-dev] Vite "5.4.19" is too old: ')
  })
})
