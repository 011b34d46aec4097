/** What holds of every path, address and cookie, and not of those alone that somebody thought of. */
import { posix } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { isMalformedRequestTarget, isUnderPrefix, matchPathRoute, matchRelay } from '../../src/routes/match'
import { parseRelayPath, toRelayPath } from '../../src/routes/relay-path'
import {
  restoreCookieHeader,
  rewriteLocation,
  rewriteSetCookie,
  toPagePath,
  toUpstreamPath,
} from '../../src/routes/rewrite'
import { configureFuzz, textOf } from '../setup/fuzz'
import { tableOf } from './given'

beforeAll(configureFuzz)

const TABLE = tableOf({
  '/api': 'https://kept.test/v1',
  '/api/inner': 'https://inner.test',
  '/strip': { url: 'https://strip.test/base', stripPrefix: true },
  '/bare': { url: 'https://bare.test', stripPrefix: true },
  '/keyed': { url: 'https://keyed.test', proxy: { headers: { 'x-key': 'k' } } },
  '/direct': { url: 'https://direct.test', relay: 'never' },
})
const DEV = 'http://localhost:5173'
const SERVER = { isDevServer: (origin: string) => origin === DEV, prefixes: ['/__cors-dev/'] }

const PATH_PARTS = [
  ...[
    '/',
    '//',
    '.',
    '..',
    '...',
    '/../',
    '/./',
    '\\',
    '?',
    '#',
    ';',
    ':',
    '@',
    '%',
    'a',
    'b',
    '%41',
    '%2',
    '25',
    '2e',
    '2f',
  ],
  ...[
    '%2e',
    '%2E',
    '%2f',
    '%2F',
    '%5c',
    '%00',
    '%23',
    '%3f',
    '%3b',
    '%25',
    '%252e',
    '%252f',
    '%25252e',
    '%c0%ae',
    '%c0%af',
  ],
  ...[
    '%e0%80%ae',
    '%u002e',
    '%uff0e',
    '%ef%bc%8e',
    '%ef%bc%8f',
    '%e2%80%a5',
    '\xc0\xae',
    '%2%65',
    '%%32%65',
    'x'.repeat(50),
  ],
]
const path = textOf(PATH_PARTS)

/** How servers read a path, each in its own way. Where one can't, it refuses. */
const READERS: Record<string, (path: string) => string> = {
  'by the URL Standard': (path) => new URL(path, 'http://x').pathname,
  'segment by segment': (path) => posix.normalize(path),
  'decoded first': (path) => posix.normalize(decodeURIComponent(path)),
  'decoded twice': (path) => posix.normalize(decodeURIComponent(decodeURIComponent(path))),
  'decoded three times': (path) => posix.normalize(decodeURIComponent(decodeURIComponent(decodeURIComponent(path)))),
  'with backslashes as slashes': (path) => posix.normalize(decodeURIComponent(path).replaceAll('\\', '/')),
  'without parameters, as Tomcat': (path) => posix.normalize(path.replace(/;[^/]*/g, '')),
  'decoded, then without parameters': (path) => posix.normalize(decodeURIComponent(path).replace(/;[^/]*/g, '')),
  'up to a NUL': (path) => posix.normalize(decodeURIComponent(path).split('\0')[0] ?? ''),
  'decoded without rules': (path) =>
    posix.normalize(path.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))),
  'in the forms that UTF-8 forbids': (path) =>
    posix.normalize(
      path
        .replace(/%c0%ae/gi, '.')
        .replace(/%c0%af/gi, '/')
        .replace(/%e0%80%ae/gi, '.')
        .replace(/%u([0-9a-f]{4})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    ),
  'made compatible': (path) => posix.normalize(decodeURIComponent(path).normalize('NFKC')),
}

describe('a request target that is let through', () => {
  it('stays in its route, however the server behind it reads paths', () => {
    fc.assert(
      fc.property(path, (tail) => {
        const target = `/api/${tail}`
        if (isMalformedRequestTarget(target) !== undefined) return
        const [asked = ''] = target.split('?')
        for (const [name, read] of Object.entries(READERS)) {
          let read_: string
          try {
            read_ = read(asked)
          } catch {
            continue
          }
          expect(`${name}: ${read_.replace(/^\/+/, '/')}`).toMatch(/: \/api(?:\/|$)/)
        }
      }),
      { numRuns: 20_000 },
    )
  })

  it('is what an ordinary page asks for', () => {
    const segment = fc.string({
      unit: fc.constantFrom(...'abcXYZ019-_~!$&\'()*+,:=@äß中😀 "<>'),
      minLength: 1,
      maxLength: 12,
    })
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 5 }), fc.string({ maxLength: 20 }), (segments, query) => {
        const url = new URL(`http://localhost/api/${segments.map(encodeURIComponent).join('/')}`)
        url.search = query
        expect(isMalformedRequestTarget(url.pathname + url.search)).toBeUndefined()
      }),
    )
  })

  it('is told from others in no time, whatever it is', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PATH_PARTS), fc.nat(4000), (part, times) => {
        isMalformedRequestTarget(`/api/${part.repeat(times)}`.slice(0, 16_000))
      }),
      { numRuns: 500 },
    )
  })
})

