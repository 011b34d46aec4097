/** What holds of every option that somebody may write, and of every mistake. */
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { CorsDevError, formatIssue, type Issue } from '../../src/options/errors'
import { resolveOptions } from '../../src/options/resolve'
import { configureFuzz, textOf } from '../setup/fuzz'

beforeAll(configureFuzz)

const SECRET = 'sk-4f1d0c9a77'

const url = textOf([
  'http://',
  'https://',
  'ws://',
  'api.test',
  'localhost',
  ':3000',
  ':',
  '/',
  '@',
  'user:pass@',
  '?',
  '#',
  '[::1]',
  '*',
  '\n',
  '\0',
  'undefined',
  '${HOST}',
  '..',
  '%',
])
const key = textOf(['/', '/api', '^', '(', ')', '[', '*', '?', '#', '..', 'http://', '\\', '\n', ' '])
const value: fc.Arbitrary<unknown> = fc.oneof(url, fc.anything({ maxDepth: 2 }))
const headers = fc.dictionary(
  textOf(['x-key', 'Authorization', ' ', ':', '\n', 'é'], 3),
  fc.oneof(textOf([SECRET, '\r\n', '\0', '\x1b', '✓', 'é'], 3), fc.anything({ maxDepth: 1 })),
)
const proxy = fc.oneof(
  fc.record(
    {
      headers,
      auth: fc.oneof(fc.constant(SECRET), fc.anything({ maxDepth: 1 })),
      secure: value,
      timeout: value,
      on: value,
      pathRewrite: value,
    },
    { requiredKeys: [] },
  ),
  fc.dictionary(
    fc.constantFrom('target', 'router', 'followRedirects', 'changeOrigin', 'ws', 'secret', '__proto__', 'constructor'),
    fc.constant(SECRET),
  ),
)
const target = fc.oneof(
  url,
  fc.record(
    { url: value, stripPrefix: value, origin: value, relay: value, explain: value, proxy: fc.oneof(proxy, value) },
    { requiredKeys: [] },
  ),
  fc.anything({ maxDepth: 2 }),
)
const options = fc.oneof(
  fc.record(
    {
      targets: fc.oneof(fc.dictionary(key, target), fc.array(target), value),
      origins: fc.oneof(fc.array(fc.oneof(url, value)), value),
      productionOrigin: value,
      relay: value,
      discover: value,
      explain: value,
    },
    { requiredKeys: [] },
  ),
  fc.anything({
    maxDepth: 3,
    withNullPrototype: true,
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSparseArray: true,
  }),
)

it('options are taken, or every mistake in them is told in words, and nothing else happens', () => {
  fc.assert(
    fc.property(options, (raw) => {
      try {
        resolveOptions(raw)
      } catch (error) {
        expect(error).toBeInstanceOf(CorsDevError)
        const { issues, message } = error as CorsDevError
        expect(issues.length).toBeGreaterThan(0)
        // One line each, and none that steers a terminal.
        expect(message.split('\n').length).toBe(issues.length)
        expect(message).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
        expect(message).not.toContain(SECRET)
      }
    }),
    { numRuns: 3000 },
  )
})

it('what is taken can be sent: no line break, no NUL and no other control character is left in it', () => {
  fc.assert(
    fc.property(
      url,
      key,
      headers,
      textOf(['http://', 'capacitor://', 'a', '.test', '\n', '\0', ' ']),
      (url, key, headers, origin) => {
        try {
          const { targets, origins } = resolveOptions({
            targets: { [key]: { url, proxy: { headers } } },
            origins: [origin],
          })
          for (const { url, proxy } of targets) {
            expect(url.trim()).not.toMatch(/[\x00-\x1f\x7f]/)
            for (const [name, value] of Object.entries(proxy.headers ?? {}))
              expect(() => new Headers([[name, String(value)]])).not.toThrow()
          }
          for (const one of origins) expect(one).toMatch(/^[!-~]+$/)
        } catch (error) {
          expect(error).toBeInstanceOf(CorsDevError)
        }
      },
    ),
    { numRuns: 3000 },
  )
})

it('what was taken once is taken again, to the same end', () => {
  fc.assert(
    fc.property(options, (raw) => {
      const outcome = (): unknown => {
        try {
          return JSON.stringify(resolveOptions(raw).targets)
        } catch (error) {
          return (error as Error).message
        }
      }
      expect(outcome()).toEqual(outcome())
    }),
  )
})

