import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'

/** The part of a Node HTTP(S) server that tells where it is reached. */
export interface ListeningServer {
  address(): AddressInfo | string | null
}

/**
 * The origins under which pages reach a listening server.
 *
 * @param names - Host names that lead to it, beside its addresses.
 */
export function ownOrigins(server: ListeningServer, names: readonly string[]): string[] {
  const address = server.address()
  if (address === null || typeof address === 'string') return []
  const scheme = 'setSecureContext' in server ? 'https' : 'http'
  const isUnspecified = address.address === '::' || address.address === '0.0.0.0'
  const addresses = isUnspecified
    ? Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map((entry) => entry.address))
    : [address.address]
  const hosts = ['localhost', '127.0.0.1', '::1', ...addresses, ...names]
    .map((host) => (host.includes(':') ? `[${host}]` : host))
    // A scoped address (`fe80::1%eth0`) can't stand in a URL; a leading dot stands for all names below.
    .filter((host) => !host.includes('%') && !host.startsWith('.'))
  const bases = hosts.map((host) => `${scheme}://${host}:${address.port}`).filter((base) => URL.canParse(base))
  return [...new Set(bases.map((base) => new URL(base).origin))]
}
