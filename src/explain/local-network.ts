import { isPotentiallyTrustworthyOrigin } from '../standard/mixed-content'
import type { AddressSpace } from './direct-exchange'

/** 192.0.0.0 and its prefix length, in what one comparison takes. */
type Range = readonly [network: number, bits: number]

const LOOPBACK_V4: readonly Range[] = [
  [0x7f000000, 8],
  [0x00000000, 32],
  [0xc6120000, 15],
]
const LOCAL_V4: readonly Range[] = [
  [0x0a000000, 8],
  [0xac100000, 12],
  [0xc0a80000, 16],
  [0x64400000, 10],
  [0xa9fe0000, 16],
  [0x00000000, 8],
]

/**
 * https://wicg.github.io/local-network-access/#determine-the-ip-address-space of a URL's host, as the URL parser
 * serializes it. What other names stand for only a resolver knows: `undefined`.
 */
export function addressSpaceOf(hostname: string): AddressSpace | undefined {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return 'loopback'
  if (hostname.startsWith('[')) return addressSpaceOfIpv6(hostname.slice(1, -1))
  const ipv4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(hostname)
  return ipv4 ? addressSpaceOfIpv4(ipv4.slice(1).reduce((address, byte) => address * 256 + Number(byte), 0)) : undefined
}

function addressSpaceOfIpv4(address: number): AddressSpace {
  const isIn = ([network, bits]: Range): boolean => {
    const size = 2 ** (32 - bits)
    return address >= network && address < network + size
  }
  if (LOOPBACK_V4.some(isIn)) return 'loopback'
  return LOCAL_V4.some(isIn) ? 'local' : 'public'
}

function addressSpaceOfIpv6(address: string): AddressSpace {
  if (address === '::1' || address === '::') return 'loopback'
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(address)
  if (mapped) return addressSpaceOfIpv4(parseInt(mapped[1] ?? '', 16) * 65536 + parseInt(mapped[2] ?? '', 16))
  const [first = 0, second = 0] = address.split(':').map((group) => parseInt(group || '0', 16))
  const isUniqueLocal = (first & 0xfe00) === 0xfc00
  const isLinkOrSiteLocal = (first & 0xffc0) === 0xfe80 || (first & 0xffc0) === 0xfec0
  const isDocumentation = (first === 0x2001 && second === 0x0db8) || (first === 0x3fff && second < 0x1000)
  return isUniqueLocal || isLinkOrSiteLocal || isDocumentation ? 'local' : 'public'
}

/**
 * https://wicg.github.io/local-network-access/, a draft that Chromium ships since version 142. From a local page to a
 * loopback address it asks nothing yet.
 *
 * @param page where the page comes from; `undefined` where nobody said
 */
export function localNetworkAccess(
  origin: string,
  page: AddressSpace | undefined,
  target: AddressSpace,
): 'InsecureLocalNetwork' | 'LocalNetworkAccessPermissionDenied' | 'unknown' | undefined {
  if (target === 'public' || page === 'loopback' || page === 'local') return undefined
  if (page === undefined) return 'unknown'
  return isPotentiallyTrustworthyOrigin(origin) ? 'LocalNetworkAccessPermissionDenied' : 'InsecureLocalNetwork'
}
