import { expect, it, vi } from 'vitest'
import type { CodePlace } from '../../src/exchange/wire'
import type { Found } from '../../src/plugin/context'
import { createLearner, type WrittenPlace } from '../../src/plugin/learner'

const at = (url: string, line = 1): CodePlace => ({ url, line, column: 1 })

function setUp(written: Record<string, WrittenPlace> = {}) {
  const found: Found[] = []
  const warned: string[] = []
  const one = { time: 1_000_000, found, warned, locate: vi.fn(async ({ url }: CodePlace) => written[url]) }
  const learner = createLearner({
    locate: one.locate,
    relay: () => 'as-needed',
    isOwn: (origin) => origin === 'http://localhost:5173',
    add: (next) => found.push(next),
    warn: (message) => warned.push(message),
    now: () => one.time,
  })
  return { ...learner, ...one, wait: (ms: number) => void (one.time += ms) }
}

it('makes a target of an origin, with the line of the project that called it', async () => {
  const { learn, found } = setUp({
    'http://localhost:5173/deps/axios.js': { file: 'node_modules/axios.js', line: 9, isDependency: true },
    'http://localhost:5173/src/main.js': { file: 'src/main.ts', line: 3 },
  })
  await learn('https://api.example.com', [
    at('http://localhost:5173/deps/axios.js'),
    at('http://localhost:5173/src/main.js', 7),
  ])
  expect(found[0]?.targets).toMatchObject([
    {
      origin: 'https://api.example.com',
      relay: 'as-needed',
      provenance: { source: 'page', file: 'src/main.ts', line: 3, name: 'at run time' },
    },
  ])
})

it('names what the browser runs where nothing else is known, and nothing that steers a terminal', async () => {
  const { learn, found } = setUp()
  await learn('https://api.example.com', [at('https://cdn.example.com/\u001b[2Jsdk.js?key=secret', 4)])
  await learn('https://two.example.com', [])
  await learn('https://three.example.com', [at('http://localhost:5173/', 12)])
  expect(found.map(({ targets: [target] }) => target?.provenance)).toEqual([
    { source: 'page', file: 'https://cdn.example.com/\\u001b[2Jsdk.js', line: 4, name: 'at run time' },
    { source: 'page', name: 'at run time' },
    { source: 'page', file: 'index.html', line: 12, name: 'at run time' },
  ])
})

it('names the innermost code where all of it is of dependencies', async () => {
  const { learn, found } = setUp({
    'http://localhost:5173/a.js': { file: 'node_modules/a/index.js', line: 2, isDependency: true },
    'http://localhost:5173/b.js': { file: 'node_modules/b/index.js', line: 3, isDependency: true },
  })
  await learn('https://api.example.com', [at('http://localhost:5173/a.js'), at('http://localhost:5173/b.js')])
  expect(found[0]?.targets[0]?.provenance).toMatchObject({ file: 'node_modules/a/index.js', line: 2 })
})

it.each(['http://localhost:3000', 'http://10.0.0.1', 'http://[::1]', 'http://169.254.169.254'])(
  'makes none of %s, and says what names it',
  async (origin) => {
    const { learn, found } = setUp()
    await learn(origin, [])
    expect(found).toMatchObject([{ targets: [], issues: [{ instead: `Write targets: ['${origin}'] to name it` }] }])
  },
)

it('looks at each origin once, and never at its own', async () => {
  const { learn, locate } = setUp()
  await Promise.all([1, 2, 3].map(() => learn('https://api.example.com', [at('http://localhost:5173/a.js')])))
  await learn('http://localhost:5173', [at('http://localhost:5173/a.js')])
  expect(locate).toHaveBeenCalledTimes(1)
})

it('looks at twenty a minute and at a hundred in all, however many a page makes up', async () => {
  const { learn, found, warned, wait } = setUp()
  let made = 0
  const makeUp = async (count: number) => {
    for (let i = 0; i < count; i++) await learn(`https://${made++}.example.com`, [])
  }
  await makeUp(50)
  expect(found).toHaveLength(20)
  expect(warned).toHaveLength(1)
  for (let minute = 0; minute < 10; minute++) {
    wait(60_001)
    await makeUp(30)
  }
  expect(found).toHaveLength(100)
  expect(warned).toHaveLength(1)
})
