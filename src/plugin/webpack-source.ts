import { SourceMap, type SourceMapPayload } from 'node:module'
import { relative, sep } from 'node:path'
import type { SourceUrl } from '../targets/from-source'
import type { SyntaxNode } from '../targets/syntax-tree'
import { urlsInHtml } from '../targets/urls-in-html'
import { urlsInJson } from '../targets/urls-in-json'
import { mayCallUrl, mentionsUrl, urlsInProgram } from '../targets/urls-in-program'
import type { Compilation, Compiler, JavascriptParserClass, Module, ParserHooks } from './compiler'
import { NAME } from './name'

/** Under this name, what was found in a module is kept with it: modules that come from a cache are not parsed. */
const KEPT = 'unplugin-cors-dev'
const MODULE_TYPES = ['javascript/auto', 'javascript/esm', 'javascript/dynamic']
const DEPENDENCIES = /[\\/]node_modules[\\/]/

function parserClassOf({ webpack }: Compiler): JavascriptParserClass | undefined {
  return (webpack.javascript as { JavascriptParser?: JavascriptParserClass } | undefined)?.JavascriptParser
}

/**
 * Reads every module of the project as webpack's own parser has parsed it, and tells of all that is called when a
 * compilation has them together: before any chunk is made.
 */
export function readModules(
  compiler: Compiler,
  isWanted: () => boolean,
  tell: (urls: readonly SourceUrl[]) => void,
): void {
  compiler.hooks.normalModuleFactory.tap(NAME, ({ hooks }) => {
    const { parser: parsers } = hooks as ParserHooks
    for (const type of MODULE_TYPES) {
      parsers?.for(type).tap(NAME, (parser) => {
        parser.hooks.program.tap(NAME, (program) => {
          const { source, current: module } = parser.state
          if (!isWanted() || !module?.buildInfo || !isOfProject(module)) return undefined
          const code = String(source ?? module.originalSource?.()?.source() ?? '')
          if (mayCallUrl(code)) keep(module, code, urlsInProgram(program))
          return undefined
        })
      })
    }
  })
  compiler.hooks.thisCompilation.tap(NAME, (compilation) => {
    compilation.hooks.finishModules.tapPromise(NAME, async (modules) => {
      if (isWanted()) tell([...modules].flatMap((module) => keptBy(module, compiler.context)))
    })
  })
  compiler.hooks.emit.tapPromise(NAME, async (compilation) => {
    if (isWanted()) tell(urlsInPages(compilation))
  })
}

type Kept = Pick<SourceUrl, 'url' | 'name' | 'line'>[]

function keep(module: Module, code: string, urls: readonly { url: string; name: string; start: number }[]): void {
  if (!module.buildInfo || urls.length === 0) return
  const lineOf = originalLines(module, code)
  module.buildInfo[KEPT] = urls.map(({ url, name, start }) => ({ url, name, line: lineOf(start) })) satisfies Kept
}

function keptBy(module: Module, root: string): SourceUrl[] {
  const isJson = module.type === 'json' && isOfProject(module)
  const text = isJson ? String(module.originalSource?.()?.source() ?? '') : ''
  if (mentionsUrl(text)) keep(module, text, urlsInJson(text))
  const kept = module.buildInfo?.[KEPT] as Kept | undefined
  const file = relative(root, fileOf(module)).split(sep).join('/')
  return kept ? kept.map((url) => ({ ...url, file })) : []
}

/** The pages that the compilation emits, as they are served: `html-webpack-plugin`'s and copied ones. */
function urlsInPages(compilation: Compilation): SourceUrl[] {
  const JavascriptParser = parserClassOf(compilation.compiler)
  if (!JavascriptParser) return []
  return [...compilation.getAssets()].flatMap(({ name, source }) => {
    if (!/\.html?$/i.test(name)) return []
    const html = String(source.source())
    return urlsInHtml(html, (code) => parse(code, JavascriptParser)).map(({ url, name: label, start }) => ({
      url,
      name: label,
      file: name,
      line: lineAt(html, start),
    }))
  })
}

/** By webpack's own parser, stopped before it looks for what a bundle needs. */
function parse(code: string, JavascriptParser: JavascriptParserClass): SyntaxNode | undefined {
  let found: SyntaxNode | undefined
  try {
    const parser = new JavascriptParser('auto')
    parser.hooks.program.tap(NAME, (program) => {
      found = program
      return true
    })
    parser.parse(code, { source: code })
  } catch {
    // Some templates become scripts only later.
  }
  return found
}

/** Where loaders have rewritten a module and left no map, its lines are nobody's. */
function originalLines(module: Module, code: string): (index: number) => number | undefined {
  if (!module.loaders?.length) return (index) => lineAt(code, index)
  const map = module.originalSource?.()?.map?.() as SourceMapPayload | null | undefined
  if (!map) return () => undefined
  const sourceMap = new SourceMap(map)
  return (index) => {
    const column = index - code.lastIndexOf('\n', index - 1) - 1
    const entry = sourceMap.findEntry(lineAt(code, index) - 1, column)
    return 'originalLine' in entry ? entry.originalLine + 1 : undefined
  }
}

function isOfProject({ resource }: Module): boolean {
  return resource !== undefined && resource !== '' && !DEPENDENCIES.test(resource)
}

function fileOf({ resource = '' }: Module): string {
  return resource.replace(/[?#].*$/s, '')
}

/** 1-based. */
function lineAt(text: string, index: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) line++
  return line
}
