import type { Issue } from '../options/errors'
import { checkOptions } from '../options/resolve'
import type { ResolvedOptions } from '../options/types'
import { addressIssue, baseOf, namedTargets } from './from-options'
import { type JsonPath, locateJsonValues } from './json-lines'
import { type Provenance, provenanceLabel, type Target } from './target'

const KEY = 'corsDev'

/**
 * What a package.json says: `"corsDev"` holds the plugin's options as JSON, and `"proxy"` is that of Create React App.
 *
 * @param file its path relative to the project root
 * @returns `options` fills in what the plugin was not given, by `fillIn`; absent if there is no `"corsDev"`
 */
export function targetsFromPackageJson(
  text: string,
  file: string,
): { targets: Target[]; issues: Issue[]; options?: ResolvedOptions } {
  const source = text.replace(/^\uFEFF/, '')
  let content: unknown
  try {
    content = JSON.parse(source)
  } catch (error) {
    if (!source.includes(`"${KEY}"`)) return { targets: [], issues: [] }
    const why = `is no JSON, so its "${KEY}" counts for nothing: ${(error as Error).message}`
    const instead = 'Correct it; commas behind the last entry and comments are no JSON'
    return { targets: [], issues: [{ code: 'CORS_DEV_OPTION', path: file, why, instead }] }
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return { targets: [], issues: [] }

  const { [KEY]: own, proxy } = content as Record<string, unknown>
  const misspelt = Object.keys(content).filter((name) => name !== KEY && /^cors[-_]?dev$/i.test(name))
  if (own === undefined && proxy === undefined && misspelt.length === 0) return { targets: [], issues: [] }
  const lineOf = locateJsonValues(source)
  const place = (name: string, path: JsonPath): Provenance => {
    const line = lineOf(path)
    return { source: 'package.json', file, ...(line !== undefined && { line }), name }
  }

  const targets: Target[] = []
  const issues = misspelt.map((name): Issue => {
    const path = provenanceLabel(place(`"${name}"`, [name]))
    return { code: 'CORS_DEV_UNKNOWN', path, why: `is no key of ours: that is "${KEY}"`, instead: 'Rename it' }
  })
  let options: ResolvedOptions | undefined
  if (own !== undefined) {
    const provenanceOf = (optionPath: string): Provenance =>
      place(optionPath === '' ? KEY : `${KEY}.${optionPath}`, nearestJsonPath([KEY, ...parsePath(optionPath)], lineOf))
    const checked = checkOptions(own, { describe: (path) => provenanceLabel(provenanceOf(path)) })
    const named = namedTargets(checked.options.targets, ({ name }) => provenanceOf(name))
    targets.push(...named.targets)
    issues.push(...checked.issues, ...named.issues)
    options = checked.options
  }
  if (proxy !== undefined) {
    const found = proxyTarget(proxy, place('"proxy"', ['proxy']))
    if ('code' in found) issues.push(found)
    else targets.push(found)
  }
  return { targets, issues, ...(options && { options }) }
}

/** https://create-react-app.dev/docs/proxying-api-requests-in-development: a string, for what nobody else knows. */
function proxyTarget(value: unknown, provenance: Provenance): Target | Issue {
  const path = provenanceLabel(provenance)
  if (typeof value !== 'string') {
    return {
      code: 'CORS_DEV_TARGET',
      path,
      value,
      why: 'is not what Create React App takes: "proxy" is one URL',
      instead: `Write it as "${KEY}": { "targets": { "/api": "http://localhost:4000" } }`,
    }
  }
  const isUrl = /^https?:\/\//i.test(value) && URL.canParse(value)
  if (!isUrl) {
    return {
      code: 'CORS_DEV_TARGET',
      path,
      value,
      why: 'is not an absolute URL: "proxy" starts with http:// or https://',
      instead: 'Write the whole address, such as "http://localhost:4000"',
    }
  }
  const url = new URL(value)
  const refused = addressIssue(url, path, value)
  if (refused) return refused
  return {
    ...baseOf(url),
    path: undefined,
    fallback: true,
    stripPrefix: false,
    originPolicy: 'default',
    relay: 'always',
    proxy: authOf(url),
    provenance,
  }
}

/** The proxy of Create React App sends what stands before the host. */
function authOf({ username, password }: URL): Target['proxy'] {
  if (username === '' && password === '') return {}
  return { auth: `${decodePercent(username)}:${decodePercent(password)}` }
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** `targets["/api"].url` → `targets`, `/api`, `url` */
function parsePath(path: string): (string | number)[] {
  const steps: (string | number)[] = []
  for (const [, quoted, index, name] of path.matchAll(/\[("(?:[^"\\]|\\.)*")\]|\[(\d+)\]|([^.[\]]+)/g)) {
    if (quoted !== undefined) steps.push(JSON.parse(quoted) as string)
    else if (index !== undefined) steps.push(Number(index))
    else if (name !== undefined) steps.push(name)
  }
  return steps
}

/** What is missing has no line; what it is missing from has one. */
function nearestJsonPath(path: JsonPath, lineOf: (path: JsonPath) => number | undefined): JsonPath {
  for (let length = path.length; length > 0; length--) {
    const outer = path.slice(0, length)
    if (lineOf(outer) !== undefined) return outer
  }
  return path
}
