import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import type { ViteDevServer } from 'vite'
import { printable } from '../exchange/printable'
import { IN_PACKAGE_JSON } from '../options/advice'
import type { Issue } from '../options/errors'
import { argumentIssue, type GivenArguments } from './arguments'
import type { Command } from './command'
import { HOST_OPTION, listeningError, readAddress } from './listening'
import { neutralise } from './terminal'

/** Vite's own. */
const USUAL_PORT = 5173
const MOST_PAGES = 10

/** Serves a folder without a project: Vite and the plugin, with nothing written into it. */
export const serve: Command = {
  name: 'serve',
  isUsual: true,
  summary:
    'Serves a folder of plain HTML and modules with live reload. Its pages call any API: what their code calls is found, and goes through the relay where the API does not allow it. Nothing is written into the folder.',
  arguments: {
    words: [
      { name: 'folder', about: 'what is served (default: the working directory)', example: 'site', isOptional: true },
    ],
    options: {
      port: {
        kind: 'value',
        short: 'p',
        placeholder: 'port',
        about: `where to listen, or on the next free one (default: ${USUAL_PORT})`,
      },
      host: HOST_OPTION,
      open: { kind: 'flag', about: 'open the page in the browser' },
    },
  },
  notes: [
    'Needs Vite: in the folder, in the working directory, or beside this package. Options of the plugin stand under "corsDev" in package.json. A folder that has the name of a command is written ./check.',
    '',
    'Examples',
    '  unplugin-cors-dev',
    '  unplugin-cors-dev prototypes/map --port 3000 --open',
    '  npx --package vite --package unplugin-cors-dev unplugin-cors-dev',
  ],
  prepare(given) {
    const { folder, pages, issues } = readFolder(given)
    const { issues: addressIssues, ...address } = readAddress(given, USUAL_PORT)
    return {
      issues: [...issues, ...addressIssues],
      async run({ env, print, terminal, name, untilStopped }) {
        const { findVite } = await import('./find-vite')
        const { createServer, version } = await findVite(folder, env)
        const [{ vitePlugins }, { cacheFolder }] = await Promise.all([
          import('../plugin/vite'),
          import('../plugin/cache-folder'),
        ])
        const [firstPage = ''] = pages
        const server = await createServer({
          // The folder is all there is: no configuration, and no cache in it.
          configFile: false,
          root: folder,
          cacheDir: join(cacheFolder(folder, env), 'vite'),
          // A path that leads to no file is no page of the prototype's.
          appType: 'mpa',
          clearScreen: false,
          plugins: [vitePlugins({}, IN_PACKAGE_JSON)],
          server: {
            port: address.port,
            ...(address.host !== undefined && { host: address.host }),
            ...(given.has('open') && { open: `/${firstPage}` }),
            // Vite would take the next folder above that has a package.json for the project.
            fs: { allow: [folder] },
          },
        })
        try {
          await server.listen()
        } catch (error) {
          await server.close()
          throw listeningError(error, address)
        }
        reloadForFiles(server)
        const arrow = terminal.paint('green', '  ➜')
        const bold = (text: string): string => terminal.paint('bold', text)
        print(`\n  ${bold(name)} serves ${neutralise(folder)} by Vite ${version}\n\n`)
        server.printUrls()
        const [base = '/'] = server.resolvedUrls?.local ?? []
        // Where there is no index, Vite's own line leads nowhere.
        for (const page of firstPage === '' ? [] : pages.slice(0, MOST_PAGES))
          print(`${arrow}  ${bold('page')}: ${base}${neutralise(encodeURI(page))}\n`)
        print(`${arrow}  ${bold('options')}, if there need to be any: "corsDev" in package.json\n`)
        server.bindCLIShortcuts({ print: true })

        const exitCode = await untilStopped()
        await server.close()
        return exitCode
      },
    }
  },
}

/** Vite reloads for pages and modules, and leaves alone what pages get in other ways: classic scripts, data, images. */
function reloadForFiles({ watcher, environments, ws, config: { root, logger } }: ViteDevServer): void {
  watcher.on('change', (path) => {
    const name = relative(root, path)
    const isModule = environments.client.moduleGraph.getModulesByFile(path.split(sep).join('/')) !== undefined
    // Editors keep what they work with under such names.
    const isHidden = name.split(sep).some((part) => part.startsWith('.'))
    if (isModule || isHidden || /\.html$|~$/i.test(name)) return
    logger.info(`page reload ${printable(name)}`, { timestamp: true })
    ws.send({ type: 'full-reload', path: '*' })
  })
}

/** Files of what has a dev server of its own to put the plugin into. */
const PROJECT_FILE = /^(vite|webpack|rspack)\.config\.[cm]?[jt]s$/

function readFolder(given: GivenArguments): { folder: string; pages: string[]; issues: Issue[] } {
  const [word = '.'] = given.words
  const refuse = (why: string, instead: string): ReturnType<typeof readFolder> => ({
    folder: '',
    pages: [],
    issues: [argumentIssue('<folder>', word, why, instead)],
  })
  const stats = statSync(word, { throwIfNoEntry: false })
  if (!stats) return refuse('does not exist: there is nothing to serve', 'Write the path of a folder')
  if (!stats.isDirectory()) {
    const page = /\.html?$/i.test(word) ? `, and open /${basename(word)} there` : ''
    return refuse('is a file: a folder is served', `Write "${dirname(word)}"${page}`)
  }
  const folder = realpathSync(word)
  const project = readdirSync(folder)
    .map((name) => PROJECT_FILE.exec(name))
    .find((match) => match !== null)
  if (project) {
    const [file, host] = project
    return refuse(
      `is a project of its own: what ${file} says would not count here`,
      `Add the plugin to ${file}: import corsDev from 'unplugin-cors-dev/${host}', plugins: [corsDev()]`,
    )
  }
  const pages = pagesIn(folder)
  if (pages.length === 0)
    return refuse('has no page: there is no .html file in it', 'Write an index.html, or name another folder')
  return { folder, pages, issues: [] }
}

/** Paths of the pages, where a person would look for them; `''` is the index, and then the only one to be told. */
function pagesIn(folder: string): string[] {
  if (existsSync(join(folder, 'index.html'))) return ['']
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'))
  const files = entries.filter(({ name }) => /\.html$/i.test(name)).map(({ name }) => name)
  const folders = entries.filter(({ name }) => name !== 'node_modules' && existsSync(join(folder, name, 'index.html')))
  return [...files, ...folders.map(({ name }) => `${name}/`)]
}
