import { BlockList, SocketAddress } from 'node:net'

/** What an IP address stands for, as far as it matters to what may be called. */
export type AddressKind =
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'metadata'
  | 'unspecified'
  | 'multicast'
  /** 198.18.0.0/15: VPN tools answer every name from here. */
  | 'benchmark'
  | 'public'

/**
 * The first network that an address is in says what it is. An IPv6 address that is in none is some network's own.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const NETWORKS: readonly (readonly [kind: AddressKind, networks: readonly string[]])[] = [
  // First, since most addresses that a project names are of this machine.
  ['loopback', ['127.0.0.0/8', '::1/128']],
  // Where clouds hand out a machine's credentials: AWS, Azure, GCP and most others; then AWS, GCP, Alibaba, Oracle, Azure,
  // AWS's credentials of containers (two), and Scaleway's.
  ['metadata', ['169.254.169.254/32', 'fd00:ec2::254/128', 'fd20:ce::254/128', '100.100.100.200/32', '192.0.0.192/32']],
  ['metadata', ['168.63.129.16/32', '169.254.170.2/32', 'fd00:ec2::23/128', 'fd00:42::42/128']],
  ['unspecified', ['0.0.0.0/8', '::/128']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['multicast', ['224.0.0.0/4', '255.255.255.255/32', 'ff00::/8']],
  ['benchmark', ['198.18.0.0/15']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']],
  // Carrier-grade NAT, protocol assignments, 6to4 relays, documentation, reserved: nobody's on the internet.
  ['private', ['100.64.0.0/10', '192.0.0.0/24', '192.88.99.0/24', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24']],
  ['private', ['240.0.0.0/4']],
  // AMT and AS112, in the midst of protocol assignments.
  ['public', ['2001:3::/32', '2001:4:112::/48']],
  ['private', ['2001::/23', '2001:db8::/32', '3fff::/20']],
  // https://www.iana.org/assignments/ipv6-address-space: only here are addresses given out.
  ['public', ['0.0.0.0/0', '2000::/3']],
]

const UNSPECIFIED_AND_LOOPBACK = ['::/128', '::1/128']
/** IPv4-mapped, translated, NAT64, and IPv4-compatible addresses, long out of use. */
const ENDING_IN_IPV4 = ['::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96', '::/96']
const SIX_TO_FOUR = ['2002::/16']
/** NAT64 with a prefix of the network's own (RFC 8215), which may have any of the lengths of RFC 6052 §2.2 from here on. */
const LOCAL_NAT64 = ['64:ff9b:1::/48']

/** Made as they are needed: at start hardly any is. */
const lists = new Map<readonly string[], BlockList>()

function isIn(address: SocketAddress, networks: readonly string[]): boolean {
  let list = lists.get(networks)
  if (!list) {
    lists.set(networks, (list = new BlockList()))
    for (const network of networks) {
      const [start = '', prefix] = network.split('/')
      list.addSubnet(start, Number(prefix), familyOf(start))
    }
  }
  return list.check(address)
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}

/** `isIP()` would do, by an expression that takes milliseconds to compile. */
function parse(address: string): SocketAddress | undefined {
  try {
    const [bare] = address.split('%', 1)
    return new SocketAddress({ address: bare, family: familyOf(address) })
  } catch {
    return undefined
  }
}

/** @param address an IP address as the URL parser writes it, without brackets; anything else is `unspecified` */
export function classifyAddress(address: string): AddressKind {
  const parsed = parse(address)
  if (!parsed) return 'unspecified'
  const [kind] = NETWORKS.find(([, networks]) => isIn(parsed, networks)) ?? ['private' as const]
  if (kind === 'metadata' || parsed.family === 'ipv4') return kind
  const embedded = embeddedIpv4(parsed)
  return embedded ? strictest(embedded.map(classifyAddress)) : kind
}

/** Strictest first. */
const BY_STRICTNESS: readonly AddressKind[] = [
  'metadata',
  'link-local',
  'unspecified',
  'multicast',
  'loopback',
  'private',
  'benchmark',
  'public',
]

function strictest(kinds: readonly AddressKind[]): AddressKind {
  return BY_STRICTNESS.find((kind) => kinds.includes(kind)) ?? 'private'
}

