import { expect, it } from 'vitest'
import { rehearse } from '../../src/proxy/rehearsal'

it('comes to its end, and opens nothing', async () => {
  const before = process.getActiveResourcesInfo().filter((name) => name.includes('TCP'))
  expect(await rehearse()).toBe(200)
  expect(process.getActiveResourcesInfo().filter((name) => name.includes('TCP'))).toEqual(before)
})
