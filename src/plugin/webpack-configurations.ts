import { isDeepStrictEqual } from 'node:util'
import { CorsDevError, type Issue, showValue } from '../options/errors'
import { checkOptions, fillIn } from '../options/resolve'
import type { ResolvedOptions } from '../options/types'
import { buildRouteTable } from '../routes/table'
import type { Target } from '../targets/target'
import { type Compiler, compilersOf } from './compiler'
import { type Discovery, discover, type Project } from './discover'
import { pathsInProxyList } from './host-paths'
import { type DevServer, proxyListOf } from './webpack-dev-server'

/** The plugin as a compiler's configuration has it. */
export interface Configured {
  compiler: Compiler
  rawOptions: unknown
  /** Whether it stands among the compiler's plugins more than once. */
  isRepeated: boolean
}

/**
 * One dev server has one table of targets, whichever compiler's configuration they stand in.
 *
 * @throws CorsDevError with the issues of all configurations together
 */
export function discoverForAll(all: readonly Configured[], devServer: DevServer): Discovery {
  const compilers = compilersOf(devServer.compiler)
  const placeOf = ({ compiler }: Configured): string =>
    compilers.length > 1 ? `${configurationName(compiler, compilers.indexOf(compiler))}: ` : ''
  const proxyTable = { option: 'devServer.proxy', paths: pathsInProxyList(proxyListOf(devServer.options)) }
  const isSame = (one: Configured, other: Configured): boolean =>
    one.compiler.context === other.compiler.context && isDeepStrictEqual(one.rawOptions, other.rawOptions)

  const distinct = all.filter((one, index) => all.findIndex((other) => isSame(one, other)) === index)
  const configurations = distinct.map((one) =>
    // What all of them share stands in no particular one.
    readConfiguration(one, distinct.length > 1 ? placeOf(one) : '', proxyTable),
  )

  // A later source never overrides an earlier one, so what package.json names comes behind the options of them all.
  const found = configurations.flatMap(({ targets }) => targets)
  const isOption = ({ provenance }: Target): boolean => provenance.source === 'options'
  const targets = withoutTwins([...found.filter(isOption), ...found.filter((target) => !isOption(target))])
  const { options, issues: contradictions } = foldOptions(configurations)

  const repeated = all.filter(({ isRepeated }) => isRepeated)
  const issues = [
    ...repeated.map((one) => repeatedIssue(placeOf(one))),
    ...configurations.flatMap((configuration) => configuration.issues),
    ...contradictions,
    ...buildRouteTable(targets).issues,
  ]
  if (issues.length > 0) throw new CorsDevError(withoutEquals(issues))
  return { options, targets }
}

/** What one configuration brings in. */
interface Configuration {
  /** Stands before the names of its options: `config "server": `. */
  place: string
  /** Those of the plugin, and those that package.json fills in. */
  options: ResolvedOptions
  packageOptions: ResolvedOptions
  targets: readonly Target[]
  issues: readonly Issue[]
}

function readConfiguration(
  { rawOptions, compiler: { context: root } }: Configured,
  place: string,
  proxyTable: Project['proxyTable'],
): Configuration {
  const project = { root, variables: {}, envFiles: [], isVisible: () => true, proxyTable }
  const all = tryToDiscover(rawOptions, project)
  // package.json may be that of all configurations: its issues and options are told from those of the plugin.
  const inPackage = tryToDiscover({}, project)
  const isInPackage = (issue: Issue): boolean => inPackage.issues.some((other) => isDeepStrictEqual(issue, other))
  return {
    place,
    options: checkOptions(rawOptions).options,
    packageOptions: inPackage.options,
    targets: all.targets.map((target) =>
      target.provenance.source === 'options'
        ? { ...target, provenance: { ...target.provenance, name: place + target.provenance.name } }
        : target,
    ),
    issues: all.issues.map((issue) => (isInPackage(issue) ? issue : { ...issue, path: place + issue.path })),
  }
}

function tryToDiscover(rawOptions: unknown, project: Project): Discovery & { issues: readonly Issue[] } {
  try {
    return { ...discover(rawOptions, project), issues: [] }
  } catch (error) {
    if (!(error instanceof CorsDevError)) throw error
    return { options: checkOptions({}).options, targets: [], issues: error.issues }
  }
}

/** `config "server"`, or `config[1]` as it stands in the list. */
function configurationName({ name }: Compiler & { name?: string }, index: number): string {
  return name ? `config ${JSON.stringify(name)}` : `config[${index}]`
}

function repeatedIssue(place: string): Issue {
  return {
    code: 'CORS_DEV_OPTION',
    path: `${place}corsDev`,
    why: 'stands in plugins twice: only the first one would be read',
    instead: 'Merge their targets into one, and remove the other',
  }
}

/** The plugin's options of all configurations, which go before those in package.json. */
function foldOptions(configurations: readonly Configuration[]): { options: ResolvedOptions; issues: Issue[] } {
  // What was no valid value has been replaced by the default, which contradicts nobody.
  const valid = configurations.filter(({ issues }) => issues.length === 0)
  const plugin = foldAll(valid.map(({ place, options }) => ({ place, options })))
  const inPackage = foldAll(
    valid.map(({ place, packageOptions }) => ({ place: `${place}package.json corsDev.`, options: packageOptions })),
  )
  const isOpen = ({ name }: Contradiction): boolean => !plugin.options.given.has(name)
  return {
    options: fillIn(plugin.options, inPackage.options),
    issues: [...plugin.contradictions, ...inPackage.contradictions.filter(isOpen)].map(({ issue }) => issue),
  }
}

const SINGLE_OPTIONS = ['productionOrigin', 'relay', 'discover', 'explain'] as const

interface Contradiction {
  name: (typeof SINGLE_OPTIONS)[number]
  issue: Issue
}

/** Origins add up; of the others there can be one. */
function foldAll(list: readonly { place: string; options: ResolvedOptions }[]): {
  options: ResolvedOptions
  contradictions: Contradiction[]
} {
  const options = list.map((entry) => entry.options).reduce(fillIn, checkOptions({}).options)
  const origins = list.flatMap((entry) => (entry.options.given.has('origins') ? entry.options.origins : []))
  const contradictions = SINGLE_OPTIONS.flatMap((name) => {
    const [first, ...others] = list.filter((entry) => entry.options.given.has(name))
    if (!first) return []
    const expected = first.options[name]
    return others.flatMap(({ place, options: { [name]: value } }) => {
      if (value === expected) return []
      const why = `contradicts ${first.place}${name} ${showValue(expected)}: both configurations have one dev server`
      const instead = 'Write the same in both, or leave one out'
      return { name, issue: { code: 'CORS_DEV_OPTION', path: place + name, value, why, instead } }
    })
  })
  return {
    options: options.given.has('origins') ? { ...options, origins: [...new Set(origins)] } : options,
    contradictions,
  }
}

/** Configurations often share their options in part: the same target twice is one route. */
function withoutTwins(targets: readonly Target[]): Target[] {
  const isTwin = ({ provenance: _, ...one }: Target, { provenance: __, ...other }: Target): boolean =>
    isDeepStrictEqual(one, other)
  return targets.filter((target, index) => targets.findIndex((other) => isTwin(target, other)) === index)
}

function withoutEquals(issues: readonly Issue[]): Issue[] {
  return issues.filter((issue, index) => issues.findIndex((other) => isDeepStrictEqual(issue, other)) === index)
}
