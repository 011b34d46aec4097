import { DEFAULTS } from './defaults'
import { CorsDevError, type Issue, showValue } from './errors'
import { type OptionPlace, type Report, reporter, reportUnknown } from './report'
import { resolveOrigins, resolveProductionOrigin } from './resolve-origins'
import { resolveTargets } from './resolve-targets'
import type { CorsDevOptions, ResolvedOptions } from './types'
import { isPlainObject, oneOf, RELAY_OPTIONS, resolveExplain } from './values'

/** The compiler keeps these complete. */
const OPTION_NAMES: Record<keyof CorsDevOptions, true> = {
  targets: true,
  origins: true,
  productionOrigin: true,
  relay: true,
  discover: true,
  explain: true,
}

const PLUGIN_CALL: OptionPlace = { describe: (path) => path }

/**
 * Checks and fills in everything that can be judged without the project's files.
 *
 * @throws CorsDevError with all issues
 */
export function resolveOptions(raw: unknown): ResolvedOptions {
  const { options, issues } = checkOptions(raw)
  if (issues.length > 0) throw new CorsDevError(issues)
  return options
}

/** What {@link resolveOptions} does, with the issues handed back: other sources may have more of them. */
export function checkOptions(
  raw: unknown,
  place: OptionPlace = PLUGIN_CALL,
): { options: ResolvedOptions; issues: Issue[] } {
  const issues: Issue[] = []
  const report = reporter(issues, place)
  const options: ResolvedOptions = { ...DEFAULTS, hasExplicitTargets: false, given: new Set() }
  if (raw === undefined || raw === null) return { options, issues }

  if (!isPlainObject(raw)) {
    const isTargets = typeof raw === 'string' || Array.isArray(raw)
    report(
      'CORS_DEV_OPTION',
      '',
      raw,
      'is not an object: options have names',
      isTargets ? example(raw) : 'Write { targets: … }',
    )
    return { options, issues }
  }
  for (const name of Object.keys(raw)) {
    if (!Object.hasOwn(OPTION_NAMES, name))
      reportUnknown(report, name, name, [...Object.keys(OPTION_NAMES), ...(place.hostOptions ?? [])], 'option')
  }

  const given = new Set<keyof CorsDevOptions>()
  const read = (name: keyof CorsDevOptions): unknown => {
    if (raw[name] !== undefined) given.add(name)
    return raw[name]
  }
  const targets = read('targets')
  const origins = read('origins')
  const productionOrigin = read('productionOrigin')
  const relay = read('relay')
  const discover = read('discover')
  const explain = read('explain')
  return {
    options: {
      targets: targets === undefined ? DEFAULTS.targets : resolveTargets(targets, report),
      hasExplicitTargets: targets !== undefined,
      origins: origins === undefined ? DEFAULTS.origins : resolveOrigins(origins, report),
      productionOrigin:
        productionOrigin === undefined ? DEFAULTS.productionOrigin : resolveProductionOrigin(productionOrigin, report),
      relay: relay === undefined ? DEFAULTS.relay : oneOf(relay, RELAY_OPTIONS, DEFAULTS.relay, 'relay', report),
      discover: discover === undefined ? DEFAULTS.discover : resolveDiscover(discover, report),
      explain: explain === undefined ? DEFAULTS.explain : resolveExplain(explain, DEFAULTS.explain, 'explain', report),
      given,
    },
    issues,
  }
}

/** Options that stand elsewhere in the project fill in those that the plugin was not given. */
export function fillIn(options: ResolvedOptions, from: ResolvedOptions): ResolvedOptions {
  const choose = <Name extends 'origins' | 'productionOrigin' | 'relay' | 'discover' | 'explain'>(
    name: Name,
  ): ResolvedOptions[Name] => (options.given.has(name) ? options : from)[name]
  return {
    ...options,
    origins: choose('origins'),
    productionOrigin: choose('productionOrigin'),
    relay: choose('relay'),
    discover: choose('discover'),
    explain: choose('explain'),
    hasExplicitTargets: options.hasExplicitTargets || from.hasExplicitTargets,
    given: new Set([...options.given, ...from.given]),
  }
}

function resolveDiscover(raw: unknown, report: Report): boolean {
  if (typeof raw === 'boolean') return raw
  report(
    'CORS_DEV_OPTION',
    'discover',
    raw,
    'is neither true nor false: targets are looked for or not',
    'Write true or false',
  )
  return DEFAULTS.discover
}

function example(raw: unknown): string {
  const list = Array.isArray(raw) ? raw : [raw]
  const [first] = list
  return `Write { targets: [${typeof first === 'string' ? showValue(first) : '…'}] }`
}
