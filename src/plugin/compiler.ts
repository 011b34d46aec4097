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
  platform?: { web?: boolean | null; node?: boolean | null }
  webpack: { RuntimeModule: RuntimeModuleClass }
  hooks: {
    thisCompilation: Hook<[Compilation]>
    make: AsyncHook<[Compilation]>
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
  hooks: { additionalTreeRuntimeRequirements: Hook<[unknown]> }
  addRuntimeModule(chunk: unknown, module: unknown): void
}

export interface Logger {
  info(message: string): void
  warn(message: string): void
  error(message: string): void
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
