import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { existsSync, readFileSync, type Stats, unwatchFile, watchFile } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { LOG_PREFIX } from '../options/errors'
import type { CorsDevOptions } from '../options/types'
import { OPENAPI_PATHS } from '../targets/openapi-files'
import { createContext } from './context'
import { type Discovery, discover, findPackageJson, openApiReader } from './discover'
import { injectRuntime } from './inject'
import { type ListeningServer, ownOrigins } from './own-origins'
import { changedLines } from './startup-lines'
import { claimUpgrades, type UpgradeSource } from './upgrades'

export interface CorsDevMiddlewareOptions extends CorsDevOptions {
  /**
   * Folder of the project: package.json and `.env` files are looked for here.
   *
   * @default the working directory
   */
  root?: string
  /**
   * Path under which the server serves the page.
   *
   * @default '/'
   */
  base?: string
  /**
   * Host names, beside loopback names and addresses, under which the server is reached; `.example.com` takes all
   * names below it.
   *
   * @default []
   */
  allowedHosts?: readonly string[]
  /**
   * Where lines for the developer go.
   *
   * @default console
   */
  logger?: { info(message: string): void; warn(message: string): void; error(message: string): void }
}

export interface CorsDevMiddleware {
  /** Comes first: `app.use(middleware)`. Also puts the runtime into the HTML that the server answers with. */
  middleware: (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void
  /**
   * For `server.on('upgrade', upgrade)`: needed only for an upgrade that comes before any request, as the first request
   * shows the server to the middleware. Answers whether the upgrade was one of ours.
   */
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean
  /** Ends open connections to the targets, and lets go of the server. */
  close: () => Promise<void>
}

/** Prefixes by which tools tell variables for the page from secrets of the server. There is no bundler here to ask. */
const PAGE_VARIABLE =
  /^(?:VITE|PUBLIC|NEXT_PUBLIC|NUXT_PUBLIC|REACT_APP|VUE_APP|NG_APP|GATSBY|EXPO_PUBLIC|STORYBOOK|PARCEL)_/

/** The same as the plugins do, for connect, Express and servers like them. */
export function createMiddleware(given: CorsDevMiddlewareOptions = {}): CorsDevMiddleware {
  const { root = process.cwd(), base = '/', allowedHosts = [], logger = console, ...rawOptions } = given
  const mode = process.env.NODE_ENV ?? 'development'
  const names = ['.env', '.env.local', `.env.${mode}`, `.env.${mode}.local`]
  const envFiles = names.map((name) => join(root, name))
  const read = (): Discovery =>
    discover(rawOptions, {
      root,
      hostOptions: ['root', 'base', 'allowedHosts', 'logger'],
      variables: visible({ ...variablesIn(envFiles), ...process.env }),
      envFiles,
      isVisible: (name) => PAGE_VARIABLE.test(name),
      proxyTable: { option: 'proxy', paths: [] },
    })
  const project = read()
  const context = createContext({ ...project, root, base, logger, allowedHosts })
  const readOpenApi = project.options.discover ? openApiReader(root, project.options) : undefined
  let said: readonly string[] = []
  const say = (): void => {
    const lines = context.startupLines()
    for (const line of changedLines(said, lines)) logger.info(`${LOG_PREFIX} ${line}`)
    said = lines
  }
  const learnOpenApi = async (): Promise<void> => {
    if (readOpenApi && context.replaceFound('openapi', await readOpenApi())) say()
  }
  say()
  void learnOpenApi()
  const settings = [findPackageJson(root) ?? join(root, 'package.json'), ...envFiles]
  const stopWatching = [
    watch(settings, () => {
      try {
        const { targets, options } = read()
        context.setTargets(targets, options)
        say()
      } catch (error) {
        // What was there before holds until the mistake is corrected.
        logger.error((error as Error).message)
      }
    }),
    watch(readOpenApi ? OPENAPI_PATHS.map((path) => join(root, path)) : [], () => void learnOpenApi()),
  ]
  let leaveServer: (() => void) | undefined

  const meet = (server: (UpgradeSource & ListeningServer) | undefined): void => {
    if (leaveServer || !server) return
    leaveServer = claimUpgrades(
      server,
      (request, socket, head) => context.upgrade(request, socket, head),
      context.refuse,
    )
    context.noteListening(ownOrigins(server, allowedHosts))
  }

  return {
    middleware: function corsDevMiddleware(request, response, next) {
      meet((request.socket as { server?: UpgradeSource & ListeningServer }).server)
      context.middleware(request, response, (error) => {
        if (error === undefined && context.isWanted) injectRuntime(request, response, context)
        next(error)
      })
    },
    upgrade: (request, socket, head) => context.upgrade(request, socket, head),
    close: async () => {
      for (const stop of stopWatching) stop()
      leaveServer?.()
      await context.close()
    },
  }
}

const POLL_MS = 500

/** There is no bundler that watches. Files may come to be, and go; nothing is kept alive for them. */
function watch(paths: readonly string[], changed: () => void): () => void {
  const listener = (now: Stats, before: Stats): void => {
    // Missing files are told of as well, at first.
    if (now.mtimeMs !== before.mtimeMs) changed()
  }
  for (const path of paths) watchFile(path, { persistent: false, interval: POLL_MS }, listener)
  return () => {
    for (const path of paths) unwatchFile(path, listener)
  }
}

function variablesIn(files: readonly string[]): NodeJS.Dict<string> {
  return Object.assign({}, ...files.map((path) => (existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {})))
}

function visible(variables: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter(
      (entry): entry is [string, string] => PAGE_VARIABLE.test(entry[0]) && entry[1] !== undefined,
    ),
  )
}
