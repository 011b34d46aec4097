/** What holds of every option that somebody may write, and of every mistake. */
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { CorsDevError } from '../../src/options/errors'
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
    { url: value, stripPrefix: value, origin: value, relay: value, proxy: fc.oneof(proxy, value) },
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
    },
    { requiredKeys: [] },
  ),
  fc.anything({ maxDepth: 3 }),
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
