import { expect, it } from 'vitest'
import { locateJsonValues } from '../../src/targets/json-lines'

const TEXT = `{
  "a": [
    1, "x:{[,]}",
    { "b\\"c": true, "d": [] }, [
      null,
      -1.5e3
    ]
  ],
  "e": {
    "f"
      : { "g": { } },
    "": "\\\\"
  }, "h": "}"
}`

it.each<[(string | number)[], number | undefined]>([
  [['a'], 2],
  [['a', 0], 3],
  [['a', 1], 3],
  [['a', 2], 4],
  [['a', 2, 'b"c'], 4],
  [['a', 2, 'd'], 4],
  [['a', 3], 4],
  [['a', 3, 0], 5],
  [['a', 3, 1], 6],
  [['e'], 9],
  [['e', 'f'], 10],
  [['e', 'f', 'g'], 11],
  [['e', ''], 12],
  [['h'], 13],
  [['g'], undefined],
  [['a', 4], undefined],
  [['b"c'], undefined],
])('finds %j on line %s', (path, line) => {
  expect(locateJsonValues(TEXT)(path)).toBe(line)
})

it('finds every value of a larger text that is written one a line', () => {
  const value = { x: [{ y: 1 }, { y: 2 }], 'k e y': { '1': [] as unknown[], z: [[0]] }, last: null }
  const text = JSON.stringify(value, null, 2)
  const lineOf = locateJsonValues(text)
  const lines = text.split('\n')
  const visit = (node: unknown, path: (string | number)[]): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, child] of Object.entries(node)) {
      const step = Array.isArray(node) ? Number(key) : key
      const line = lineOf([...path, step])
      expect(line, String([...path, step])).toBeDefined()
      if (typeof step === 'string') expect(lines[(line ?? 0) - 1]).toContain(JSON.stringify(step))
      visit(child, [...path, step])
    }
  }
  visit(value, [])
})
