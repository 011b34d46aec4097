import { resolveOptions } from '../../src/options/resolve'
import { buildRouteTable, type RouteTable } from '../../src/routes/table'
import { targetsFromOptions } from '../../src/targets/from-options'
import type { Target } from '../../src/targets/target'
import type { CorsDevOptions } from '../../src/options/types'

export function tableOf(targets: NonNullable<CorsDevOptions['targets']>): RouteTable {
  const found = targetsFromOptions(resolveOptions({ targets }))
  const { table, issues } = buildRouteTable(found.targets)
  if (found.issues.length > 0 || issues.length > 0) throw new Error(JSON.stringify([...found.issues, ...issues]))
  return table
}

export function target(origin: string, changes: Partial<Target> = {}): Target {
  return {
    origin,
    basePath: '',
    path: undefined,
    stripPrefix: false,
    originPolicy: 'default',
    relay: 'always',
    proxy: {},
    provenance: { source: 'options', name: `targets["${changes.path ?? origin}"]` },
    ...changes,
  }
}
