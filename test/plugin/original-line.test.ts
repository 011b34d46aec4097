import { expect, it } from 'vitest'
import { lineThatReadsSame } from '../../src/plugin/original-line'

const written = ['import a from "a"', '', 'function call() {', '  return fetch(a)', '}', '', 'call()', '}'].join('\n')

it('finds the line that reads the same, wherever it has gone', () => {
  const changed = ['added()', 'more()', ...written.split('\n')].join('\n')
  expect(lineThatReadsSame(changed, 6, written)).toBe(4)
})

it('finds a line that has been changed by its neighbours', () => {
  const changed = ['added()', 'var _a = get("a")', '', 'function call() {', '  return fetch(_a.default)', '}'].join(
    '\n',
  )
  expect(lineThatReadsSame(changed, 5, written)).toBe(4)
})

it('takes no line for another that reads as it does', () => {
  expect(lineThatReadsSame('}\nx', 1, written)).toBeUndefined()
})
