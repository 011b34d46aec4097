import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CorsDevError, formatIssue, showValue } from '../../src/options/errors'

const issue = { code: 'CORS_DEV_TARGET', path: 'targets[0]', why: 'is wrong: it is', instead: 'Write it right' }

describe('CorsDevError', () => {
  it('prints as the list of mistakes and nothing else', () => {
    const error = new CorsDevError([issue])
    expect(inspect(error)).toBe(`[CorsDevError: ${error.message}]`)
  })

  it('has the code that its issues share', () => {
    expect(new CorsDevError([issue, issue]).code).toBe('CORS_DEV_TARGET')
    expect(new CorsDevError([issue, { ...issue, code: 'CORS_DEV_ORIGIN' }]).code).toBe('CORS_DEV_OPTIONS')
  })

  it('says each issue on a line', () => {
    const error = new CorsDevError([issue, { ...issue, value: 'x' }])
    expect(error.message.split('\n')).toEqual([
      '[cors-dev] targets[0] is wrong: it is. Write it right.',
      '[cors-dev] targets[0] "x" is wrong: it is. Write it right.',
    ])
    expect(error).toBeInstanceOf(Error)
    expect(error.name).toBe('CorsDevError')
  })

  it('ends no sentence twice', () => {
    expect(formatIssue({ ...issue, instead: 'Write it right.' })).toMatch(/[^.]\.$/)
  })
})

it.each<[unknown, string]>([
  ['x', '"x"'],
  ['a\nb', '"a\\nb"'],
  ['https://me:secret@api.test', '"https://***@api.test"'],
  [42, '42'],
  [null, 'null'],
  [true, 'true'],
  [{ secret: 1 }, '(an object)'],
  [['secret'], '(an array)'],
  [() => 1, '(a function)'],
  [Symbol('s'), 'Symbol(s)'],
])('shows %s on one line', (value, expected) => {
  expect(showValue(value)).toBe(expected)
})

it('shortens what is long', () => {
  expect(showValue('x'.repeat(1000)).length).toBeLessThan(150)
})