describe('a route', () => {
  it('takes what has its segments, and nothing else', () => {
    const bySegments = (asked: string, prefix: string): boolean => {
      const [taken, own] = [asked.split('?')[0]?.split('/') ?? [], prefix.split('/')]
      return own.every((segment, index) => taken[index] === segment)
    }
    fc.assert(
      fc.property(path, fc.constantFrom('/api', '/api/inner', '/a', '/', ''), fc.boolean(), (tail, prefix, isNear) => {
        const own = prefix === '/' ? '' : prefix
        const asked = isNear && own !== '' ? own + tail : `/${tail}`
        expect(isUnderPrefix(asked, own)).toBe(bySegments(asked, own))
      }),
    )
  })

  it('leads to the authority of its target and to no other', () => {
    fc.assert(
      fc.property(path, fc.constantFrom('/api', '/strip', '/bare', '/keyed', '/api/inner'), (tail, prefix) => {
        const asked = `${prefix}${tail}`
        const route = matchPathRoute(TABLE, asked)
        if (!route) return
        const upstream = toUpstreamPath(route, asked)
        expect(upstream).toMatch(/^\/(?!\/)/)
        // A backslash never gets here: isMalformedRequestTarget sees to it.
        if (isMalformedRequestTarget(asked) !== undefined) return
        expect(new URL(upstream, route.target.origin).origin).toBe(route.target.origin)
        expect(new URL(route.target.origin + upstream).host).toBe(new URL(route.target.origin).host)
      }),
    )
  })

  it('leads back to where the page came from', () => {
    fc.assert(
      fc.property(path, fc.constantFrom('/api', '/strip', '/keyed', '/api/inner'), (tail, prefix) => {
        const asked = `${prefix}/${tail}`
        const route = matchPathRoute(TABLE, asked)
        // Slashes at the start of what is left are one slash upstream.
        if (!route || isMalformedRequestTarget(asked) !== undefined || /\/\//.test(asked)) return
        const back = toPagePath(TABLE, route, toUpstreamPath(route, asked))
        expect(back).toBe(route.target.stripPrefix && asked === `${prefix}/` ? `${prefix}/` : asked)
      }),
    )
  })

  it('is named for a path only where it is the one that takes it', () => {
    const prefixes = fc.constantFrom('', '/v1', '/v1/api', '/v1/api/inner', '/base', '/api', '/keyed')
    fc.assert(
      fc.property(path, prefixes, fc.constantFrom(...TABLE.paths), (tail, prefix, route) => {
        const asked = `${prefix}/${tail}`
        const page = toPagePath(TABLE, route, asked)
        if (page === undefined) return
        expect(page).toMatch(/^\/(?!\/)/)
        expect(matchPathRoute(TABLE, page)).toBe(route)
        if (!/\/\//.test(asked)) expect(toUpstreamPath(route, page)).toBe(asked)
      }),
    )
  })
})

describe('a relay path', () => {
  it('is the URL that it was made of', () => {
    fc.assert(
      fc.property(
        fc.webUrl({ withQueryParameters: true, validSchemes: ['http', 'https'] }),
        fc.constantFrom('to', 'anon'),
        (text, kind) => {
          const url = new URL(text)
          const parsed = parseRelayPath(toRelayPath(kind, url))
          expect(parsed).toEqual({
            kind,
            nonce: undefined,
            origin: url.origin,
            pathAndQuery: url.pathname + url.search,
          })
        },
      ),
    )
  })

  it('names one serialized origin without userinfo, or is none', () => {
    const parts = [
      'to/',
      'anon/',
      'hop/',
      'http/',
      'https/',
      'kept.test',
      'localhost',
      ':',
      '@',
      '/',
      '\\',
      '?',
      '#',
      '[',
      ']',
      '%',
      '%2f',
      '.',
      '443',
      '80',
      'ß',
    ]
    fc.assert(
      fc.property(textOf(parts), fc.constantFrom('', 'to/https/', 'to/https/kept.test'), (rest, start) => {
        const asked = start + rest
        const parsed = parseRelayPath(asked)
        if (!parsed) return
        const { origin, pathAndQuery } = parsed
        expect(/https?\/([^/?#]*)/.exec(asked)?.[1]).not.toContain('@')
        expect(new URL(origin).origin).toBe(origin)
        expect(pathAndQuery.startsWith('/')).toBe(true)
        const target = matchRelay(TABLE, origin)
        if (target) expect(target.origin).toBe(origin)
      }),
    )
  })
})

describe('a Location', () => {
  const parts = [
    ...[
      'https://',
      'http://',
      '//',
      '/',
      '\\',
      'kept.test',
      'inner.test',
      'strip.test',
      'keyed.test',
      'direct.test',
      'evil.test',
    ],
    ...[
      `${DEV}`,
      'localhost:5173',
      '/v1',
      '/base',
      '/api',
      '/strip',
      '/keyed',
      '/__cors-dev/',
      'to/',
      'hop/',
      'https/',
      '..',
      '.',
    ],
    ...['?', '#', '@', ':', '%2f', '%0d%0a', '\r\n', '\t', ' ', 'javascript:', 'data:,', 'x', '\xe4', '日本'],
  ]
  const way = fc.constantFrom('path' as const, 'to' as const, 'anon' as const)

  it('leads where the upstream said, or nowhere', () => {
    fc.assert(
      fc.property(textOf(parts), way, fc.boolean(), (location, way, isNavigation) => {
        const upstreamUrl = 'https://kept.test/v1/api/x'
        const route = way === 'path' ? matchPathRoute(TABLE, '/api/x') : undefined
        const mapped = rewriteLocation(location, { table: TABLE, upstreamUrl, way, route, isNavigation, ...SERVER })
        if (mapped.kind === 'unchanged' || mapped.kind === 'nowhere') return
        const said = new URL(location, upstreamUrl)
        if (mapped.kind === 'path') {
          expect(mapped.path).toMatch(/^\/(?![/\\])/)
          expect(new URL(mapped.path, DEV).origin).toBe(DEV)
          expect(matchPathRoute(TABLE, mapped.path.split('#')[0] ?? '')?.target.origin).toBe(said.origin)
          return
        }
        const origin = mapped.kind === 'relay' ? mapped.origin : new URL(mapped.url).origin
        // Either it was said, or it is what stands behind the dev server's own name.
        if (said.origin !== DEV) expect(origin).toBe(said.origin)
        if (mapped.kind !== 'relay') return
        const [rest = ''] = mapped.relayPath.split('#')
        expect(parseRelayPath(rest)?.origin).toBe(origin)
        expect(matchRelay(TABLE, origin)?.relay).toBe('always')
        expect(mapped.relayPath).not.toMatch(/[\r\n\t ]/)
        // No document runs by the relay.
        expect(isNavigation).toBe(false)
      }),
      { numRuns: 5000 },
    )
  })
})

describe('a cookie of a path route', () => {
  const parts = [
    ...[
      'a',
      'sid',
      '__Host-',
      '__Secure-',
      '__cors_dev_host-',
      '=',
      ';',
      '; ',
      'Domain',
      'domain=',
      'kept.test',
      '.test',
      'Secure',
      'secure',
    ],
    ...[
      'SameSite=None',
      'SameSite=Lax',
      'Partitioned',
      'Path=',
      '/',
      '/v1',
      '/v1/x',
      'HttpOnly',
      'Max-Age=0',
      'Expires=x',
      '"',
      ',',
      ' ',
      '\t',
      '\x01',
      '%',
    ],
  ]
  const attribute = fc.oneof(
    fc.tuple(
      fc.constantFrom('Domain', 'domain ', 'DOMAIN', 'Secure', 'Partitioned', 'SameSite', 'Path'),
      textOf(parts, 3),
    ),
    textOf(parts, 3).map((text) => [text]),
  )
  const line = fc
    .tuple(textOf(parts, 4), fc.array(attribute, { maxLength: 6 }))
    .map(([pair, attributes]) => [pair, ...attributes.map((words) => words.join('='))].join(';'))
  const route = matchPathRoute(TABLE, '/api/x')
  if (!route) throw new Error('no route')
  /** As a browser reads it: https://httpwg.org/specs/rfc6265.html#section-5.2 */
  const read = (line: string): { pair: string; attributes: string[] } => {
    const [pair = '', ...attributes] = line.split(';')
    return { pair: pair.trim(), attributes: attributes.map((one) => one.split('=')[0]?.trim().toLowerCase() ?? '') }
  }

  it('names no host, asks http pages for nothing that they cannot give, and keeps its value', () => {
    fc.assert(
      fc.property(line, fc.boolean(), (line, pageIsSecure) => {
        const { pair, attributes } = read(rewriteSetCookie(line, { pageIsSecure, route }))
        expect(attributes).not.toContain('domain')
        if (!pageIsSecure) expect(attributes.filter((name) => name === 'secure' || name === 'partitioned')).toEqual([])
        if (!pageIsSecure) expect(pair).not.toMatch(/^__(?:host|secure)-/i)
        expect(pair.split('=').slice(1)).toEqual(read(line).pair.split('=').slice(1))
      }),
    )
  })

  it('goes up by the name it came with', () => {
    const name = fc.tuple(fc.constantFrom('', '__Host-', '__secure-', '__HOST-'), fc.stringMatching(/^[\w!#$-]{1,10}$/))
    fc.assert(
      fc.property(
        name,
        fc.stringMatching(/^[\w!#$%&'()*+./:<=>?@[\]^`{|}~-]{0,20}$/),
        fc.boolean(),
        ([prefix, rest], value, pageIsSecure) => {
          const pair = `${prefix}${rest}=${value}`
          if (/^__cors_dev_/i.test(pair)) return
          const [stored = ''] = rewriteSetCookie(`${pair}; Secure; Path=/`, { pageIsSecure, route }).split(';')
          expect(restoreCookieHeader(`other=1; ${stored}`, { pageIsSecure })).toBe(`other=1; ${pair}`)
        },
      ),
    )
  })
})
