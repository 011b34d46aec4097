import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import webpack, { type Configuration } from 'webpack'
import WebpackDevServer from 'webpack-dev-server'
import { startAccounts } from './apis/accounts.ts'
import { startAnswers } from './apis/answers.ts'
import { reserveArchive } from './apis/archive.ts'
import { startBoxOffice } from './apis/box-office.ts'
import { startChat } from './apis/chat.ts'
import { startFilms } from './apis/films.ts'
import type { Api } from './apis/serve.ts'
import { startUploads } from './apis/uploads.ts'
import { startHub, type Pages, type Way } from './hub.ts'

const require = createRequire(import.meta.url)
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export interface Playground {
  /** Redirects to the Vite page. */
  url: string
  pages: Pages
  apis: readonly Api[]
  close(): Promise<void>
}

/** Brings up the APIs and, for each host, the page with the plugin and the page without it. All ports are free ones. */
export async function startPlayground({ isQuiet = false } = {}): Promise<Playground> {
  const closing: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step()
  }

  try {
    const apis: Api[] = []
    const starters = [startFilms, startAnswers, startChat, startAccounts, startUploads, startBoxOffice, reserveArchive]
    for (const start of starters) {
      const api = await start()
      apis.push(api)
      closing.push(api.stop)
    }
    const pages: Partial<Pages> = {}
    const hub = await startHub(apis, pages)
    closing.push(hub.stop)

    const { runDir, removeRunDir } = await writeAddresses(apis, hub)
    closing.push(removeRunDir)

    const [viteThrough, viteDirect] = await Promise.all([
      startVite('through', runDir, isQuiet),
      startVite('direct', runDir, isQuiet),
    ])
    closing.push(viteThrough.close, viteDirect.close)
    const [webpackThrough, webpackDirect] = await Promise.all([
      startWebpack('through', isQuiet),
      startWebpack('direct', isQuiet),
    ])
    closing.push(webpackThrough.close, webpackDirect.close)

    pages.vite = { through: viteThrough.url, direct: viteDirect.url }
    pages.webpack = { through: webpackThrough.url, direct: webpackDirect.url }
    return { url: hub.url, pages: pages as Pages, apis, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The APIs' addresses, as a project has them: in an .env file for Vite, in the environment for webpack. */
async function writeAddresses(apis: readonly Api[], hub: Api) {
  const addressOf = (wanted: string) => apis.find(({ name }) => name === wanted)?.url ?? ''
  const visible = {
    FILMS_URL: addressOf('films'),
    ANSWERS_URL: addressOf('answers'),
    CHAT_URL: addressOf('chat'),
    ACCOUNTS_URL: addressOf('accounts'),
    UPLOADS_URL: addressOf('uploads'),
    BOX_OFFICE_URL: addressOf('box-office'),
    HUB_URL: hub.url,
  }
  const hidden = { ARCHIVE_URL: addressOf('archive') }

  await mkdir(here('../.cache'), { recursive: true })
  const runDir = await mkdtemp(here('../.cache/playground-'))
  const lines = [
    ...Object.entries(visible).map(([name, url]) => `VITE_${name}=${url}`),
    ...Object.entries(hidden).map(([name, url]) => `${name}=${url}`),
  ]
  await writeFile(join(runDir, '.env'), `${lines.join('\n')}\n`)
  Object.assign(process.env, visible, hidden, { PLAYGROUND_ENV_DIR: runDir })
  const removeRunDir = () => rmSync(runDir, { recursive: true, force: true })
  // Vite ends the process itself on SIGTERM, perhaps before everything else is closed.
  process.once('exit', removeRunDir)
  return {
    runDir,
    async removeRunDir() {
      process.off('exit', removeRunDir)
      removeRunDir()
    },
  }
}

async function startVite(way: Way, runDir: string, isQuiet: boolean) {
  const server = await createServer({
    configFile: here('vite/vite.config.ts'),
    configLoader: 'native',
    mode: way === 'direct' ? 'direct' : 'development',
    // Two servers of one project, and perhaps a second playground: each keeps its pre-bundled dependencies to itself.
    cacheDir: join(runDir, `vite-${way}`),
    logLevel: isQuiet ? 'silent' : way === 'through' ? 'info' : 'warn',
    clearScreen: false,
    server: { port: 0 },
  })
  await server.listen()
  if (way === 'through' && !isQuiet) server.printUrls()
  return { url: server.resolvedUrls?.local[0] ?? '', close: () => server.close() }
}

async function startWebpack(way: Way, isQuiet: boolean) {
  const configure = require('./webpack/webpack.config.cjs') as (env: { way: Way }) => Configuration
  const compiler = webpack({
    ...configure({ way }),
    infrastructureLogging: { level: isQuiet ? 'none' : way === 'through' ? 'info' : 'warn' },
    stats: isQuiet ? 'none' : 'errors-warnings',
  })
  if (!compiler) throw new Error('webpack made no compiler')
  const server = new WebpackDevServer(
    { ...compiler.options.devServer, host: 'localhost', port: 0, setupExitSignals: false },
    compiler,
  )
  const isCompiled = new Promise((resolve) => compiler.hooks.done.tap('playground', resolve))
  await server.start()
  await isCompiled
  const { port } = server.server?.address() as AddressInfo
  return { url: `http://localhost:${port}/`, close: () => server.stop() }
}
