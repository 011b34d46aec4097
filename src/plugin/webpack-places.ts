import { readFile } from 'node:fs/promises'
import type { SourceMapPayload } from 'node:module'
import { join, posix } from 'node:path'
import type { CodePlace } from '../exchange/wire'
import type { Compiler } from './compiler'
import { lineThatReadsSame, originalPlace } from './original-line'
import type { ContextInput } from './context'
import { NAME } from './name'

type Locate = NonNullable<ContextInput['locate']>

interface OutputFileSystem {
  readFile(path: string, callback: (error: unknown, content?: Buffer | string) => void): void
}

/** `webpack-internal:///./src/main.js`, `webpack://project/./src/main.js`: the names of modules in place of URLs. */
const MODULE_URL = /^webpack(?:-internal)?:\/\/[^/]*\//

/** Where the developer wrote what the bundles of a compiler run, whatever its `devtool` makes of them. */
export function placesInCompiler(compiler: Compiler): Locate {
  let scripts: string[] = []
  compiler.hooks.emit.tapPromise(NAME, (compilation) => {
    scripts = [...compilation.getAssets()].map(({ name }) => name).filter((name) => /\.m?js$/.test(name))
    return Promise.resolve()
  })

  const readOutput = (name: string): Promise<string | undefined> =>
    new Promise((resolve) => {
      const { readFile } = compiler.outputFileSystem as OutputFileSystem
      const path = join(compiler.outputPath, name)
      readFile.call(compiler.outputFileSystem, path, (_error, content) => resolve(content?.toString()))
    })

  /** `devtool: 'eval'` and its like: each module is a string in a bundle. */
  async function inEvaluated(place: CodePlace) {
    const file = fileOf(place.url)
    for (const script of scripts) {
      const code = evaluatedCode((await readOutput(script)) ?? '', place.url)
      if (code === undefined) continue
      const original = originalPlace(inlineMap(code), place)
      const written = await readFile(join(compiler.context, file), 'utf8').catch(() => '')
      return placeOf(file, original?.line ?? lineThatReadsSame(code, place.line, written))
    }
    return placeOf(file, undefined)
  }

  return async (place) => {
    if (MODULE_URL.test(place.url)) return inEvaluated(place)
    const { pathname } = new URL(place.url)
    const script = scripts.find((name) => pathname.endsWith(`/${name}`))
    if (script === undefined) return undefined
    const code = (await readOutput(script)) ?? ''
    const name = /\/\/[#@] sourceMappingURL=([^\s'"]+)\s*$/.exec(code)?.[1]
    const map = name?.startsWith('data:')
      ? inlineMap(code)
      : name === undefined
        ? undefined
        : parseMap((await readOutput(posix.join(posix.dirname(script), name))) ?? '')
    const original = originalPlace(map, place)
    return original && placeOf(fileOf(original.source), original.line)
  }
}

function placeOf(file: string, line: number | undefined) {
  return { file, line, isDependency: /(?:^|\/)node_modules\/|^webpack\//.test(file) }
}

/** `./src/App.vue?vue&type=script`, loaders before it and a layer before these, as a path. */
function fileOf(name: string): string {
  const path = name.split('!').pop() ?? ''
  return posix.normalize(
    path
      .replace(MODULE_URL, '')
      .replace(/^\([^)]*\)\//, '')
      .replace(/[?#].*$/s, ''),
  )
}

function evaluatedCode(bundle: string, url: string): string | undefined {
  const end = bundle.indexOf(`sourceURL=${url}\\n`)
  if (end === -1) return undefined
  const start = bundle.indexOf('"', bundle.lastIndexOf('eval(', end))
  const [literal = ''] = /^"(?:[^"\\]|\\.)*"/.exec(bundle.slice(start)) ?? []
  try {
    return JSON.parse(literal) as string
  } catch {
    return undefined
  }
}

function inlineMap(code: string): SourceMapPayload | undefined {
  const [, base64] =
    /\/\/[#@] sourceMappingURL=data:application\/json;(?:charset=[\w-]+;)?base64,([\w+/=]+)/.exec(code) ?? []
  return base64 === undefined ? undefined : parseMap(Buffer.from(base64, 'base64').toString())
}

function parseMap(text: string): SourceMapPayload | undefined {
  try {
    return JSON.parse(text) as SourceMapPayload
  } catch {
    return undefined
  }
}
