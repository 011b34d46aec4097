import { describe, expect, it } from 'vitest'
import { createHops } from '../../src/proxy/hop'

const OTHER = { origin: 'https://other.test', taintsOrigin: true }

describe('a hop', () => {
  it('is known by its nonce, as often as it is followed', () => {
    const hops = createHops()
    const nonce = hops.issue(OTHER)
    // A replay gains nothing: a hop only takes away.
    for (const _ of ['followed', 'replayed']) expect(hops.find(nonce, OTHER.origin)).toMatchObject(OTHER)
  })

  it('leads to its own target and no other', () => {
    const hops = createHops()
    const nonce = hops.issue(OTHER)
    for (const origin of ['https://first.test', 'http://other.test', 'https://other.test:444', '', 'null']) {
      expect(hops.find(nonce, origin)).toBeUndefined()
    }
  })

  it('is not known by a nonce that was made up', () => {
    const hops = createHops()
    const nonce = hops.issue(OTHER)
    for (let i = 0; i < nonce.length; i++) {
      const forged = nonce.slice(0, i) + (nonce[i] === 'A' ? 'B' : 'A') + nonce.slice(i + 1)
      expect(hops.find(forged, OTHER.origin)).toBeUndefined()
    }
    for (const forged of ['', nonce.slice(1), `${nonce}A`, 'constructor', '__proto__', 'undefined']) {
      expect(hops.find(forged, OTHER.origin)).toBeUndefined()
    }
  })

  it('has a nonce of its own, of 128 bits', () => {
    const hops = createHops()
    const nonces = Array.from({ length: 1000 }, () => hops.issue(OTHER))
    expect(new Set(nonces).size).toBe(1000)
    for (const nonce of nonces) expect(nonce).toMatch(/^[\w-]{22}$/)
  })

  it('taints the origin of the call that was redirected, not of one that comes back', () => {
    const hops = createHops()
    const nonce = hops.issue(OTHER)
    const hop = hops.find(nonce, OTHER.origin)!
    hops.followed(hop)
    expect(hop.taintsOrigin).toBe(true)
    expect(hops.find(nonce, OTHER.origin)).toMatchObject({ origin: OTHER.origin, taintsOrigin: false })
  })

  it('makes room for others, the least recent first, where an upstream redirects without end', () => {
    const hops = createHops()
    const [followed, first] = [hops.issue(OTHER), hops.issue(OTHER)]
    const stream = hops.find(followed, OTHER.origin)!
    let last = first
    for (let i = 0; i < 10_000; i++) last = hops.issue(OTHER)
    expect(hops.find(first, OTHER.origin)).toBeUndefined()
    expect(hops.find(last, OTHER.origin)).toBeDefined()
    // A stream that was open all the while comes back.
    hops.followed(stream)
    expect(hops.find(followed, OTHER.origin)).toBeDefined()
  })
})
