import { DEFAULTS } from '../options/defaults'
import type { Issue } from '../options/errors'
import type { RelayOption } from '../options/types'
import { refusesHost } from './address'
import { baseOf } from './from-options'
import type { Provenance, Target } from './target'

export interface EnvFile {
  /** Path relative to the project root. */
  file: string
  text: string
}

/** What a line of an `.env` file assigns: the grammar of dotenv, which Vite and dotenv-webpack read them by. */
const ASSIGNMENT =
  /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/gm

interface Assignment extends Pick<Provenance, 'file' | 'line'> {
  value: string
}

/** The assignment of each name that counts: the last of the last file. */
function readAssignments(files: readonly EnvFile[]): Map<string, Assignment> {
  const assignments = new Map<string, Assignment>()
  for (const { file, text } of files) {
    const lines = text.replace(/\r\n?/g, '\n')
    let line = 1
    let counted = 0
    for (const match of lines.matchAll(ASSIGNMENT)) {
      const [whole, name = '', raw = ''] = match
      // The expression takes blank lines before the name along.
      const start = match.index + whole.search(/\S/)
      for (; counted < start; counted++) if (lines[counted] === '\n') line++
      assignments.set(name, { file, line, value: raw.trim().replace(/^(['"`])(.*)\1$/s, '$2') })
    }
  }
  return assignments
}

/**
 * Targets among the variables that the page can see: every value that is an absolute http(s) or ws(s) URL. Other values
 * are no mistake, so there are no issues.
 *
 * @param variables as the host gives them to the page: files read, references expanded
 * @param files in the order in which the host reads them: later ones win. They only tell where a variable stands.
 * @param relay how found targets are reached
 */
export function targetsFromEnv(
  variables: Readonly<Record<string, string | undefined>>,
  files: readonly EnvFile[],
  isVisible: (name: string) => boolean,
  relay: RelayOption = DEFAULTS.relay,
): { targets: Target[]; issues: Issue[] } {
  const assignments = readAssignments(files)
  // Two variables of one origin are one target: they have no paths.
  const targets = new Map<string, Target>()
  for (const [name, value] of Object.entries(variables)) {
    if (!isVisible(name)) continue
    const url = parseTargetUrl(value)
    if (!url) continue
    const base = baseOf(url)
    if (targets.has(base.origin)) continue
    targets.set(base.origin, {
      ...base,
      path: undefined,
      stripPrefix: false,
      originPolicy: 'default',
      relay,
      proxy: {},
      provenance: { source: 'env', ...placeOf(assignments.get(name), value), name },
    })
  }
  return { targets: [...targets.values()], issues: [] }
}

/** The process's own environment wins over files: a file that says something else isn't where the value is from. */
function placeOf(assignment: Assignment | undefined, value: string | undefined): Pick<Provenance, 'file' | 'line'> {
  if (!assignment) return {}
  const { file, line, value: written } = assignment
  const isExpanded = written.includes('$') || written.includes('\\')
  return isExpanded || written === value ? { file, line } : {}
}

function parseTargetUrl(value: string | undefined): URL | undefined {
  const text = value?.trim() ?? ''
  if (!/^(?:https?|wss?):\/\//i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  // `https://{s}.tile.example.com` is a pattern that page code fills in.
  if (!/^(?:\[[\da-f:.]+\]|[\w.-]+)$/i.test(url.hostname)) return undefined
  // Sentry's DSN has a key in front of its host; calls go to the host.
  url.username = ''
  url.password = ''
  return refusesHost(url.hostname, false) === undefined ? url : undefined
}
