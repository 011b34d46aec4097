import { describe, expect, it } from 'vitest'
import { createHops, type Hops } from '../../src/proxy/hop'

const OTHER = { origin: 'https://other.test', taintsOrigin: true }

function open(): { hops: Hops; wait(ms: number): void } {
  let time = 0
  return { hops: createHops(() => time), wait: (ms) => void (time += ms) }
}

describe('a hop', () => {
  it('is known by its nonce, as often as it is followed', () => {
    const { hops } = open()
    const nonce = hops.issue(OTHER)
    // A replay gains nothing: a hop only takes away.
    for (const _ of ['followed', 'replayed']) expect(hops.find(nonce, OTHER.origin)).toMatchObject(OTHER)
  })

  it('leads to its own target and no other', () => {
    const { hops } = open()
    const nonce = hops.issue(OTHER)
    for (const origin of ['https://first.test', 'http://other.test', 'https://other.test:444', '', 'null']) {
      expect(hops.find(nonce, origin)).toBeUndefined()
    }
  })

  it('is not known by a nonce that was made up', () => {
    const { hops } = open()
    const nonce = hops.issue(OTHER)
    for (let i = 0; i < nonce.length; i++) {
      const forged = nonce.slice(0, i) + (nonce[i] === 'A' ? 'B' : 'A') + nonce.slice(i + 1)
      expect(hops.find(forged, OTHER.origin)).toBeUndefined()
    }
    for (const forged of ['', nonce.slice(1), `${nonce}A`, 'constructor', '__proto__', 'undefined']) {
      expect(hops.find(forged, OTHER.origin)).toBeUndefined()
    }
  })

  it('ends after a minute', () => {
    const { hops, wait } = open()
    const nonce = hops.issue(OTHER)
    wait(59_999)
    expect(hops.find(nonce, OTHER.origin)).toBeDefined()
    wait(1)
    expect(hops.find(nonce, OTHER.origin)).toBeUndefined()
  })

  it('has a nonce of its own, of 128 bits', () => {
    const { hops } = open()
    const nonces = Array.from({ length: 1000 }, () => hops.issue(OTHER))
    expect(new Set(nonces).size).toBe(1000)
    for (const nonce of nonces) expect(nonce).toMatch(/^[\w-]{22}$/)
  })

  it('makes room for others, the oldest first, where an upstream redirects without end', () => {
    const { hops } = open()
    const first = hops.issue(OTHER)
    let last = first
    for (let i = 0; i < 10_000; i++) last = hops.issue(OTHER)
    expect(hops.find(first, OTHER.origin)).toBeUndefined()
    expect(hops.find(last, OTHER.origin)).toBeDefined()
  })
})
