/**
 * Every host that the plugin lives in, started as a developer starts it: in a process of its own, with a project of
 * its own, and with the plugin as it is built.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import type { CorsDevOptions } from '../../src/options/types'

export type HostKind =
  | 'vite'
  | 'vite-7'
  | 'vite-https'
  | 'vite-base'
  | 'vite-middleware'
  | 'vite-preview'
  | 'webpack'
  | 'webpack-cli'
  | 'webpack-5'
  | 'webpack-multi'
  | 'rspack-cli'
  | 'express'

export interface HostProject {
  /**
   * Paths and texts. What is not given is an empty page. `index.html` has no tag for `src/main.js`, which each host adds
   * in its own way; `public/` is served as it is.
   */
  files?: Record<string, string>
  /** The plugin's options, or JavaScript that yields them. */
  options?: CorsDevOptions | string
  /** JavaScript properties for the host's own configuration: `server: { … },` for Vite, `devServer: { … },` for webpack. */
  config?: string
  env?: Record<string, string>
  /** Leaves the plugin out, for comparison. */
  plain?: boolean
}

export interface Host {
  kind: HostKind
  /** Where the page is. */
  url: string
  origin: string
  root: string
  /** What the host has printed so far, line by line, without colours. */
  logs(): string[]
  /** Resolves with the first line that matches, printed after line `from`. */
  waitForLog(pattern: RegExp, from?: number): Promise<string>
  write(file: string, text: string): void
  /** Ends the process and starts it anew on the same port. */
  restart(): Promise<void>
  close(): Promise<void>
}

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))
const PROJECTS = join(REPOSITORY, 'test', '.tmp')
const require = createRequire(import.meta.url)

const DEFAULT_FILES = {
  'index.html': '<!doctype html>\n<html>\n<head><title>page</title></head>\n<body></body>\n</html>\n',
  'src/main.js': '',
  'package.json': '{ "name": "project", "private": true, "type": "module" }\n',
}

