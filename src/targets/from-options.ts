import type { Issue } from '../options/errors'
import { hideCredentials } from '../options/secrets'
import type { ResolvedOptions, TargetInput } from '../options/types'
import { refusesHost } from './address'
import { type Provenance, provenanceLabel, type Target } from './target'

/** The targets that the plugin's own options name. */
export function targetsFromOptions(options: Pick<ResolvedOptions, 'targets'>): { targets: Target[]; issues: Issue[] } {
  return namedTargets(options.targets, ({ name }) => ({ source: 'options', name }))
}

/** Checked entries become targets; `provenanceOf` says where each stands. */
export function namedTargets(
  inputs: readonly TargetInput[],
  provenanceOf: (input: TargetInput) => Provenance,
): { targets: Target[]; issues: Issue[] } {
  const targets: Target[] = []
  const issues: Issue[] = []
  for (const input of inputs) {
    const provenance = provenanceOf(input)
    const url = new URL(input.url)
    const issue = addressIssue(url, provenanceLabel(provenance), input.url)
    if (issue) {
      issues.push(issue)
      continue
    }
    targets.push({
      ...baseOf(url),
      path: input.path,
      stripPrefix: input.stripPrefix,
      originPolicy: input.origin ?? 'default',
      relay: input.relay,
      ...(input.explain !== undefined && { explain: input.explain }),
      proxy: input.proxy,
      provenance,
    })
  }
  return { targets, issues }
}

/** `wss://api.example.com/v1/` → origin `https://api.example.com`, base path `/v1`. */
export function baseOf(url: URL): Pick<Target, 'origin' | 'basePath'> {
  const twin = new URL(url)
  // A setter between special schemes; the default port changes with the scheme, as it does for sockets.
  if (twin.protocol === 'ws:') twin.protocol = 'http:'
  if (twin.protocol === 'wss:') twin.protocol = 'https:'
  return { origin: twin.origin, basePath: url.pathname.replace(/\/+$/, '') }
}

/** Addresses at which no server can be called. */
export function addressIssue(url: URL, path: string, value: string): Issue | undefined {
  const refused = refusesHost(url.hostname, true)
  if (refused === undefined) return undefined
  const meant = hideCredentials(value).replace(/\/\/(\*\*\*@)?(\[[^\]]*\]|[^/:?#]*)/, '//$1localhost')
  return {
    code: 'CORS_DEV_ADDRESS',
    path,
    value,
    why:
      refused === 'unspecified'
        ? 'is no address to call: a server listens there to be reached under all its addresses'
        : 'is no address to call: it stands for a group of machines',
    instead: refused === 'unspecified' ? `Write "${meant}"` : 'Write the address of one server',
  }
}
