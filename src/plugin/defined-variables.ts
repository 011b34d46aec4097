import type { Compilation } from './compiler'

const DEFINITION = 'webpack/DefinePlugin '
/** `process.env.API_URL`, `import.meta.env.API_URL` and whatever else a project defines: the last name counts. */
const VARIABLE = /(?:^|\.)([A-Za-z_$][\w$]*)$/

/**
 * The strings that page code sees under a name that the build replaces: by DefinePlugin, EnvironmentPlugin,
 * dotenv-webpack, webpack's own `dotenv`. All of them end up in one list that webpack keeps for its cache, and Rspack for
 * its native side.
 */
export function definedVariables(compilation: Compilation): Record<string, string> {
  const variables: Record<string, string> = {}
  const define = (path: string, code: unknown): void => {
    const name = VARIABLE.exec(path)?.[1]
    const value = stringInCode(code)
    if (name !== undefined && value !== undefined) variables[name] = value
  }

  for (const [key, code] of compilation.valueCacheVersions ?? []) {
    if (key.startsWith(DEFINITION)) define(key.slice(DEFINITION.length), code)
  }
  for (const { name, options } of compilation.compiler.__internal__builtinPlugins ?? []) {
    if (name === 'DefinePlugin') walk('', options, define)
  }
  return variables
}

function walk(path: string, definitions: unknown, define: (path: string, code: unknown) => void): void {
  if (typeof definitions !== 'object' || definitions === null) return define(path, definitions)
  for (const [key, value] of Object.entries(definitions)) walk(path === '' ? key : `${path}.${key}`, value, define)
}

/** Definitions are code; only a plain string literal is a value. */
function stringInCode(code: unknown): string | undefined {
  if (typeof code !== 'string') return undefined
  const literal = /^\s*(["'`])((?:(?!\1)[^\\\n])*)\1\s*$/.exec(code)
  if (literal) return literal[2]
  try {
    const value: unknown = JSON.parse(code)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
