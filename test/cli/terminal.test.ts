import { describe, expect, it } from 'vitest'
import { describeTerminal, neutralise, neutraliseJson, shortenMiddle, toAscii, wrap } from '../../src/cli/terminal'

const stream = (columns?: number) => ({ columns }) as NodeJS.WriteStream

describe('what a server sent', () => {
  it.each([
    ['\x1b[2J', '\\x1b[2J'],
    ['\x9b31m', '\\x9b31m'],
    ['a\r\nb\tc\0', 'a\\x0d\\x0ab\\x09c\\x00'],
    ['\x7f', '\\x7f'],
    ['\u202egnp.exe', '\\u{202e}gnp.exe'],
    ['a\u2028b', 'a\\u{2028}b'],
    ['é ü €', 'é ü €'],
  ])('%j is shown and steers nothing', (text, shown) => {
    expect(neutralise(text)).toBe(shown)
  })

  it('stays the same value in JSON', () => {
    const value = { a: '\x1b]0;x\x07\x9b2J\x7f\u202e\u{e0001}é' }
    const json = neutraliseJson(JSON.stringify(value, null, 2))
    expect(JSON.parse(json)).toEqual(value)
    expect(json).toMatch(/^[\n\x20-\x7e\xa1-\xff]+$/)
  })
})

describe('the terminal', () => {
  it.each([
    [undefined, 80],
    [0, 80],
    [20, 40],
    [72, 72],
    [300, 100],
  ])('of %s columns gets lines of %s', (columns, width) => {
    expect(describeTerminal(stream(columns), {}, 'linux').width).toBe(width)
  })

  it.each([
    [{ LANG: 'de_DE.UTF-8' }, 'linux', true],
    [{ LANG: 'C.utf8' }, 'linux', true],
    [{}, 'linux', true],
    [{ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, 'linux', false],
    [{ LANG: 'de_DE.ISO-8859-1' }, 'linux', false],
    [{ LANG: 'C.UTF-8', TERM: 'linux' }, 'linux', false],
    [{ LANG: 'C.UTF-8', TERM: 'dumb' }, 'linux', false],
    [{ WT_SESSION: '1' }, 'win32', true],
    [{}, 'win32', false],
  ] as const)('with %j on %s shows more than ASCII: %s', (env, platform, expected) => {
    expect(describeTerminal(stream(), env, platform).hasUnicode).toBe(expected)
  })
})

describe('text', () => {
  it('is broken at spaces, and a word only where it is too long', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrap('a abcdefghij b', 4)).toEqual(['a', 'abcd', 'efgh', 'ij b'])
    expect(wrap('', 4)).toEqual([''])
  })

  it('is shortened to its two ends', () => {
    expect(shortenMiddle('abcdefghij', 5, '…')).toBe('ab…ij')
    expect(shortenMiddle('abcde', 5, '…')).toBe('abcde')
    for (let width = 1; width < 12; width++) expect(shortenMiddle('abcdefghijkl', width, '…')).toHaveLength(width)
  })

  it('is told in ASCII alone where there is no more', () => {
    expect(toAscii('a → “b” … é')).toBe('a -> "b" ... \\xe9')
  })
})
