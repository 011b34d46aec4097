import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { readClientBundle } from '../../src/plugin/client-bundle'

it('costs every page at most 6 kB, minified and gzipped', () => {
  expect(gzipSync(readClientBundle()).byteLength).toBeLessThanOrEqual(6_000)
})
