import ipaddr from 'ipaddr.js'

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

/** Where clouds hand out a machine's credentials: AWS, Azure, GCP and most others; then AWS, GCP, Alibaba, Oracle, Azure. */
const METADATA = new Set(
  [
    '169.254.169.254',
    'fd00:ec2::254',
    'fd20:ce::254',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    // AWS's credentials of containers.
    '169.254.170.2',
    'fd00:ec2::23',
    // Scaleway's.
    'fd00:42::42',
  ].map((address) => ipaddr.parse(address).toNormalizedString()),
)

/** @param address a canonical IP address, without brackets; anything else is `unspecified`, which no one may reach */
export function classifyAddress(address: string): AddressKind {
  if (!isCanonical(address)) return 'unspecified'
  return classify(ipaddr.parse(address))
}

function classify(address: ipaddr.IPv4 | ipaddr.IPv6): AddressKind {
  if (METADATA.has(withoutZone(address).toNormalizedString())) return 'metadata'
  if (address instanceof ipaddr.IPv6) {
    const embedded = embeddedIpv4(address)
    if (embedded) return strictest(embedded.map(classify))
    // https://www.iana.org/assignments/ipv6-address-space: only here are addresses given out. Whatever leads to another
    // one is some network's own.
    const isGlobal = address.match(ipaddr.parseCIDR('2000::/3'))
    if (!isGlobal && address.range() === 'unicast') return 'private'
  } else if (address.match(ipaddr.parseCIDR('198.18.0.0/15'))) {
    return 'benchmark'
  }
  switch (address.range()) {
    case 'loopback':
      return 'loopback'
    case 'linkLocal':
      return 'link-local'
    case 'unspecified':
      return 'unspecified'
    case 'multicast':
    case 'broadcast':
      return 'multicast'
    case 'unicast':
    case 'as112':
    case 'as112v6':
    case 'amt':
      return 'public'
    default:
      // Carrier-grade NAT, unique local and site-local addresses, and whatever is reserved: nobody's on the internet.
      return 'private'
  }
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

function withoutZone(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (address instanceof ipaddr.IPv6) address.zoneId = undefined
  return address
}

/** NAT64 with a prefix of the network's own (RFC 8215), which may have any of the lengths of RFC 6052 §2.2 from here on. */
const LOCAL_NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b:1::/48')
/** Where an IPv4 address stands after a prefix of 48, 56, 64 and 96 bits. Byte 8 is none of it. */
const NAT64_PLACES = [
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
  [12, 13, 14, 15],
] as const
/** IPv4-compatible addresses, long out of use. `::` and `::1` are no such. */
const IPV4_COMPATIBLE = ipaddr.IPv6.parseCIDR('::/96')

/** The IPv4 addresses that a packet to this one may end at: IPv4-mapped, translated, NAT64, 6to4. */
function embeddedIpv4(address: ipaddr.IPv6): ipaddr.IPv4[] | undefined {
  const bytes = address.toByteArray()
  if (address.match(LOCAL_NAT64)) {
    const places = NAT64_PLACES.map((place) => place.map((at) => bytes[at] ?? 0))
    // Where a longer prefix is meant, zeros stand here.
    return places.filter(([first]) => first !== 0).map((place) => new ipaddr.IPv4(place))
  }
  const range = address.range()
  if (range === '6to4') return [new ipaddr.IPv4(bytes.slice(2, 6))]
  const isCompatible = range === 'unicast' && address.match(IPV4_COMPATIBLE)
  return isCompatible || range === 'ipv4Mapped' || range === 'rfc6052' || range === 'rfc6145'
    ? [new ipaddr.IPv4(bytes.slice(12))]
    : undefined
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

/** ipaddr.js also reads `0177.0.0.1`; no URL contains that. */
function isCanonical(address: string): boolean {
  return address.includes(':') ? ipaddr.isValid(address) : ipaddr.IPv4.isValidFourPartDecimal(address)
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
