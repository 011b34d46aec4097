import { expect, it } from 'vitest'
import { generateCase } from './generate'
import { described } from './main'
import { openSuite } from './suite'

it.each(['http/1.1', 'h2'] as const)(
  'cannot be told from a server that allows the page: %s',
  { timeout: 120_000 },
  async (protocol) => {
    const suite = await openSuite(protocol)
    try {
      const outcomes = await suite.run(Array.from({ length: 240 }, (_, index) => generateCase(1, index, protocol)))
      expect(outcomes.filter(({ differences }) => differences.length > 0).map(described)).toEqual([])
    } finally {
      await suite.close()
    }
  },
)
