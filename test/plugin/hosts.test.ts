import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type Host, type HostKind, type HostProject, startHost } from '../e2e/hosts'

/** An API that knows nothing of CORS: it answers with what it was asked, and echoes what its sockets say. */
let api: Server
let sockets: WebSocketServer
let target: string
const asked: IncomingMessage[] = []

beforeAll(async () => {
  api = createServer((request, response) => {
    asked.push(request)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method: request.method, url: request.url, host: request.headers.host }))
  })
  sockets = new WebSocketServer({ server: api })
  sockets.on('connection', (socket, request) => {
    socket.on('message', (data) => socket.send(`${request.url} ${String(data)}`))
  })
  api.listen(0, '127.0.0.1')
  await once(api, 'listening')
  target = `http://localhost:${(api.address() as AddressInfo).port}`
})

afterAll(() => {
  for (const socket of sockets.clients) socket.terminate()
  api.close()
  api.closeAllConnections()
})

let host: Host | undefined
afterEach(async () => {
  await host?.close()
  host = undefined
})

async function start(kind: HostKind, project: HostProject = {}): Promise<Host> {
  host = await startHost(kind, project)
  return host
}

/** As a page of the dev server would ask. */
async function ask(url: string, init: { method?: string; headers?: Record<string, string> } = {}) {
  const { protocol, origin, hostname, port, pathname, search } = new URL(url)
  const headers = { 'sec-fetch-site': 'same-origin', origin, ...init.headers }
  if (protocol === 'http:') {
    const response = await fetch(url, { ...init, headers })
    return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() }
  }
  const request = httpsRequest({
    hostname,
    port,
    path: pathname + search,
    method: init.method ?? 'GET',
    headers,
    rejectUnauthorized: false,
  })
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const text = (await response.toArray()).join('')
  return { status: response.statusCode ?? 0, headers: response.headers as Record<string, string>, text }
}

