import type { CorsDevOptions, ResolvedOptions, TargetInput, TargetOptions } from './types'

type Defaults = { readonly [Name in keyof Required<CorsDevOptions>]: ResolvedOptions[Name] }

/** A new option does not compile before it has its default here. */
export const DEFAULTS: Defaults = Object.freeze({
  targets: Object.freeze([]),
  origins: Object.freeze(['loopback']),
  productionOrigin: undefined,
  relay: 'as-needed',
  discover: true,
  explain: true,
})

type TargetDefaults = { readonly [Name in Exclude<keyof Required<TargetOptions>, 'url'>]: TargetInput[Name] }

/** Those of a target that was named. What was only found is relayed as `relay` says. */
export const TARGET_DEFAULTS: TargetDefaults = Object.freeze({
  stripPrefix: false,
  origin: undefined,
  relay: 'always',
  explain: undefined,
  proxy: Object.freeze({}),
})
