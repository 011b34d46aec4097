import { LineCounter, type Node, parseDocument } from 'yaml'
import { DEFAULTS } from '../options/defaults'
import type { Issue } from '../options/errors'
import type { RelayOption } from '../options/types'
import { type FoundAddress, foundTargets } from './found-target'
import type { Target } from './target'

/** Of both versions, what says where the API is. */
const KEYS = ['openapi', 'swagger', 'servers', 'host', 'basePath', 'schemes']

interface Description {
  openapi?: unknown
  swagger?: unknown
  servers?: unknown
  host?: unknown
  schemes?: unknown
}

/**
 * Targets among the servers of an OpenAPI document, or of a Swagger 2 one. Servers that are relative to the document are
 * none, and a document that does not parse is for its own tools to judge.
 *
 * @param file its path relative to the project root
 * @param relay how found targets are reached
 * @see https://spec.openapis.org/oas/latest.html#server-object
 */
export function targetsFromOpenApi(
  text: string,
  file: string,
  relay: RelayOption = DEFAULTS.relay,
): { targets: Target[]; issues: Issue[] } {
  const source = text.replace(/^\uFEFF/, '')
  const description = /^\s*\{/.test(source)
    ? readJson(source)
    : (readYaml(entriesOf(source, KEYS)) ?? readYaml(numberedLines(source)))
  if (!description) return { targets: [], issues: [] }
  const found: FoundAddress[] = serversOf(description.content).map(({ url, name, path }) => {
    const line = description.lineOf(path)
    return { url, provenance: { source: 'openapi', file, ...(line !== undefined && { line }), name } }
  })
  return foundTargets(found, relay)
}

type Path = readonly (string | number)[]

interface Read {
  content: Description
  /** 1-based line of a value. */
  lineOf(path: Path): number | undefined
}

function readJson(text: string): Read | undefined {
  const content = asDescription(() => JSON.parse(text) as unknown)
  return (
    content && {
      content,
      lineOf(path) {
        const value = path.reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], content)
        // A description has few servers and thousands of other values: not worth counting through.
        const start = text.indexOf(JSON.stringify(value), Math.max(0, text.search(/"(?:servers|host)"\s*:/)))
        return start < 0 ? undefined : text.slice(0, start).split('\n').length
      },
    }
  )
}

function readYaml(numbered: readonly NumberedLine[]): Read | undefined {
  const lines = new LineCounter()
  const document = parseDocument(numbered.map(({ text }) => text).join('\n'), {
    lineCounter: lines,
    uniqueKeys: false,
    logLevel: 'silent',
  })
  if (document.errors.length > 0) return undefined
  const content = asDescription(() => document.toJS({ maxAliasCount: 100 }) as unknown)
  return (
    content && {
      content,
      lineOf(path) {
        const offset = (document.getIn(path, true) as Node | undefined)?.range?.[0]
        return offset === undefined ? undefined : numbered[lines.linePos(offset).line - 1]?.line
      },
    }
  )
}

function asDescription(read: () => unknown): Description | undefined {
  try {
    const content = read()
    return typeof content === 'object' && content !== null ? content : undefined
  } catch {
    // No JSON, or an alias of what was left out.
    return undefined
  }
}

interface Server {
  url: string
  name: string
  path: Path
}

function serversOf({ openapi, swagger, servers, host, schemes }: Description): Server[] {
  if (typeof swagger === 'string' || typeof swagger === 'number') {
    if (typeof host !== 'string') return []
    // Without schemes, it is that of the document itself, which isn't served here.
    const given = Array.isArray(schemes) ? schemes.filter((scheme) => typeof scheme === 'string') : []
    return (given.length > 0 ? given : ['https']).map((scheme) => ({
      url: `${scheme}://${host}`,
      name: 'host',
      path: ['host'],
    }))
  }
  if (typeof openapi !== 'string' && typeof openapi !== 'number') return []
  if (!Array.isArray(servers)) return []
  return servers.flatMap((server: unknown, index) => {
    const { url, variables } = (server ?? {}) as { url?: unknown; variables?: unknown }
    if (typeof url !== 'string') return []
    const filled = fillVariables(url.trim(), variables)
    return filled === undefined ? [] : [{ url: filled, name: `servers[${index}]`, path: ['servers', index, 'url'] }]
  })
}

/** `https://{region}.example.com` with the defaults of its variables; `undefined` if one has none. */
function fillVariables(url: string, variables: unknown): string | undefined {
  let isWhole = true
  const filled = url.replace(/\{([^}]*)\}/g, (_, name: string) => {
    const value = (variables as Record<string, { default?: unknown } | null> | undefined)?.[name]?.default
    if (typeof value === 'string' || typeof value === 'number') return String(value)
    isWhole = false
    return ''
  })
  return isWhole ? filled : undefined
}

interface NumberedLine {
  line: number
  text: string
}

function numberedLines(text: string): NumberedLine[] {
  return text.split('\n').map((line, index) => ({ line: index + 1, text: line }))
}

/**
 * A block mapping without the entries nobody asks for: the paths of an API are a hundred times as long as its servers,
 * and take seconds to parse.
 */
function entriesOf(text: string, keys: readonly string[]): NumberedLine[] {
  let isKept = true
  return numberedLines(text).filter(({ text: line }) => {
    const key = /^["']?([\w-]+)["']?[ \t]*:(?:[ \t\r]|$)/.exec(line)?.[1]
    if (key !== undefined) isKept = keys.includes(key)
    return isKept
  })
}