const page = (url: string) =>
  ask(url, { headers: { accept: 'text/html', 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' } })

async function say(
  url: string,
  message: string,
  protocols: string[] = [],
  origin = new URL(url).origin.replace(/^ws/, 'http'),
) {
  const socket = new WebSocket(url, protocols, { origin, rejectUnauthorized: false })
  try {
    await once(socket, 'open')
    socket.send(message)
    const [data] = await once(socket, 'message')
    return String(data)
  } finally {
    socket.terminate()
  }
}

const DEV_HOSTS: HostKind[] = [
  'vite',
  'vite-7',
  'vite-https',
  'vite-base',
  'vite-middleware',
  'webpack',
  'webpack-cli',
  'webpack-5',
  'webpack-multi',
  'rspack-cli',
  'express',
]

describe.each(DEV_HOSTS)('%s', (kind) => {
  test('stands first, serves the runtime, claims upgrades, and says where calls go', async () => {
    const { url, origin, waitForLog } = await start(kind, { options: { targets: { '/api': target } } })

    const options = await ask(`${origin}/api/users?q=1`, { method: 'OPTIONS' })
    expect(JSON.parse(options.text)).toEqual({ method: 'OPTIONS', url: '/api/users?q=1', host: new URL(target).host })

    const { text } = await page(url)
    const [, scriptPath = ''] = /<script[^>]*src="([^"]+)"/.exec(text) ?? []
    expect(scriptPath).toMatch(/__cors-dev\/client\.js$/)
    expect(text.match(/__cors-dev\/client\.js/g)).toHaveLength(1)
    const script = await ask(new URL(scriptPath, url).href)
    expect(script.status).toBe(200)
    expect(script.text).toContain(target)

    const sockets = origin.replace(/^http/, 'ws')
    expect(await say(`${sockets}/api/socket`, 'hello')).toBe('/api/socket hello')

    await waitForLog(new RegExp(`/api → ${target}`))
  })
})

describe('the runtime', () => {
  test.each(['vite', 'vite-7'] as const)(
    'is in what %s gives to pages of other servers and to workers',
    async (kind) => {
      const { origin } = await start(kind, { options: { targets: [target] } })
      const client = await ask(`${origin}/@vite/client`)
      expect(client.text).toContain('import.meta.url)})();')
      // Classic workers import it as a classic script, where `import.meta` is a syntax error.
      const env = await ask(`${origin}/@vite/env`)
      expect(env.text).toContain(target)
      expect(env.text).not.toContain('import.meta')
    },
  )

  test.each(['webpack', 'webpack-multi', 'webpack-5', 'rspack-cli'] as const)(
    'is in the runtime chunks of %s',
    async (kind) => {
      const { origin } = await start(kind, {
        options: { targets: [target] },
        files: {
          'src/main.js': "new Worker(new URL('./worker.js', import.meta.url))",
          'src/worker.js': "self.postMessage('here')",
        },
      })
      const chunks = ['main.js', 'src_worker_js.js', ...(kind === 'webpack-multi' ? ['second.js'] : [])]
      for (const chunk of chunks) expect((await ask(`${origin}/${chunk}`)).text).toContain(target)
    },
  )

  test.each(['vite', 'webpack', 'express'] as const)(
    'is put into the workers that %s serves as they are',
    async (kind) => {
      const { origin } = await start(kind, {
        options: { targets: [target] },
        files: {
          'public/plain-worker.js': 'postMessage(1)',
          'public/page.html': '<!doctype html><title>static</title>',
        },
      })
      const worker = await ask(`${origin}/plain-worker.js`, { headers: { 'sec-fetch-dest': 'worker' } })
      expect(worker.text).toContain(target)
      const script = await ask(`${origin}/plain-worker.js`, { headers: { 'sec-fetch-dest': 'script' } })
      expect(script.text).toBe('postMessage(1)')
      expect((await page(`${origin}/page.html`)).text).toContain('<script src="/__cors-dev/client.js"></script>')
    },
  )
})

describe('what belongs to the host', () => {
  test.each(['vite', 'vite-7', 'vite-middleware', 'vite-https'] as const)(
    'HMR of %s connects with a target mounted at /',
    async (kind) => {
      const { origin } = await start(kind, { options: { targets: { '/': target } } })
      const url = origin.replace(/^http/, 'ws')
      const socket = new WebSocket(url, 'vite-hmr', { rejectUnauthorized: false })
      const [message] = await once(socket, 'message')
      socket.terminate()
      expect(JSON.parse(String(message))).toEqual({ type: 'connected' })
      expect((await ask(`${origin}/@vite/client`)).text).toContain('createHotContext')
      expect(await say(`${url}/socket`, 'hello')).toBe('/socket hello')
    },
  )

  test.each(['webpack', 'webpack-cli', 'webpack-5', 'rspack-cli'] as const)(
    'HMR of %s connects with a target mounted at /',
    async (kind) => {
      const { origin } = await start(kind, { options: { targets: { '/': target } } })
      const url = origin.replace(/^http/, 'ws')
      const socket = new WebSocket(`${url}/ws`, { origin })
      const [message] = await once(socket, 'message')
      socket.terminate()
      expect(JSON.parse(String(message))).not.toHaveProperty('url')
      expect(await say(`${url}/socket`, 'hello')).toBe('/socket hello')
    },
  )

  const tables = {
    vite: (owner: string) => `server: { proxy: { '/owned': { target: '${owner}', ws: true } } },`,
    'webpack-cli': (owner: string) =>
      `devServer: { port: Number(process.env.PORT), host: '127.0.0.1', proxy: [{ context: ['/owned'], target: '${owner}', ws: true }] },`,
  }

  test.each(['vite', 'webpack-cli'] as const)(
    "%s keeps its own proxy's paths, and each socket has one answer",
    async (kind) => {
      const { origin } = await start(kind, {
        options: { targets: { '/': 'http://127.0.0.1:9', '/api': target } },
        config: tables[kind](target),
      })
      expect(JSON.parse((await ask(`${origin}/owned/users`)).text)).toMatchObject({ url: '/owned/users' })
      const sockets = origin.replace(/^http/, 'ws')
      expect(await say(`${sockets}/owned/socket`, 'hello')).toBe('/owned/socket hello')
      const relayed = `${sockets}/__cors-dev/to/${target.replace('://', '/')}/socket`
      for (const path of [`${sockets}/api/socket`, relayed]) {
        const { hostname, port, pathname } = new URL(path)
        const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname)
        socket.write(
          `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nOrigin: ${origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
            'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
        )
        let answer = ''
        socket.setEncoding('latin1').on('data', (text: string) => (answer += text))
        // A masked text frame with "hi"; the echo shows that the first answer was the only one.
        const frame = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])
        await expect.poll(() => answer).toContain('\r\n\r\n')
        socket.write(frame)
        await expect.poll(() => answer).toMatch(/ hi$/)
        expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
        socket.destroy()
      }
    },
  )

  test.each(['vite', 'webpack-cli'] as const)('a path that the table of %s takes is a mistake', async (kind) => {
    const starting = start(kind, { options: { targets: { '/owned/v2': target } }, config: tables[kind](target) })
    await expect(starting).rejects.toThrow(
      /"\/owned\/v2" can never match: "\/owned" in .*erver\.proxy of the dev server/,
    )
  })

  test('an upgrade that nobody knows is closed in a preview', async () => {
    const { origin } = await start('vite-preview', { options: { targets: { '/api': target } } })
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/elsewhere`, { origin })
    const [error] = await once(socket, 'error')
    expect(String(error)).toContain('404')
  })
})

describe('targets that are found', () => {
  test('Vite: .env files by mode and prefix, and a change of them restarts', async () => {
    const { write, waitForLog, logs } = await start('vite', {
      config: "envPrefix: 'PAGE_',",
      files: {
        '.env': 'PAGE_API=https://one.example.com/v1\nVITE_OTHER=https://other.example.com\n',
        '.env.development': 'PAGE_SECOND=https://two.example.com\n',
        '.env.production': 'PAGE_THIRD=https://three.example.com\n',
      },
    })
    await waitForLog(/https:\/\/one\.example\.com\/v1.*\.env:1 PAGE_API/)
    await waitForLog(/https:\/\/two\.example\.com.*\.env\.development:1 PAGE_SECOND/)
    expect(logs().join('\n')).not.toMatch(/other\.example\.com|three\.example\.com/)
    write('.env', 'PAGE_API=https://new.example.com\n')
    await waitForLog(/https:\/\/new\.example\.com.*\.env:1 PAGE_API/)
  })

  test('Vite: a change of package.json restarts if it changes targets', async () => {
    const { write, waitForLog, logs, origin } = await start('vite', {
      files: { 'package.json': JSON.stringify({ type: 'module', corsDev: { targets: { '/one': target } } }) },
    })
    await waitForLog(/\/one → /)
    // As a file that is being written looks for a moment.
    write('package.json', '')
    await setTimeout(5)
    write(
      'package.json',
      JSON.stringify({ type: 'module', version: '1.0.1', corsDev: { targets: { '/two': target } } }),
    )
    await waitForLog(/\/two → /)
    await waitForLog(/server restarted/)
    expect(JSON.parse((await ask(`${origin}/two/x`)).text)).toMatchObject({ url: '/two/x' })
    expect(logs().filter((line) => line.includes('package.json changed'))).toHaveLength(1)
  })

  test.each(['vite', 'webpack-cli', 'rspack-cli'] as const)(
    '%s: "proxy" in package.json takes what no file answers',
    async (kind) => {
      const { origin, url } = await start(kind, {
        config:
          kind === 'vite'
            ? ''
            : "devServer: { port: Number(process.env.PORT), host: '127.0.0.1', static: './public', historyApiFallback: true },",
        files: { 'package.json': JSON.stringify({ proxy: target }), 'public/robots.txt': 'mine' },
      })
      expect(JSON.parse((await ask(`${origin}/todos?x`, { headers: { accept: '*/*' } })).text)).toMatchObject({
        url: '/todos?x',
      })
      expect((await ask(`${origin}/robots.txt`, { headers: { accept: '*/*' } })).text).toBe('mine')
      expect((await page(`${url}some/page`)).text).toContain('<title>page</title>')
    },
  )

  const definitions = {
    DefinePlugin: `new (BUNDLER.DefinePlugin)({ 'process.env.API_URL': JSON.stringify('https://found.example.com') })`,
    'DefinePlugin with an object': `new (BUNDLER.DefinePlugin)({ 'process.env': { API_URL: JSON.stringify('https://found.example.com') } })`,
    EnvironmentPlugin: `new (BUNDLER.EnvironmentPlugin)({ API_URL: 'https://found.example.com' })`,
    'dotenv-webpack': `new (require('dotenv-webpack'))()`,
  }
  const cases = (['webpack-cli', 'rspack-cli'] as const).flatMap((kind) =>
    Object.entries(definitions).map(([name, code]) => [kind, name, code] as const),
  )
  test.each(cases)('%s: %s', async (kind, name, code) => {
    const [bundler] = kind.split('-')
    const { waitForLog } = await start(kind, {
      config: `plugins: [${code.replace('BUNDLER', `require('${bundler === 'rspack' ? '@rspack/core' : 'webpack'}')`)}, corsDev()],`,
      files: { '.env': '\nAPI_URL=https://found.example.com\n' },
    })
    await waitForLog(/https:\/\/found\.example\.com.*API_URL/)
    if (name === 'dotenv-webpack') await waitForLog(/\.env:2 API_URL/)
  })

  test('webpack: its own dotenv, and the runtime has what was found', async () => {
    const { waitForLog, origin } = await start('webpack-cli', {
      config: 'dotenv: true,',
      files: { '.env': 'WEBPACK_API=https://found.example.com\n' },
    })
    await waitForLog(/https:\/\/found\.example\.com.*\.env:1 WEBPACK_API/)
    expect((await ask(`${origin}/main.js`)).text).toContain('"https://found.example.com":"as-needed"')
  })
})

describe('mistakes and hints', () => {
  const wrong = { targets: { '/api': 'localhost:3000', '/b': 'ftp://x' }, orgins: ['*'] }
  const files = { 'package.json': JSON.stringify({ type: 'module', corsDev: { targets: ['nowhere'] } }) }

  test.each(['vite', 'webpack', 'webpack-cli', 'webpack-5', 'webpack-multi', 'rspack-cli', 'express'] as const)(
    '%s says all of them at once, at start',
    async (kind) => {
      const failure = await start(kind, { options: JSON.stringify(wrong), files }).catch(
        (error: Error) => error.message,
      )
      for (const part of ['targets["/api"]', 'targets["/b"]', 'orgins', 'package.json']) expect(failure).toContain(part)
    },
  )

  test.each(['vite', 'webpack-cli', 'rspack-cli'] as const)(
    '%s says in one line that there is nothing to do',
    async (kind) => {
      const { waitForLog, logs, url } = await start(kind, { options: { discover: false } })
      await waitForLog(/no targets/)
      expect(logs().filter((line) => /cors-dev.*:|\[cors-dev\]/.test(line) && /target/.test(line))).toHaveLength(1)
      expect((await page(url)).text).not.toContain('__cors-dev')
    },
  )

  test.each(['vite', 'vite-7', 'vite-preview'] as const)('%s takes the plugin only once', async (kind) => {
    const starting = start(kind, { config: `plugins: [corsDev({ targets: ['${target}'] }), [corsDev()]],` })
    await expect(starting).rejects.toThrow('[cors-dev] corsDev stands in plugins twice')
  })

  test('a preview says in one line that nobody relays for a built page', async () => {
    const { waitForLog, logs } = await start('vite-preview', { options: { targets: [target] } })
    await waitForLog(/cors-dev: preview relays nothing: a built page has no runtime\. Give targets a path\.$/)
    expect(logs().filter((line) => line.includes('cors-dev'))).toHaveLength(1)
  })

  test('a dev server built by hand without the helper is pointed to it', async () => {
    const { waitForLog } = await start('webpack', {
      options: { targets: [target] },
      files: {
        'run.mjs': `
          import express from 'express'
          import webpack from 'webpack'
          import middleware from 'webpack-dev-middleware'
          import { createRequire } from 'node:module'
          const { devServer, ...config } = createRequire(import.meta.url)('./webpack.config.cjs')
          const app = express()
          app.use(middleware(webpack(config)))
          const server = app.listen(0, '127.0.0.1', () => console.log('READY http://localhost:' + server.address().port + '/'))`,
      },
    })
    await waitForLog(/did not pick the plugin up.*withCorsDev/)
  })
})

describe('servers built by hand', () => {
  const servers = {
    'Rspack with the helper': [
      'rspack-cli',
      '@rspack/core',
      'rspack',
      '@rspack/dev-server',
      'RspackDevServer',
      'withCorsDev(devServer)',
    ],
    'webpack-dev-server 5 with the helper': [
      'webpack',
      'webpack',
      'default',
      'webpack-dev-server-5',
      'default',
      'withCorsDev(devServer)',
    ],
    'webpack-dev-server 6 with the helper alone': [
      'webpack',
      'webpack',
      'default',
      'webpack-dev-server',
      'default',
      'withCorsDev(devServer, OPTIONS)',
    ],
    'webpack-dev-server 6 with the options of the compiler': [
      'webpack',
      'webpack',
      'default',
      'webpack-dev-server',
      'default',
      '{ ...compiler.options.devServer }',
    ],
  } as const

  test.each(Object.entries(servers))('%s', async (_name, [kind, bundler, bundle, server, Server, devServer]) => {
    const options = { targets: { '/api': target } }
    const isAlone = devServer.includes('OPTIONS')
    const { origin, url, waitForLog } = await start(kind === 'rspack-cli' ? 'webpack' : kind, {
      options,
      plain: isAlone,
      files: {
        'run.mjs': `
          import { ${bundle} as bundle } from '${bundler}'
          import { ${Server} as Server } from '${server}'
          import { withCorsDev } from 'unplugin-cors-dev/webpack'
          import { createRequire } from 'node:module'
          const config = createRequire(import.meta.url)('./${kind === 'rspack-cli' ? 'rspack' : 'webpack'}.config.cjs')
          const { devServer } = config
          const compiler = bundle(config)
          const server = new Server(${devServer.replace('OPTIONS', JSON.stringify(options))}, compiler)
          compiler.hooks.done.tap('run', () => setImmediate(() => console.log('READY http://localhost:' + server.server.address().port + '/')))
          await server.start()`,
        'rspack.config.cjs': `
          module.exports = {
            mode: 'development', context: __dirname, entry: './src/main.js',
            devServer: { port: 0, host: '127.0.0.1' },
            plugins: [new (require('@rspack/core').HtmlRspackPlugin)({ template: './index.html' }), require('unplugin-cors-dev/rspack')(${JSON.stringify(options)})],
          }`,
      },
    })
    expect(JSON.parse((await ask(`${origin}/api/x`)).text)).toMatchObject({ url: '/api/x' })
    expect((await page(url)).text).toContain('__cors-dev/client.js')
    expect((await ask(`${origin}/main.js`)).text).toContain(target)
    expect(await say(`${origin.replace('http', 'ws')}/api/socket`, 'hello')).toBe('/api/socket hello')
    await waitForLog(/\/api → /)
  })

  test('a server that Vite does not know of shows itself with the first request', async () => {
    const { origin, url, waitForLog } = await start('vite-middleware', {
      options: { targets: { '/api': target } },
      files: {
        'run.mjs': `
          import express from 'express'
          import { createServer } from 'vite'
          const app = express()
          app.use((await createServer({ server: { middlewareMode: true, hmr: false, ws: false } })).middlewares)
          const http = app.listen(0, '127.0.0.1', () => console.log('READY http://localhost:' + http.address().port + '/'))`,
      },
    })
    expect((await page(url)).text).toContain('__cors-dev/client.js')
    expect(await say(`${origin.replace('http', 'ws')}/api/socket`, 'hello')).toBe('/api/socket hello')
    await waitForLog(/\/api → /)
  })
})

describe('configurations that name no dev server', () => {
  test.each([
    ['webpack-cli', {}],
    ['webpack-5', {}],
    ['webpack-multi', {}],
    ['webpack-multi', { WEBPACK_DEV_SERVER_PACKAGE: 'webpack-dev-server-5' }],
    ['rspack-cli', {}],
  ] as const)('%s %o', async (kind, env) => {
    const { origin, url } = await start(kind, {
      options: { targets: { '/api': target } },
      config: 'devServer: undefined,',
      env: { ...env, WEBPACK_DEV_SERVER_BASE_PORT: String(await freePort()) },
    })
    expect(JSON.parse((await ask(`${origin}/api/x`)).text)).toMatchObject({ url: '/api/x' })
    expect((await page(url)).text).toContain('__cors-dev/client.js')
  })

  async function freePort(): Promise<number> {
    const server = createServer().listen(0)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    return port
  }
})

test('a restarted host is there again on the same port', async () => {
  const { restart, origin } = await start('vite', { options: { targets: { '/api': target } } })
  await restart()
  expect(JSON.parse((await ask(`${origin}/api/x`)).text)).toMatchObject({ url: '/api/x' })
})

test('Vite restarts into a new configuration, and the old one is gone', async () => {
  const { write, origin, waitForLog, root } = await start('vite', { options: { targets: { '/one': target } } })
  const { readFileSync } = await import('node:fs')
  write('vite.config.mjs', readFileSync(`${root}/vite.config.mjs`, 'utf8').replace('/one', '/two'))
  await waitForLog(/\/two → /)
  expect(JSON.parse((await ask(`${origin}/two/x`)).text)).toMatchObject({ url: '/two/x' })
  expect((await ask(`${origin}/one/x`)).text).not.toContain('"url"')
  expect(await say(`${origin.replace('http', 'ws')}/two/socket`, 'hello')).toBe('/two/socket hello')
})

test.each(['vite', 'vite-7'] as const)('%s outlives mistakes that are made while it runs', async (kind) => {
  const watching = "configureServer(server) { server.watcher.once('ready', () => console.log('WATCHING')) }"
  const { write, origin, waitForLog, logs, root } = await start(kind, {
    config: `plugins: [corsDev({ targets: { '/one': '${target}' } }), { name: 'watching', ${watching} }],`,
  })
  await waitForLog(/WATCHING/)
  const { readFileSync } = await import('node:fs')
  const config = readFileSync(`${root}/vite.config.mjs`, 'utf8')
  const packageJson = readFileSync(`${root}/package.json`, 'utf8')

  let written = 0
  const change = async (file: string, text: string) => {
    // The watcher takes two changes within 50 ms for one.
    await expect.poll(() => performance.now() - written).toBeGreaterThan(100)
    written = performance.now()
    write(file, text)
  }

  await change('vite.config.mjs', config.replace(target, 'localhost:1'))
  await waitForLog(/targets\["\/one"\] "localhost:1"/)
  await waitForLog(/server restart failed/)
  const first = logs().length
  await change('vite.config.mjs', config.replace('/one', '/two'))
  await waitForLog(/server restarted/, first)
  await waitForLog(/WATCHING/, first)
  expect(JSON.parse((await ask(`${origin}/two/x`)).text)).toMatchObject({ url: '/two/x' })

  await change('package.json', packageJson.replace('{', '{ "corsDev": { "targets": ["nowhere"] },'))
  await waitForLog(/"nowhere"/)
  await waitForLog(/server restart failed/, first)
  const second = logs().length
  await change('package.json', packageJson.replace('{', `{ "corsDev": { "targets": { "/three": "${target}" } },`))
  await waitForLog(/server restarted/, second)
  await waitForLog(/WATCHING/, second)
  expect(JSON.parse((await ask(`${origin}/three/x`)).text)).toMatchObject({ url: '/three/x' })

  // A server that a mistake left half made would restart as well, on a port of its own.
  const third = logs().length
  await change('vite.config.mjs', config.replace('/one', '/four'))
  await waitForLog(/server restarted/, third)
  expect(JSON.parse((await ask(`${origin}/four/x`)).text)).toMatchObject({ url: '/four/x' })
  expect(logs().filter((line) => line.includes('server restarted'))).toHaveLength(3)
  expect(logs().filter((line) => line.includes('server restart failed'))).toHaveLength(2)
  expect(logs().filter((line) => line.includes('in use'))).toHaveLength(0)
})
