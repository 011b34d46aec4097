import { expect, it } from 'vitest'
import { codePlaces } from '../../src/exchange/code-places'

const RUNTIME = 'http://localhost:5173/__cors-dev/client.js:2:'
const MAIN = 'http://localhost:5173/src/main.js?t=1'

it.each([
  [
    'V8',
    `Error\n    at e (${RUNTIME}9)\n    at ${RUNTIME}20`,
    `Error\n    at e (${RUNTIME}9)\n    at Proxy.fetch (${RUNTIME}70)\n    at call (${MAIN}:3:7)\n    at async ${MAIN}:9:1`,
  ],
  ['SpiderMonkey and JavaScriptCore', `e@${RUNTIME}9\n@${RUNTIME}20`, `e@${RUNTIME}9\ncall@${MAIN}:3:7\n@${MAIN}:9:1`],
])('are read from the stack of %s, without the frames of the runtime', (_engine, runtime, call) => {
  expect(codePlaces({ runtime, call })).toEqual([
    { url: MAIN, line: 3, column: 7 },
    { url: MAIN, line: 9, column: 1 },
  ])
})

it('are those of the other lines of a file that has the runtime on one of its own', () => {
  const call = `Error\n    at e (${MAIN}:1:9)\n    at call (${MAIN}:3:7)`
  expect(codePlaces({ runtime: `Error\n    at e (${MAIN}:1:2)`, call })).toEqual([{ url: MAIN, line: 3, column: 7 }])
})

it('are none where a stack tells nothing, or too much', () => {
  for (const call of ['', 'Error', 'Error\n    at <anonymous>', `Error\n    at http://x/${'a'.repeat(2_000)}:1:1`]) {
    expect(codePlaces({ runtime: '', call })).toEqual([])
  }
})