/** One mistake for each place that has none of another's, and what its line must name. */
const MISTAKES: Record<string, { raw: Record<string, unknown>; path: string; value?: string }> = {
  'an unknown option': { raw: { target: [] }, path: 'target' },
  'origins of everybody': { raw: { origins: ['*'] }, path: 'origins[0]', value: '"*"' },
  'an origin in production that is none': {
    raw: { productionOrigin: 'app' },
    path: 'productionOrigin',
    value: '"app"',
  },
  'a way that is none': { raw: { relay: 'sometimes' }, path: 'relay', value: '"sometimes"' },
  'a switch that is none': { raw: { discover: 'yes' }, path: 'discover', value: '"yes"' },
  another: { raw: { explain: 1 }, path: 'explain', value: '1' },
}
const TARGET_MISTAKES: Record<string, { entry: unknown; path: string; value?: string }> = {
  'no scheme': { entry: 'localhost:3000', path: '', value: '"localhost:3000"' },
  'no URL': { entry: { url: 7 }, path: '.url', value: '7' },
  'a number': { entry: 7, path: '', value: '7' },
  'a policy that is none': { entry: { url: 'http://a.test', origin: 'mine' }, path: '.origin', value: '"mine"' },
  'an authority of its own': {
    entry: { url: 'http://a.test', proxy: { target: 'http://b.test' } },
    path: '.proxy.target',
  },
  'a prefix that may be stripped': {
    entry: { url: 'http://a.test', stripPrefix: 'no' },
    path: '.stripPrefix',
    value: '"no"',
  },
}

it('every mistake is told at once, each with its option, its value and what to write instead', () => {
  fc.assert(
    fc.property(
      fc.subarray(Object.values(MISTAKES)),
      fc.subarray(Object.values(TARGET_MISTAKES)),
      fc.boolean(),
      (own, inTargets, isMap) => {
        const keys = inTargets.map((_, index) => (isMap ? `/p${index}` : index))
        const targets = isMap
          ? Object.fromEntries(inTargets.map(({ entry }, index) => [`/p${index}`, entry]))
          : inTargets.map(({ entry }) => entry)
        // A prefix is stripped where there is one.
        const raw = Object.assign({ targets }, ...own.map(({ raw }) => raw))
        const told = issuesOf(raw)
        const expected = [
          ...own,
          ...inTargets.map(({ path, value }, index) => ({
            path: `targets[${JSON.stringify(keys[index])}]${path}`,
            value,
          })),
        ]
        for (const { path, value } of expected) {
          const issue = told.find((one) => one.path === path)
          expect(issue, path).toBeDefined()
          const line = formatIssue(issue as Issue)
          expect(line).toContain(`[cors-dev] ${path} ${value ?? ''}`)
          expect(issue?.why.trim(), path).not.toBe('')
          expect(issue?.instead, path).toMatch(/^[A-Z].{5,}/s)
        }
        expect(new Set(told.map(({ path }) => path)).size).toBe(expected.length)
      },
    ),
    { numRuns: 500 },
  )
})

it('objects that fight back are no reason to die or to hang', () => {
  const circular: Record<string, unknown> = {}
  circular['targets'] = circular
  circular['origins'] = [circular]
  const long = 'a.'.repeat(200_000)
  const hostile: unknown[] = [
    circular,
    { targets: { '/api': circular } },
    { targets: [long, `http://${long}`, `http://a.test/${long}`] },
    { targets: { [`/${long}`]: 'http://a.test', [`^${'(a+)+'.repeat(20)}$`]: 'http://b.test' } },
    { origins: [long, `https://${long}`], productionOrigin: long },
    { [long]: 1, ['__proto__']: 1, constructor: 1, toString: 1 },
    Object.create(null),
    Object.assign(Object.create({ targets: ['x'] }), { origins: [] }),
    Array.from({ length: 10_000 }, (_, i) => `http://h${i}.test`),
    { targets: Array.from({ length: 2_000 }, (_, i) => `h${i}`) },
    new Map([['targets', 1]]),
    new Date(),
    Symbol('options'),
    () => ({}),
  ]
  for (const raw of hostile) expect(() => issuesOf(raw)).not.toThrow()
})

function issuesOf(raw: unknown): readonly Issue[] {
  try {
    resolveOptions(raw)
    return []
  } catch (error) {
    if (!(error instanceof CorsDevError)) throw error
    return error.issues
  }
}
