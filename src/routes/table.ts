import type { Target } from '../targets/target'

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
}
