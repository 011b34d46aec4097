import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import type { IncomingMessage } from 'node:http'
import { CorsDevError, type Issue } from '../options/errors'
import { checkOptions, fillIn } from '../options/resolve'
import type { ResolvedOptions } from '../options/types'
import { buildRouteTable } from '../routes/table'
import { targetsFromEnv } from '../targets/from-env'
import { targetsFromOptions } from '../targets/from-options'
import { targetsFromPackageJson } from '../targets/from-package-json'
import { isOpenApiFile, OPENAPI_FOLDERS } from '../targets/openapi-files'
import { provenanceLabel, type Target } from '../targets/target'
import type { HostPath } from './host-paths'

/** What a host knows of the project it serves. */
export interface Project {
  root: string
  /** Environment variables as the host gives them to the page, by their name. */
  variables: Readonly<Record<string, string>>
  /** Paths of `.env` files in the order in which the host loads them: later ones win. Missing files are fine. */
  envFiles: readonly string[]
  isVisible(name: string): boolean
  /** The entries of the host's own proxy table, and the name of that table: `server.proxy`. */
  proxyTable: { option: string; paths: readonly HostPath[] }
  /** Names of options that the host takes beside ours. */
  hostOptions?: readonly string[]
  /** What is wrong with how the host was given the plugin. */
  issues?: readonly Issue[]
}

export interface Discovery {
  options: ResolvedOptions
  targets: Target[]
}

/**
 * Gathers the targets of a project from the plugin's options, package.json and environment, in this order: a later
 * source never overrides an earlier one.
 *
 * @throws CorsDevError with the issues of all sources together
 */
export function discover(rawOptions: unknown, project: Project): Discovery {
  const issues: Issue[] = [...(project.issues ?? [])]
  const targets: Target[] = []
  const gather = (found: { targets: readonly Target[]; issues: readonly Issue[] }): void => {
    targets.push(...found.targets)
    issues.push(...found.issues)
  }

  const { hostOptions = [] } = project
  const checked = checkOptions(rawOptions, { describe: (path) => path, hostOptions })
  let { options } = checked
  issues.push(...checked.issues)
  gather(targetsFromOptions(options))
  const packageJson = findPackageJson(project.root)
  if (packageJson !== undefined) {
    const found = targetsFromPackageJson(readText(packageJson) ?? '', relativeTo(project.root, packageJson))
    gather(found)
    if (found.options) options = fillIn(options, found.options)
  }
  gather(targetsOfEnvironment(project, options))
  issues.push(...pathsOwnedByHost(targets, project.proxyTable), ...buildRouteTable(targets).issues)

  if (issues.length > 0) throw new CorsDevError(issues)
  return { options, targets }
}

/** The targets among a project's environment variables. */
export function targetsOfEnvironment(
  project: Pick<Project, 'root' | 'variables' | 'envFiles' | 'isVisible'>,
  { relay }: Pick<ResolvedOptions, 'relay'>,
): { targets: Target[]; issues: Issue[] } {
  const files = project.envFiles.flatMap((path) => {
    const text = readText(path)
    return text === undefined ? [] : [{ file: relativeTo(project.root, path), text }]
  })
  return targetsFromEnv(project.variables, files, project.isVisible, relay)
}

/**
 * The targets among the servers of the project's OpenAPI documents, whose parser is loaded where there is one. They are
 * parsed again only when they have changed.
 */
export function openApiReader(
  root: string,
  { relay }: Pick<ResolvedOptions, 'relay'>,
): () => Promise<{ targets: Target[]; issues: Issue[] }> {
  let before = '[]'
  let found: { targets: Target[]; issues: Issue[] } = { targets: [], issues: [] }
  return async () => {
    const documents = openApiFiles(root).map((path) => ({ path, text: readText(path) ?? '' }))
    const now = JSON.stringify(documents)
    if (now === before) return found
    before = now
    if (documents.length === 0) return (found = { targets: [], issues: [] })
    const { targetsFromOpenApi } = await import('../targets/from-openapi')
    const all = documents.map(({ path, text }) => targetsFromOpenApi(text, relativeTo(root, path), relay))
    return (found = {
      targets: all.flatMap(({ targets }) => targets),
      issues: all.flatMap(({ issues }) => issues),
    })
  }
}

/** At once: most of these folders are not there, and a promise for each costs more than all of them. */
function openApiFiles(root: string): string[] {
  const inRoot = namesIn(root)
  // Some file systems know no case.
  const known = new Set(inRoot.map((name) => name.toLowerCase()))
  return OPENAPI_FOLDERS.flatMap((folder) => {
    const [top = ''] = folder.split('/', 1)
    const names = folder === '' ? inRoot : known.has(top) ? namesIn(join(root, folder)) : []
    return names.filter(isOpenApiFile).map((name) => join(root, folder, name))
  }).sort()
}

/** The host's table was there first and keeps all that it takes: a target below it would only seem to be there. */
function pathsOwnedByHost(targets: readonly Target[], { option, paths }: Project['proxyTable']): Issue[] {
  return targets.flatMap(({ path, provenance }) => {
    const owner = path === undefined ? undefined : paths.find((entry) => takesAllOf(entry, path))
    if (!owner) return []
    return {
      code: 'CORS_DEV_PATH',
      path: provenanceLabel(provenance),
      value: path,
      why: `can never match: "${owner.name}" in ${option} of the dev server takes it first`,
      instead: 'Remove one of them',
    }
  })
}

/** Whether an entry takes a target's path and what is below it, by the matcher that decides when requests come. */
function takesAllOf({ name, takes }: HostPath, path: string): boolean {
  // What an expression would match can't be asked; an entry that begins with every path takes it all the same.
  if (path.startsWith('^')) return name === path || (name === '/' && takes(requestOf('/x/y')))
  const prefix = path.replace(/\/+$/, '')
  return [`${prefix}/`, `${prefix}/x`, `${prefix}/x/y`].every((url) => takes(requestOf(url)))
}

function requestOf(url: string): IncomingMessage {
  return { url, headers: {} } as IncomingMessage
}

/** The project's package.json: a host's root may be a folder below it. */
export function findPackageJson(root: string): string | undefined {
  const file = join(root, 'package.json')
  if (readText(file) !== undefined) return file
  return dirname(root) === root ? undefined : findPackageJson(dirname(root))
}

/** What in package.json concerns us, to be compared after a change. */
export function settingsInPackageJson(file: string | undefined): string | undefined {
  const text = file === undefined ? undefined : readText(file)
  try {
    const { corsDev, proxy } = JSON.parse(text ?? '{}') as { corsDev?: unknown; proxy?: unknown }
    return JSON.stringify([corsDev, proxy])
  } catch {
    return text
  }
}

function readText(path: string): string | undefined {
  // An error takes longer than both looks.
  if (!existsSync(path)) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function relativeTo(root: string, path: string): string {
  return relative(root, path).split(sep).join('/')
}
