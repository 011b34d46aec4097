import { describe, expect, it } from 'vitest'
import {
  addressLiteral,
  type AddressKind,
  classifyAddress,
  isLoopbackHost,
  refusesAddress,
  kindBeyond,
  type Reach,
  refusesHost,
} from '../../src/targets/address'
import { type Provenance, reachOf } from '../../src/targets/target'

describe('classifyAddress', () => {
  it.each<[string, AddressKind]>([
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['128.0.0.1', 'public'],
    ['::1', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['10.1.2.3', 'private'],
    ['11.0.0.1', 'public'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.1.5', 'private'],
    ['192.169.1.5', 'public'],
    ['100.64.0.1', 'private'],
    ['100.128.0.1', 'public'],
    ['fc00::1', 'private'],
    ['fd12:3456::1', 'private'],
    ['fec0::1', 'private'],
    ['::ffff:192.168.0.1', 'private'],
    ['203.0.113.9', 'private'],
    ['2001:db8::1', 'private'],
    ['240.0.0.1', 'private'],
    ['169.254.1.1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['169.254.169.254', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['64:ff9b::a9fe:a9fe', 'metadata'],
    ['2002:a9fe:a9fe::1', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['fd00:0ec2:0:0:0:0:0:254', 'metadata'],
    ['fd00:ec2::255', 'private'],
    ['100.100.100.200', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['192.0.0.192', 'metadata'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['::', 'unspecified'],
    ['::ffff:0.0.0.0', 'unspecified'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'multicast'],
    ['ff02::1', 'multicast'],
    ['198.18.0.1', 'benchmark'],
    ['198.19.255.255', 'benchmark'],
    ['198.20.0.1', 'public'],
    ['8.8.8.8', 'public'],
    ['2606:4700::1111', 'public'],
    ['64:ff9b::808:808', 'public'],
    ['64:ff9b::7f00:1', 'loopback'],
  ])('%s is %s', (address, expected) => {
    expect(classifyAddress(address)).toBe(expected)
  })

  // https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry, whole.
  it.each<[string, AddressKind, first: string, last: string]>([
    ['0.0.0.0/8, this network', 'unspecified', '0.0.0.0', '0.255.255.255'],
    ['10.0.0.0/8, private use', 'private', '10.0.0.0', '10.255.255.255'],
    ['100.64.0.0/10, shared', 'private', '100.64.0.0', '100.127.255.255'],
    ['127.0.0.0/8, loopback', 'loopback', '127.0.0.0', '127.255.255.255'],
    ['169.254.0.0/16, link-local', 'link-local', '169.254.0.0', '169.254.255.255'],
    ['172.16.0.0/12, private use', 'private', '172.16.0.0', '172.31.255.255'],
    ['192.0.0.0/24, IETF protocols', 'private', '192.0.0.0', '192.0.0.255'],
    ['192.0.2.0/24, documentation', 'private', '192.0.2.0', '192.0.2.255'],
    ['192.31.196.0/24, AS112', 'public', '192.31.196.0', '192.31.196.255'],
    ['192.52.193.0/24, AMT', 'public', '192.52.193.0', '192.52.193.255'],
    ['192.88.99.0/24, 6to4 relays', 'private', '192.88.99.0', '192.88.99.255'],
    ['192.168.0.0/16, private use', 'private', '192.168.0.0', '192.168.255.255'],
    ['192.175.48.0/24, AS112', 'public', '192.175.48.0', '192.175.48.255'],
    ['198.18.0.0/15, benchmarking', 'benchmark', '198.18.0.0', '198.19.255.255'],
    ['198.51.100.0/24, documentation', 'private', '198.51.100.0', '198.51.100.255'],
    ['203.0.113.0/24, documentation', 'private', '203.0.113.0', '203.0.113.255'],
    ['224.0.0.0/4, multicast', 'multicast', '224.0.0.0', '239.255.255.255'],
    ['240.0.0.0/4, reserved', 'private', '240.0.0.0', '255.255.255.254'],
    ['255.255.255.255/32, broadcast', 'multicast', '255.255.255.255', '255.255.255.255'],
    ['::/128, unspecified', 'unspecified', '::', '::'],
    ['::1/128, loopback', 'loopback', '::1', '::1'],
    ['::/96, IPv4-compatible', 'private', '::a00:0', '::aff:ffff'],
    ['::ffff:0:0/96, IPv4-mapped', 'private', '::ffff:10.0.0.0', '::ffff:10.255.255.255'],
    ['::ffff:0:0:0/96, IPv4-translated', 'private', '::ffff:0:10.0.0.0', '::ffff:0:10.255.255.255'],
    ['64:ff9b::/96, NAT64', 'private', '64:ff9b::10.0.0.0', '64:ff9b::10.255.255.255'],
    ['64:ff9b:1::/48, local-use NAT64', 'private', '64:ff9b:1::', '64:ff9b:1::a00:1'],
    ['100::/64, discard', 'private', '100::', '100::ffff:ffff:ffff:ffff'],
    ['100:0:0:1::/64, dummy', 'private', '100:0:0:1::', '100:0:0:1:ffff:ffff:ffff:ffff'],
    ['2001::/32, Teredo', 'private', '2001::', '2001:0:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['2001:1::/32, anycast of protocols', 'private', '2001:1::1', '2001:1::3'],
    ['2001:2::/48, benchmarking', 'private', '2001:2::', '2001:2:0:ffff:ffff:ffff:ffff:ffff'],
    ['2001:3::/32, AMT', 'public', '2001:3::', '2001:3:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['2001:4:112::/48, AS112', 'public', '2001:4:112::', '2001:4:112:ffff:ffff:ffff:ffff:ffff'],
    ['2001:10::/28, ORCHID', 'private', '2001:10::', '2001:1f:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['2001:20::/28, ORCHIDv2', 'private', '2001:20::', '2001:2f:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['2001:30::/28, drones', 'private', '2001:30::', '2001:3f:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['2001:db8::/32, documentation', 'private', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['2002::/16, 6to4', 'private', '2002:a00::', '2002:aff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['2620:4f:8000::/48, AS112', 'public', '2620:4f:8000::', '2620:4f:8000:ffff:ffff:ffff:ffff:ffff'],
    ['3fff::/20, documentation', 'private', '3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['5f00::/16, segment routing', 'private', '5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['fc00::/7, unique local', 'private', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['fe80::/10, link-local', 'link-local', 'fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['fec0::/10, site-local', 'private', 'fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['ff00::/8, multicast', 'multicast', 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['what is not given out below 2000::/3', 'private', '200::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['what is not given out above it', 'private', '4000::', 'fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('%s: %s', (_block, kind, first, last) => {
    expect([classifyAddress(first), classifyAddress(last)]).toEqual([kind, kind])
  })

  it.each<[string, AddressKind]>([
    ['64:ff9b:1::808:808', 'public'],
    ['64:ff9b:1::a9fe:a9fe', 'metadata'],
    ['64:ff9b:1::7f00:1', 'loopback'],
    // After prefixes of 48, 56 and 64 bits, whatever the last bytes say.
    ['64:ff9b:1:a9fe:a9:fe00:808:808', 'metadata'],
    ['64:ff9b:1:a9:fe:a9fe:808:808', 'metadata'],
    ['64:ff9b:1:0:a9:fea9:fe08:808', 'metadata'],
    ['64:ff9b:1:7f00:0:100::', 'loopback'],
    ['64:ff9b:2::1', 'private'],
    ['::7f00:1', 'loopback'],
    ['::a9fe:a9fe', 'metadata'],
    ['::ffff:0:169.254.169.254', 'metadata'],
    ['fd00:42::42', 'metadata'],
  ])('%s, which embeds another address, is %s', (address, expected) => {
    expect(classifyAddress(address)).toBe(expected)
  })

  it.each(['127.1', '0x7f.0.0.1', '0177.0.0.1', '2130706433', '127.0.0.1.', '[::1]', 'localhost', '', '256.1.1.1'])(
    'lets no one reach %j, which is no canonical address',
    (text) => {
      expect(classifyAddress(text)).toBe('unspecified')
    },
  )
})

it.each<[string, boolean]>([
  ['localhost', true],
  ['api.localhost', true],
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['[::1]', true],
  ['::1', true],
  ['[::ffff:7f00:1]', true],
  ['localhost.example.com', false],
  ['notlocalhost', false],
  ['127.0.0.1.example.com', false],
  ['0.0.0.0', false],
  ['[::]', false],
  ['192.168.1.5', false],
  ['0177.0.0.1', false],
  ['[::1', false],
  ['', false],
])('says of %s whether it is this machine', (hostname, expected) => {
  expect(isLoopbackHost(hostname)).toBe(expected)
})

it.each<[string, string | undefined]>([
  ['127.0.0.1', '127.0.0.1'],
  ['[fe80::1]', 'fe80::1'],
  ['::1', '::1'],
  ['example.com', undefined],
  ['1.2.3', undefined],
  ['[::1', undefined],
])('reads the address in %s', (hostname, expected) => {
  expect(addressLiteral(hostname)).toBe(expected)
})

describe('what may be called', () => {
  it.each<[string, boolean, AddressKind | undefined]>([
    ['169.254.169.254', true, undefined],
    ['169.254.169.254', false, 'metadata'],
    ['169.254.1.1', true, undefined],
    ['[fe80::1]', false, 'link-local'],
    ['0.0.0.0', true, 'unspecified'],
    ['[::]', true, 'unspecified'],
    ['224.0.0.1', true, 'multicast'],
    ['10.0.0.1', false, undefined],
    ['127.0.0.1', false, undefined],
    ['example.com', false, undefined],
  ])('the host %s, named: %s → %s', (hostname, isNamed, expected) => {
    expect(refusesHost(hostname, isNamed)).toBe(expected)
  })

  it.each<[string, string, AddressKind | undefined]>([
    ['api.test', '169.254.169.254', 'metadata'],
    ['api.test', '::ffff:169.254.169.254', 'metadata'],
    ['api.test', 'fe80::1', 'link-local'],
    ['api.test', '0.0.0.0', 'unspecified'],
    ['api.test', '10.0.0.1', undefined],
    ['api.test', '127.0.0.1', undefined],
    ['api.test', '198.18.0.7', undefined],
    ['169.254.169.254', '169.254.169.254', undefined],
  ])('the name %s that leads to %s → %s', (hostname, address, expected) => {
    expect(refusesAddress(hostname, address)).toBe(expected)
  })
})

describe('how far a found target may reach', () => {
  it.each<[string, Reach, AddressKind | undefined]>([
    ['localhost', 'anywhere', undefined],
    ['10.0.0.1', 'anywhere', undefined],
    ['169.254.169.254', 'anywhere', undefined],
    ['localhost', 'machine-and-internet', undefined],
    ['app.localhost', 'machine-and-internet', undefined],
    ['127.0.0.2', 'machine-and-internet', undefined],
    ['[::1]', 'machine-and-internet', undefined],
    ['93.184.215.14', 'machine-and-internet', undefined],
    ['10.0.0.1', 'machine-and-internet', 'private'],
    ['[fd00::1]', 'machine-and-internet', 'private'],
    ['100.64.0.1', 'machine-and-internet', 'private'],
    ['169.254.169.254', 'machine-and-internet', 'metadata'],
    ['[fe80::1]', 'machine-and-internet', 'link-local'],
    ['0.0.0.0', 'machine-and-internet', 'unspecified'],
    ['localhost', 'internet', 'loopback'],
    ['api.localhost', 'internet', 'loopback'],
    ['127.0.0.1', 'internet', 'loopback'],
    ['[::ffff:127.0.0.1]', 'internet', 'loopback'],
    ['10.0.0.1', 'internet', 'private'],
    ['93.184.215.14', 'internet', undefined],
    ['[2606:4700::1]', 'internet', undefined],
    // Resolved when it is called.
    ['intranet', 'internet', undefined],
    // VPN tools answer every name from here.
    ['198.18.0.7', 'internet', undefined],
  ])('the host %s within %s → %s', (hostname, reach, expected) => {
    expect(kindBeyond(hostname, reach)).toBe(expected)
  })

  it.each<[Provenance['source'], Reach]>([
    ['options', 'anywhere'],
    ['package.json', 'anywhere'],
    ['env', 'anywhere'],
    ['source', 'machine-and-internet'],
    ['openapi', 'internet'],
  ])('what %s says leads %s', (source, reach) => {
    expect(reachOf({ source })).toBe(reach)
  })
})