/** Starts a host and waits until it serves the page. */
export async function startHost(kind: HostKind, project: HostProject = {}): Promise<Host> {
  const root = makeProject(kind, project)
  const lines: string[] = []
  const waiting = new Set<() => void>()
  let child: ChildProcess | undefined

  const host: Host = {
    kind,
    url: '',
    origin: '',
    root,
    logs: () => [...lines],
    async waitForLog(pattern, from = 0) {
      for (;;) {
        const line = lines.slice(from).find((text) => pattern.test(text))
        if (line !== undefined) return line
        if (child === undefined || child.exitCode !== null) throw new Error(`${kind} ended:\n${lines.join('\n')}`)
        await new Promise<void>((resolve) => waiting.add(resolve))
      }
    },
    write: (file, text) => writeFile(root, file, text),
    async restart() {
      await stop(child)
      await start(new URL(host.url).port)
    },
    async close() {
      await stop(child)
      process.off('exit', killAtExit)
      for (const folder of [root, `${root}-cache`]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  const killAtExit = (): void => void child?.kill('SIGKILL')
  process.on('exit', killAtExit)

  async function start(port: string): Promise<void> {
    const { command, env } = commandOf(kind, root)
    const from = lines.length
    const started = spawn(process.execPath, command, {
      cwd: root,
      env: { ...cleanEnv(), XDG_CACHE_HOME: `${root}-cache`, ...env, ...project.env, PORT: port, FORCE_COLOR: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child = started
    const wake = (): void => {
      for (const resolve of waiting) resolve()
      waiting.clear()
    }
    for (const stream of [started.stdout, started.stderr]) {
      let rest = ''
      stream.setEncoding('utf8').on('data', (text: string) => {
        const parts = (rest + stripVTControlCharacters(text)).split(/\r?\n/)
        rest = parts.pop() ?? ''
        lines.push(...parts)
        wake()
      })
    }
    started.on('exit', wake)
    const isReady =
      kind.startsWith('vite') || ['webpack', 'express'].includes(kind) ? /^READY / : /(?:Loopback|Local): +/
    const line = await host.waitForLog(isReady, from)
    const [listening = ''] = /https?:\/\/[^\s,]+/.exec(line) ?? []
    // Listening on one address keeps out the machine's others; pages are opened as developers open them.
    host.origin = new URL(listening).origin.replace('127.0.0.1', 'localhost')
    host.url = kind === 'vite-base' ? `${host.origin}/app/` : `${host.origin}/`
    // The CLIs listen while they still compile.
    if (isReady.source !== '^READY ') await host.waitForLog(/compiled (?:successfully|with)/, from)
  }

  try {
    // Vite 7 takes 0 for its default.
    await start(kind === 'vite-7' ? String(await freePort()) : '0')
  } catch (error) {
    await host.close()
    throw error
  }
  return host
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  // A host that waits for open connections is not what is tested.
  const kill = setTimeout(() => child.kill('SIGKILL'), 2000)
  await exited
  clearTimeout(kill)
}

/** The test runner's own variables would make hosts behave as in a test. */
function cleanEnv(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:VITE|VITEST|NODE_ENV|TEST|PROD|DEV|MODE|SSR|BASE_URL|NODE_OPTIONS|NO_COLOR|.*_proxy)/i.test(name),
  )
  return Object.fromEntries(inherited)
}

/** Builds a host's project for production and returns all emitted files with their texts. */
export async function buildProject(
  kind: 'vite' | 'vite-7' | 'webpack-cli' | 'rspack-cli',
  project: HostProject = {},
): Promise<Record<string, string>> {
  const { readFileSync } = await import('node:fs')
  const root = makeProject(kind, project)
  try {
    const command = {
      vite: [join(packageFolder('vite'), 'bin/vite.js'), 'build'],
      'vite-7': [join(packageFolder('vite-7'), 'bin/vite.js'), 'build'],
      'webpack-cli': [join(packageFolder('webpack-cli'), 'bin/cli.js'), 'build'],
      'rspack-cli': [join(packageFolder('@rspack/cli'), 'bin/rspack.js'), 'build'],
    }[kind]
    const env = { ...cleanEnv(), ...project.env, NODE_ENV: 'production' }
    const child = spawn(process.execPath, command, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (text) => (output += text))
    child.stderr.on('data', (text) => (output += text))
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`${kind} build failed:\n${output}`)
    const dist = join(root, 'dist')
    const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    return Object.fromEntries(
      files.map((entry) => {
        const path = join(entry.parentPath, entry.name)
        return [path.slice(dist.length + 1), readFileSync(path, 'utf8')]
      }),
    )
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  }
}

function commandOf(kind: HostKind, root: string): { command: string[]; env: Record<string, string> } {
  switch (kind) {
    case 'webpack-cli':
    case 'webpack-multi':
      return { command: [join(packageFolder('webpack-cli'), 'bin/cli.js'), 'serve'], env: {} }
    case 'webpack-5':
      return {
        command: [join(packageFolder('webpack-cli'), 'bin/cli.js'), 'serve'],
        env: { WEBPACK_DEV_SERVER_PACKAGE: 'webpack-dev-server-5' },
      }
    case 'rspack-cli':
      return { command: [join(packageFolder('@rspack/cli'), 'bin/rspack.js'), 'serve'], env: {} }
    default:
      return { command: [join(root, 'run.mjs')], env: {} }
  }
}

function packageFolder(name: string): string {
  return join(REPOSITORY, 'node_modules', name)
}

function makeProject(kind: HostKind, project: HostProject): string {
  // The package under test, as an installed one.
  const installed = join(PROJECTS, 'node_modules', 'unplugin-cors-dev')
  mkdirSync(dirname(installed), { recursive: true })
  if (!existsSync(installed)) {
    try {
      symlinkSync(REPOSITORY, installed, 'dir')
    } catch (error) {
      // Another test file was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  const root = mkdtempSync(join(PROJECTS, `${kind}-`))
  const files: Record<string, string> = { ...DEFAULT_FILES, ...hostFiles(kind, project), ...project.files }
  if (kind.startsWith('vite') || kind === 'express') {
    const tag = '<script type="module" src="/src/main.js"></script>'
    files['index.html'] = (files['index.html'] ?? '').replace(/(?=<\/body>)|$/, tag)
  }
  for (const [file, text] of Object.entries(files)) writeFile(root, file, text)
  return root
}

function writeFile(root: string, file: string, text: string): void {
  const path = join(root, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

function hostFiles(kind: HostKind, { options = {}, config = '', plain = false }: HostProject): Record<string, string> {
  const written = typeof options === 'string' ? options : JSON.stringify(options)
  const plugin = plain ? '' : `corsDev(${written})`
  const port = 'Number(process.env.PORT)'

  if (kind.startsWith('vite')) {
    const vite = kind === 'vite-7' ? 'vite-7' : 'vite'
    const plugins = kind === 'vite-https' ? `basicSsl(), ${plugin}` : plugin
    const viteConfig = `
      import corsDev from 'unplugin-cors-dev/vite'
      ${kind === 'vite-https' ? "import basicSsl from '@vitejs/plugin-basic-ssl'" : ''}
      export default {
        plugins: [${plugins}],
        base: ${kind === 'vite-base' ? '"/app/"' : '"/"'},
        clearScreen: false,
        ${config}
      }`
    const listen = `{ port: ${port}, strictPort: true, host: '127.0.0.1' }`
    const ready = "console.log('READY ' + server.resolvedUrls.local[0])"
    const runners: Partial<Record<HostKind, string>> = {
      'vite-middleware': `
        import express from 'express'
        import { createServer as createHttpServer } from 'node:http'
        import { createServer } from '${vite}'
        const app = express()
        const http = createHttpServer(app)
        const vite = await createServer({ server: { middlewareMode: true, hmr: { server: http } } })
        app.use(vite.middlewares)
        http.listen(${port}, '127.0.0.1', () => console.log('READY http://localhost:' + http.address().port + '/'))`,
      'vite-preview': `
        import { build, preview } from '${vite}'
        await build()
        const server = await preview({ preview: ${listen} })
        server.printUrls()
        ${ready}`,
    }
    const dev = `
      import { createServer } from '${vite}'
      const server = await createServer({ server: ${listen} })
      await server.listen()
      server.printUrls()
      ${ready}`
    return { 'vite.config.mjs': viteConfig, 'run.mjs': runners[kind] ?? dev }
  }

  if (kind === 'express') {
    const middleware = plain
      ? ''
      : `const corsDevMiddleware = createCorsDev(${written}); app.use(corsDevMiddleware.middleware)`
    return {
      'run.mjs': `
        import express from 'express'
        import { createServer } from 'node:http'
        import createCorsDev from 'unplugin-cors-dev/middleware'
        const app = express()
        const server = createServer(app)
        ${config}
        ${middleware}
        app.use(express.static('public'))
        app.use(express.static('.'))
        server.listen(${port}, '127.0.0.1', () => console.log('READY http://localhost:' + server.address().port + '/'))`,
    }
  }

  const isRspack = kind === 'rspack-cli'
  const html = isRspack
    ? `new (require('@rspack/core').HtmlRspackPlugin)({ template: './index.html' })`
    : `new (require('html-webpack-plugin'))({ template: './index.html' })`
  // With several compilers, webpack-dev-server's client finds another one's hash and reloads the page without end.
  const reload = kind === 'webpack-multi' ? 'hot: false, liveReload: false,' : ''
  const devServer = `{ port: ${port}, host: '127.0.0.1', static: './public', ${reload} }`
  const entry = "entry: './src/main.js'"
  const common = `mode: process.env.NODE_ENV === 'production' ? 'production' : 'development', devtool: false, context: __dirname`
  const main = `{
    ${common}, ${entry}, devServer: ${devServer},
    plugins: [${html}, ${plugin}],
    ${config}
  }`
  const second = `{ name: 'second', ${common}, entry: './src/second.js', output: { filename: 'second.js' }, plugins: [${plugin}] }`
  const files: Record<string, string> = {
    [`${isRspack ? 'rspack' : 'webpack'}.config.cjs`]: `
      const corsDev = require('unplugin-cors-dev/${isRspack ? 'rspack' : 'webpack'}')
      module.exports = ${kind === 'webpack-multi' ? `[${main}, ${second}]` : main}`,
    'public/robots.txt': 'User-agent: *\n',
  }
  if (kind === 'webpack-multi') files['src/second.js'] = ''
  if (kind === 'webpack') {
    files['run.mjs'] = `
      import webpack from 'webpack'
      import WebpackDevServer from 'webpack-dev-server'
      import { withCorsDev } from 'unplugin-cors-dev/webpack'
      import { createRequire } from 'node:module'
      const { devServer, ...config } = createRequire(import.meta.url)('./webpack.config.cjs')
      const compiler = webpack(config)
      const server = new WebpackDevServer(${plain ? 'devServer' : 'withCorsDev(devServer)'}, compiler)
      compiler.hooks.done.tap('run', () => setImmediate(() => console.log('READY http://localhost:' + server.server.address().port + '/')))
      process.on('SIGTERM', () => server.stop().then(() => process.exit()))
      await server.start()`
  }
  return files
}

/** For tests that need a module which the repository has: as the project under test would find it. */
export const resolveFromTests = (name: string): string => require.resolve(name)
