import type { Issue } from '../options/errors'
import type { RelayOption } from '../options/types'
import { type AddressKind, kindBeyond } from './address'
import { baseOf } from './from-options'
import { type Provenance, provenanceLabel, reachOf, type Target } from './target'

/** An address that stands somewhere in the project without having been written for us. */
export interface FoundAddress {
  /** Absolute http(s) or ws(s) URL; what stands behind its origin doesn't matter. */
  url: string
  provenance: Provenance
}

/** The target that an address becomes, or why it becomes none; `undefined` for what is no address to call. */
export function foundTarget({ url, provenance }: FoundAddress, relay: RelayOption): Target | Issue | undefined {
  if (!/^(?:https?|wss?):\/\//i.test(url) || !URL.canParse(url)) return undefined
  const { protocol, host, hostname } = new URL(url)
  // `https://{s}.tile.example.com` is a pattern that page code fills in.
  if (!/^(?:\[[\da-f:.]+\]|[\w.-]+)$/i.test(hostname)) return undefined
  const { origin } = baseOf(new URL(`${protocol}//${host}`))
  const kind = kindBeyond(hostname, reachOf(provenance))
  if (kind !== undefined) return addressBeyondReach(kind, origin, provenance)
  return {
    origin,
    basePath: '',
    path: undefined,
    stripPrefix: false,
    originPolicy: 'default',
    relay,
    proxy: {},
    provenance,
  }
}

const KIND_WORDS: Record<AddressKind, string> = {
  loopback: 'this machine',
  private: 'a private address',
  'link-local': 'a link-local address',
  metadata: 'where clouds hand out credentials',
  unspecified: 'no address to call',
  multicast: 'a group of machines',
  benchmark: 'a VPN tool',
  public: 'a public address',
}

/** @param kind what the address is, itself or as resolved */
export function addressBeyondReach(kind: AddressKind, origin: string, provenance: Provenance): Issue {
  const others =
    reachOf(provenance) === 'internet'
      ? 'is relayed to public addresses alone'
      : 'is relayed to this machine and to public addresses alone'
  return {
    code: 'CORS_DEV_ADDRESS',
    path: provenanceLabel(provenance),
    value: origin,
    why: `leads to ${KIND_WORDS[kind]}, and is called as without this plugin: what nobody named ${others}`,
    instead: `Write targets: ['${origin}'] to name it`,
  }
}

/** Addresses of one origin are one target: they have no paths. The first of them gives it its place. */
export function foundTargets(
  found: readonly FoundAddress[],
  relay: RelayOption,
): { targets: Target[]; issues: Issue[] } {
  const targets = new Map<string, Target>()
  const issues = new Map<string, Issue>()
  for (const address of found) {
    const target = foundTarget(address, relay)
    if (!target) continue
    if ('origin' in target) {
      if (!targets.has(target.origin)) targets.set(target.origin, target)
    } else if (!issues.has(String(target.value))) {
      issues.set(String(target.value), target)
    }
  }
  return { targets: [...targets.values()], issues: [...issues.values()] }
}
