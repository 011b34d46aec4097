import type { SyntaxNode } from '../targets/syntax-tree'

/**
 * What webpack's and Rspack's compilers have in common, as far as we use it. Both packages are optional, so neither's
 * own types stand here.
 */
export interface Compiler {
  context: string
  watchMode: boolean
  options: {
    mode?: string | undefined
    devServer?: unknown
    plugins?: readonly unknown[]
    output?: { module?: boolean | undefined }
  }
  outputFileSystem: unknown
  /** Absolute path. */
  outputPath: string
  platform?: { web?: boolean | null; node?: boolean | null }
  webpack: { RuntimeModule: RuntimeModuleClass; javascript?: unknown }
  hooks: {
    normalModuleFactory: Hook<[NormalModuleFactory]>
    thisCompilation: Hook<[Compilation]>
    make: AsyncHook<[Compilation]>
    emit: AsyncHook<[Compilation]>
    done: Hook<[unknown]>
  }
  getInfrastructureLogger(name: string): Logger
  /** Rspack: the native plugins, in the place of webpack's cache versions. */
  readonly __internal__builtinPlugins?: readonly { name: string; options?: unknown }[]
}

export interface MultiCompiler {
  compilers: readonly Compiler[]
}

export interface Compilation {
  compiler: Compiler
  /** webpack: names and values of all definitions, whichever plugin made them. */
  valueCacheVersions?: ReadonlyMap<string, unknown>
  hooks: {
    additionalTreeRuntimeRequirements: Hook<[unknown]>
    finishModules: AsyncHook<[Iterable<Module>]>
  }
  /** Absolute paths that a change of, or the appearance of, has the compiler compile again. */
  fileDependencies: { add(path: string): void }
  missingDependencies: { add(path: string): void }
  /** Names and contents of what is emitted. */
  getAssets(): Iterable<{ name: string; source: { source(): string | Buffer } }>
  addRuntimeModule(chunk: unknown, module: unknown): void
}

export interface Logger {
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

export interface NormalModuleFactory {
  /** {@link ParserHooks} in webpack; in Rspack there are no parsers, as modules are read by native code. */
  hooks: object
}

export interface ParserHooks {
  parser?: { for(type: string): Hook<[JavascriptParser]> }
}

export interface JavascriptParser {
  /** What a module's code is, for this call. */
  state: { source?: string | Buffer; current?: Module; module?: Module }
  hooks: { program: { tap(name: string, listener: (program: SyntaxNode) => true | undefined): void } }
  parse(code: string, state: object): unknown
}

export type JavascriptParserClass = new (sourceType: 'auto') => JavascriptParser

export interface Module {
  type: string
  /** Absolute path, with a query if there is one. */
  resource?: string
  loaders?: readonly unknown[]
  /** Kept with the module, also in a cache on disk. */
  buildInfo?: Record<string, unknown> | null
  /** As the loaders left it. */
  originalSource?(): { source(): string | Buffer; map?(options?: object): unknown } | null
}

export type RuntimeModuleClass = new (name: string, stage?: number) => object

interface Hook<Arguments extends unknown[]> {
  tap(name: string, listener: (...args: Arguments) => void): void
}

interface AsyncHook<Arguments extends unknown[]> {
  tapPromise(name: string, listener: (...args: Arguments) => Promise<void>): void
}

export function compilersOf(compiler: Compiler | MultiCompiler | undefined): readonly Compiler[] {
  if (compiler === undefined) return []
  return 'compilers' in compiler ? compiler.compilers : [compiler]
}
