import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type * as Vite from 'vite'
import { CorsDevError, type Issue } from '../options/errors'
import { argumentIssue } from './arguments'

const OLDEST_MAJOR = 7

/**
 * The Vite that is nearest to what is served: a folder may have its own, and whoever runs this by `npx` has one beside
 * this package.
 *
 * @throws CorsDevError with what to install, if there is none that will do
 */
export async function findVite(folder: string, env: NodeJS.ProcessEnv): Promise<typeof Vite> {
  let tooOld: string | undefined
  for (const place of [folder, process.cwd(), dirname(fileURLToPath(import.meta.url))]) {
    const require = createRequire(join(place, 'x.js'))
    const version = versionFrom(require)
    if (version !== undefined && Number.parseInt(version) >= OLDEST_MAJOR)
      return (await import(pathToFileURL(require.resolve('vite')).href)) as typeof Vite
    tooOld ??= version
  }
  throw new CorsDevError([missing(tooOld, env)])
}

function versionFrom(require: NodeJS.Require): string | undefined {
  try {
    return (require('vite/package.json') as { version: string }).version
  } catch {
    return undefined
  }
}

function missing(tooOld: string | undefined, env: NodeJS.ProcessEnv): Issue {
  const why =
    tooOld === undefined
      ? 'is missing: it serves the folder, and does not come with this package'
      : `is too old: ${OLDEST_MAJOR} is the first that will do`
  return argumentIssue(
    'Vite',
    tooOld,
    why,
    `Run "${installCommand(env)}"; or, to install nothing here, "npx --package vite --package unplugin-cors-dev unplugin-cors-dev"`,
  )
}

/** https://docs.npmjs.com/cli/using-npm/config#user-agent: what package managers say of themselves to what they run. */
function installCommand({ npm_config_user_agent: agent = '' }: NodeJS.ProcessEnv): string {
  if (agent.startsWith('pnpm')) return 'pnpm add --save-dev vite'
  if (agent.startsWith('yarn')) return 'yarn add --dev vite'
  if (agent.startsWith('bun')) return 'bun add --dev vite'
  return 'npm install --save-dev vite'
}