/** Where an IPv4 address stands after a prefix of 48, 56, 64 and 96 bits. Byte 8 is none of it. */
const NAT64_PLACES = [
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
  [12, 13, 14, 15],
] as const

/** The IPv4 addresses that a packet to this one may end at. */
function embeddedIpv4(address: SocketAddress): string[] | undefined {
  const bytes = ipv6Bytes(address.address)
  if (isIn(address, LOCAL_NAT64)) {
    const places = NAT64_PLACES.map((place) => place.map((at) => bytes[at] ?? 0))
    // Where a longer prefix is meant, zeros stand here.
    return places.filter(([first]) => first !== 0).map((place) => place.join('.'))
  }
  if (isIn(address, SIX_TO_FOUR)) return [bytes.slice(2, 6).join('.')]
  return isIn(address, ENDING_IN_IPV4) && !isIn(address, UNSPECIFIED_AND_LOOPBACK)
    ? [bytes.slice(12).join('.')]
    : undefined
}

function ipv6Bytes(address: string): number[] {
  // The URL parser leaves no IPv4 at the end, and no zeros.
  const [start = '', end] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const [before, after] = [start, end].map((pieces) => (pieces ? pieces.split(':') : [])) as [string[], string[]]
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].flatMap((piece) => {
    const value = Number.parseInt(piece, 16)
    return [value >> 8, value & 0xff]
  })
}

/** The address in a URL's host, without brackets; `undefined` for a name. */
export function addressLiteral(hostname: string): string | undefined {
  if (hostname.startsWith('[')) return hostname.endsWith(']') ? hostname.slice(1, -1) : undefined
  if (hostname.includes(':')) return hostname
  return /^\d+(?:\.\d+){3}$/.test(hostname) ? hostname : undefined
}

/**
 * Whether a host is this very machine whatever a resolver says: `localhost` and names under it, 127.0.0.0/8, `::1`.
 *
 * @param hostname as in a URL, or an address without brackets
 */
export function isLoopbackHost(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true
  const address = addressLiteral(hostname)
  return address !== undefined && classifyAddress(address) === 'loopback'
}

/**
 * Whether a host that is an address can't be a target, and why. Names are checked as resolved, by
 * {@link refusesAddress}.
 *
 * @param isNamed whether the developer wrote it down as a target; addresses that are only found must be ordinary ones
 */
export function refusesHost(hostname: string, isNamed: boolean): AddressKind | undefined {
  const address = addressLiteral(hostname)
  if (address === undefined) return undefined
  const kind = classifyAddress(address)
  if (kind === 'unspecified' || kind === 'multicast') return kind
  return !isNamed && (kind === 'link-local' || kind === 'metadata') ? kind : undefined
}

/**
 * How far those who found a target may reach. What was written down for us leads anywhere; what stands in code, to this
 * machine and the internet; what others wrote, to the internet alone: a page can be made to call what its developer's
 * network is trusted with.
 */
export type Reach = 'anywhere' | 'machine-and-internet' | 'internet'

/** Whether an address lies beyond a reach. VPN tools that answer every name stand for the internet. */
export function isBeyond(kind: AddressKind, reach: Reach): boolean {
  if (reach === 'anywhere' || kind === 'public' || kind === 'benchmark') return false
  return !(reach === 'machine-and-internet' && kind === 'loopback')
}

/** What a host is, if that lies beyond a reach. Names that a resolver is needed for are checked when they are called. */
export function kindBeyond(hostname: string, reach: Reach): AddressKind | undefined {
  const address = addressLiteral(hostname)
  const kind = isLoopbackHost(hostname) ? 'loopback' : address === undefined ? undefined : classifyAddress(address)
  return kind !== undefined && isBeyond(kind, reach) ? kind : undefined
}

/**
 * Whether `address`, which a target's name has been resolved to, must not be connected to. Link-local and metadata
 * addresses are reached only where the target names them literally, and then nothing is resolved.
 */
export function refusesAddress(hostname: string, address: string): AddressKind | undefined {
  if (addressLiteral(hostname) !== undefined) return undefined
  const kind = classifyAddress(address)
  return kind === 'unspecified' || kind === 'multicast' || kind === 'link-local' || kind === 'metadata'
    ? kind
    : undefined
}
