import type { RelayOption, TargetProxyOptions } from '../options/types'
import type { Reach } from './address'

/** Where a target was learnt: what the start-up lines and every message about it say. */
export interface Provenance {
  source: 'options' | 'command' | 'package.json' | 'env' | 'openapi' | 'source' | 'page'
  /** Path relative to the project root, if it stands in a file. */
  file?: string
  /** 1-based. */
  line?: number
  /** What to look for there: `targets["/api"]`, `VITE_API_URL`, `"proxy"`. */
  name: string
}

/** Addresses that a source of targets may lead to. */
export function reachOf({ source }: Pick<Provenance, 'source'>): Reach {
  switch (source) {
    case 'options':
    case 'command':
    case 'package.json':
    case 'env':
      return 'anywhere'
    case 'source':
      return 'machine-and-internet'
    case 'openapi':
    case 'page':
      return 'internet'
  }
}

/** `targets["/api"]`, or `.env.local:3 VITE_API_URL`: where the developer finds it. */
export function provenanceLabel({ file, line, name }: Provenance): string {
  if (file === undefined) return name
  return `${file}${line === undefined ? '' : `:${line}`} ${name}`
}

/** An upstream's base URL and all that is known about it before any request. */
export interface Target {
  /** Serialized origin with an `http` or `https` scheme: `ws` and `wss` targets stand under their http(s) twin. */
  origin: string
  /** Path of the target's URL without a slash at its end: `''` or `/v1`. */
  basePath: string
  /** Path prefix or `^regex` of its path route; a target without one is reached by its absolute URL alone. */
  path: string | undefined
  /** Whether it takes what nobody else knows, as `"proxy"` in package.json does in Create React App. */
  fallback?: true
  stripPrefix: boolean
  /** `default` reads as the page does through the relay, `as-relayed` down a path route too. */
  originPolicy: 'target' | 'page' | 'remove' | 'default' | 'as-relayed'
  relay: RelayOption
  /** Whether its calls are explained; where absent, as the plugin's `explain` says. */
  explain?: boolean
  proxy: TargetProxyOptions
  provenance: Provenance
}

/**
 * Whether requests down this target may carry what the page never saw: named headers, a client's certificate, or
 * whatever a handler sets. Such routes serve no other origin's pages by default.
 */
export function injectsHeaders({ proxy }: Target): boolean {
  const { headers, auth, ssl, on, plugins } = proxy
  return [headers, auth, ssl?.key, ssl?.pfx, on?.proxyReq, on?.proxyReqWs, plugins].some(
    (option) => option !== undefined,
  )
}
