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
