import type { Issue } from '../options/errors'
import { provenanceLabel, type Target } from '../targets/target'
import { isUnderPrefix } from './match'

export interface PathRoute {
  /** Path prefix without a slash at its end (`''` takes every path), or the expression of a `^regex` key. */
  prefix: string | RegExp
  target: Target
}

/** What can be reached, and how. Nothing in a request adds to it. */
export interface RouteTable {
  /** Longest prefix first; regular expressions before prefixes, in the order given. */
  paths: readonly PathRoute[]
  /** By serialized http(s) origin. The first target of an origin decides its options. */
  relays: ReadonlyMap<string, Target>
  /** Where requests go that nobody knows. */
  fallback?: PathRoute
}

/** Expressions that take every path: routes after one of them never match. */
const TAKES_ALL = new Set(['^', '^/', '^\\/', '^.*', '^.*$', '^/.*', '^/.*$', '^\\/.*', '^\\/.*$'])

/**
 * Targets, earlier sources first, become routes. A later source never overrides an earlier one: its path is dropped
 * and the target stays reachable by its absolute URL. Within one source, a path that can never match is an issue.
 *
 * @param reservedPaths prefixes that are served otherwise whatever the table says
 */
export function buildRouteTable(
  targets: readonly Target[],
  reservedPaths: readonly string[] = ['/__cors-dev'],
): { table: RouteTable; issues: Issue[] } {
  const issues: Issue[] = []
  const expressions: PathRoute[] = []
  const prefixes: PathRoute[] = []
  const relays = new Map<string, Target>()
  const known = new Map<string, Target>()
  let catchAll: Target | undefined
  let fallback: PathRoute | undefined

  const neverMatches = (target: Target, because: string, owner: Target | undefined): void => {
    if (owner && owner.provenance.source !== target.provenance.source) return
    issues.push({
      code: 'CORS_DEV_PATH',
      path: provenanceLabel(target.provenance),
      value: target.path,
      why: `can never match: ${because}`,
      instead: owner ? 'Change or remove one of them' : 'Choose another path',
    })
  }

  for (const target of targets) {
    const first = relays.get(target.origin)
    if (!first) relays.set(target.origin, target)
    else if (target.path === undefined && !target.fallback && isSilenced(target, first)) {
      issues.push({
        code: 'CORS_DEV_TARGET',
        path: provenanceLabel(target.provenance),
        value: target.origin + target.basePath,
        why: `has options that never apply: ${provenanceLabel(first.provenance)} has the same origin, and comes first`,
        instead: 'Give it a path, or the options to the first one',
      })
    }
    if (target.fallback) {
      fallback ??= { prefix: '', target }
      continue
    }
    if (target.path === undefined) continue

    const prefix = toPrefix(target.path)
    const key = String(prefix)
    const reserved = typeof prefix === 'string' && reservedPaths.find((path) => isUnderPrefix(prefix, path))
    const twin = known.get(key)
    if (reserved) {
      neverMatches(target, `"${reserved}" is reserved for the dev server's own use`, undefined)
    } else if (twin) {
      neverMatches(target, `${provenanceLabel(twin.provenance)} has the same path`, twin)
    } else if (catchAll && typeof prefix !== 'string') {
      neverMatches(target, `${provenanceLabel(catchAll.provenance)} takes every path before it`, catchAll)
    } else {
      known.set(key, target)
      if (typeof prefix === 'string') prefixes.push({ prefix, target })
      else expressions.push({ prefix, target })
      if (TAKES_ALL.has(target.path)) catchAll = target
    }
  }

  // Expressions go first, so one that takes all shuts out prefixes before and after it.
  for (const { target } of catchAll ? prefixes : []) {
    if (catchAll) neverMatches(target, `${provenanceLabel(catchAll.provenance)} takes every path before it`, catchAll)
  }

  // A target that is to be called directly is no relay; nor does a later one of the same origin make it one.
  for (const [origin, target] of relays) {
    if (target.relay === 'never') relays.delete(origin)
  }
  prefixes.sort((a, b) => (b.prefix as string).length - (a.prefix as string).length)
  return { table: { paths: [...expressions, ...prefixes], relays, ...(fallback && { fallback }) }, issues }
}

/**
 * Lets a table reach targets that were found since: whoever holds it sees them, and nothing that is open ends. They have
 * no paths, and override nothing.
 *
 * @param found of origins that the table does not know
 */
export function growTable({ relays }: RouteTable, found: readonly Target[]): void {
  for (const target of found) {
    if (target.relay !== 'never' && !relays.has(target.origin))
      (relays as Map<string, Target>).set(target.origin, target)
  }
}

/** The opposite: what is found there no more is reached no more. */
export function shrinkTable({ relays }: RouteTable, gone: readonly Target[]): void {
  for (const target of gone) {
    if (relays.get(target.origin) === target) (relays as Map<string, Target>).delete(target.origin)
  }
}

/** Whether a target that is reached by its absolute URL alone would be reached by another's options. */
function isSilenced(target: Target, first: Target): boolean {
  if (target.provenance.source !== first.provenance.source) return false
  const optionsOf = ({ originPolicy, relay, explain, proxy }: Target): unknown[] => [
    originPolicy,
    relay,
    explain,
    ...Object.entries(proxy).flat(),
  ]
  const [own, others] = [optionsOf(target), optionsOf(first)]
  return (
    own.length !== others.length || own.some((value, index) => JSON.stringify(value) !== JSON.stringify(others[index]))
  )
}

/** `/api/` → `/api`, `/` → the empty prefix, `^…` → its expression. */
function toPrefix(path: string): string | RegExp {
  return path.startsWith('^') ? new RegExp(path) : path.replace(/\/+$/, '')
}
