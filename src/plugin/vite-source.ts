import { SourceMap, type SourceMapPayload } from 'node:module'
import { relative, sep } from 'node:path'
import type { Environment, Plugin } from 'vite'
import { targetsFromSource } from '../targets/from-source'
import type { SyntaxNode } from '../targets/syntax-tree'
import { type Parse, urlsInHtml } from '../targets/urls-in-html'
import { mayCallUrl, urlsInProgram } from '../targets/urls-in-program'
import type { Context } from './context'
import { NAME } from './name'

/** Whom to tell of what is found in an environment's modules; `undefined` where nothing is looked for. */
export type Listener = (environment: Environment | undefined) => SourceListener | undefined

export interface SourceListener {
  context: Pick<Context, 'addFound'>
  relay: Parameters<typeof targetsFromSource>[1]
}

/** Dependencies are not the project's: what they call, they call for whoever uses them. */
const DEPENDENCIES = /[\\/]node_modules[\\/]/
const MENTIONS_URL = /\b(?:https?|wss?):\/\//i

/**
 * The part of the plugin that reads modules, once all others have made JavaScript of them: TypeScript, JSX, Vue and
 * Svelte files, JSON. Vite's own last steps, which rename imports, come behind it.
 */
export function viteSourcePlugin(listenerOf: Listener): Plugin {
  // Node keeps each configuration that was ever loaded, and that its plugins: a server must not hang on them.
  const parsers = new WeakMap<Environment, Parse>()

  return {
    name: `${NAME}:source`,
    enforce: 'post',
    apply: 'serve',

    buildStart() {
      parsers.set(
        this.environment,
        tolerant((code) => this.parse(code)),
      )
    },

    transformIndexHtml: {
      // As it was written, so that its lines are those of the file.
      order: 'pre',
      handler(html, { filename, server }) {
        const listener = listenerOf(server?.environments.client)
        const parse = server && parsers.get(server.environments.client)
        if (!listener || !parse) return
        const file = relativeTo(server.config.root, filename)
        // Modules in it come by as modules.
        const urls = urlsInHtml(html, parse, { skipsModules: true })
        const found = urls.map((url) => ({ ...url, file, line: lineAt(html, url.start) }))
        listener.context.addFound(targetsFromSource(found, listener.relay))
      },
    },

    transform: {
      filter: { id: { exclude: DEPENDENCIES }, code: MENTIONS_URL },
      handler(code, id) {
        const { environment } = this
        const listener = environment.config.consumer === 'client' ? listenerOf(environment) : undefined
        // Versions without filters call for every module, and a filter of Rolldown's can't look behind.
        if (!listener || DEPENDENCIES.test(id) || !mayCallUrl(code)) return
        const path = id.split('?', 1)[0] ?? id
        if (path.startsWith('\0') || path.startsWith(environment.config.cacheDir)) return
        const program = tolerant((text) => this.parse(text))(code)
        const urls = program ? urlsInProgram(program) : []
        if (urls.length === 0) return
        const lineOf = originalLines(code, this.getCombinedSourcemap() as unknown as SourceMapPayload)
        const file = relativeTo(environment.config.root, path)
        const found = urls.map(({ start, ...url }) => ({ ...url, file, line: lineOf(start) }))
        listener.context.addFound(targetsFromSource(found, listener.relay))
      },
    },
  }
}

/** A module that does not parse is for others to complain about. */
function tolerant(parse: (code: string) => SyntaxNode): Parse {
  return (code) => {
    try {
      return parse(code)
    } catch {
      return undefined
    }
  }
}

function originalLines(code: string, map: SourceMapPayload): (index: number) => number | undefined {
  const sourceMap = new SourceMap(map)
  return (index) => {
    const before = code.slice(0, index)
    const entry = sourceMap.findEntry(lineAt(code, index) - 1, index - before.lastIndexOf('\n') - 1)
    return 'originalLine' in entry ? entry.originalLine + 1 : undefined
  }
}

/** 1-based. */
function lineAt(text: string, index: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) line++
  return line
}

function relativeTo(root: string, path: string): string {
  return relative(root, path).split(sep).join('/')
}
