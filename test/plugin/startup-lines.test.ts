import { expect, it } from 'vitest'
import { changedLines } from '../../src/plugin/startup-lines'

it('tells what is new of start-up lines, and what holds no more', () => {
  expect(changedLines(['no targets named: …', 'https://a (x)'], ['https://b (x)'])).toEqual([
    'https://b (x)',
    'no longer https://a (x)',
  ])
  expect(changedLines(['https://a (x)'], ['https://a (x)'])).toEqual([])
})
