/** Half a minute of what `node test/soak/run.ts` does for as long as one likes. */
import { expect, it } from 'vitest'
import { growth, MOST_GROWTH, soak } from './soak'

it('a dev server in use loses nothing, mixes nothing up, and does not grow', { timeout: 300_000 }, async () => {
  const report = await soak({ kind: 'vite', seconds: 30, seed: 1 })
  expect(report.wrong).toEqual([])
  expect(report.uncaught).toEqual([])
  const { heap, handles } = growth(report)
  expect(heap).toBeLessThan(MOST_GROWTH.heap)
  expect(handles).toBeLessThanOrEqual(MOST_GROWTH.handles)
  // All of it has happened.
  expect(Object.keys(report.calls)).toHaveLength(9)
})
