import { expect, it } from 'vitest'
import { generateCase } from './generate'
import { described } from './main'
import { openSuite } from './suite'

it('cannot be told from a server that allows the page', { timeout: 120_000 }, async () => {
  const suite = await openSuite()
  try {
    const outcomes = await suite.run(Array.from({ length: 240 }, (_, index) => generateCase(1, index)))
    expect(outcomes.filter(({ differences }) => differences.length > 0).map(described)).toEqual([])
  } finally {
    await suite.close()
  }
})
