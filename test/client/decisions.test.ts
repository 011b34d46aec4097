import { expect, it, vi } from 'vitest'
import { createDecisions } from '../../src/client/decisions'
import type { TargetUrl } from '../../src/client/to-dev-url'
import { decisionKey, type RequestShape } from '../../src/exchange/wire'

const shape: RequestShape = { method: 'PUT', headers: ['x-custom'], credentials: true, forcesPreflight: false }
const target = (relay: TargetUrl['relay'] = 'as-needed', scheme = 'https'): TargetUrl => ({
  url: new URL(`${scheme}://api.example.com/a?b#c`),
  origin: 'https://api.example.com',
  relay,
})
const config = (decisions = {}) => ({ prefix: '/__cors-dev/', relays: {}, decisions })
const STACK = { runtime: 'Error\n at r (http://localhost/r.js:1:1)', call: 'Error\n at c (http://localhost/c.js:3:7)' }
const PREFIX = 'http://localhost/__cors-dev/'

function setUp(answer: () => unknown, decisions = {}) {
  const post = {
    later: vi.fn(async (_url: string, _body: string) => answer()),
    now: vi.fn((_url: string, _body: string) => answer()),
  }
  return { post, decisions: createDecisions(config(decisions), PREFIX, post, () => STACK) }
}

it('knows that a named target is always relayed', () => {
  const { decisions, post } = setUp(() => ({ route: 'direct' }))
  expect(decisions.known(target('always'), shape)).toBe('relay')
  expect(decisions.askNow(target('always'), shape)).toBe('relay')
  expect(post.now).not.toHaveBeenCalled()
})

it('knows what came with the configuration', () => {
  const { decisions } = setUp(() => undefined, { [decisionKey('https://api.example.com', shape)]: 'direct' })
  expect(decisions.known(target(), shape)).toBe('direct')
  expect(decisions.known(target(), { ...shape, credentials: false })).toBeUndefined()
})

it('asks once for all who ask at the same time, and remembers the answer', async () => {
  const { decisions, post } = setUp(() => ({ route: 'direct' }))
  expect(await Promise.all([decisions.ask(target(), shape), decisions.ask(target(), shape)])).toEqual([
    'direct',
    'direct',
  ])
  expect(post.later.mock.calls).toEqual([
    [`${PREFIX}decision`, JSON.stringify({ ...shape, url: 'https://api.example.com/a?b#c' })],
  ])
  expect(decisions.known(target(), shape)).toBe('direct')
  expect(decisions.askNow(target(), shape)).toBe('direct')
})

it('asks about a socket as one', () => {
  const { decisions, post } = setUp(() => ({ route: 'direct' }))
  expect(decisions.askNow(target('as-needed', 'wss'), shape)).toBe('direct')
  expect(JSON.parse(post.now.mock.calls[0]?.[1] ?? '')).toMatchObject({ url: 'wss://api.example.com/a?b#c' })
})

it('says where the call is made only if the dev server may not know of it', () => {
  const { decisions, post } = setUp(() => ({ route: 'direct' }))
  decisions.askNow(target('unknown'), shape)
  expect(JSON.parse(post.now.mock.calls[0]?.[1] ?? '')).toMatchObject({ calledFrom: STACK })
  decisions.askNow(target('as-needed'), { ...shape, method: 'GET' })
  expect(JSON.parse(post.now.mock.calls[1]?.[1] ?? '')).not.toHaveProperty('calledFrom')
})

it.each([
  [
    'an error',
    () => {
      throw new Error('gone')
    },
  ],
  ['nothing', () => undefined],
  ['no route', () => ({})],
])('relays on %s, and asks again next time', async (_name, answer) => {
  const { decisions, post } = setUp(answer)
  expect(await decisions.ask(target(), shape)).toBe('relay')
  expect(decisions.askNow(target(), shape)).toBe('relay')
  expect(decisions.known(target(), shape)).toBeUndefined()
  await decisions.ask(target(), shape)
  expect(post.later).toHaveBeenCalledTimes(2)
})

it('lets an origin that is no known target be called directly where the dev server cannot be asked', async () => {
  const { decisions, post } = setUp(() => {
    throw new TypeError('Failed to fetch')
  })
  expect(await decisions.ask(target('unknown'), shape)).toBe('direct')
  expect(decisions.askNow(target('unknown'), shape)).toBe('direct')
  expect(decisions.known(target('unknown'), shape)).toBeUndefined()
  expect(post.later).toHaveBeenCalledTimes(1)
})
