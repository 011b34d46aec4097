import { expect, it } from 'vitest'
import { nearestName } from '../../src/options/nearest-name'

const KNOWN = ['targets', 'origins', 'productionOrigin', 'relay', 'url', 'proxy']

it.each([
  ['target', 'targets'],
  ['TARGETS', 'targets'],
  ['tragets', 'targets'],
  ['orgins', 'origins'],
  ['URL', 'url'],
  ['ulr', 'url'],
  ['uri', 'url'],
  ['prxoy', 'proxy'],
  ['relai', 'relay'],
  ['', undefined],
  ['to', undefined],
  ['x', undefined],
  ['verbose', undefined],
  ['completelyDifferent', undefined],
])('%j is meant to be %s', (name, expected) => {
  expect(nearestName(name, KNOWN)).toBe(expected)
})
