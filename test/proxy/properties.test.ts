/** What holds of every request, cookie and session, and not of those alone that somebody thought of. */
import type { IncomingHttpHeaders } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCookieLedger } from '../../src/proxy/cookie-ledger'
import { createCookieJars } from '../../src/proxy/cookie-jar'
import { type GuardPolicy, guardRequest } from '../../src/proxy/guard'
import { createSessions } from '../../src/proxy/session'
import { configureFuzz, textOf } from '../setup/fuzz'

beforeAll(configureFuzz)

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cors-dev-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the guard', () => {
  const policy: GuardPolicy = { origins: ['loopback', 'https://app.example'], allowedHosts: ['dev.test', '.lan.test'] }
  const oddHost = textOf(
    [
      'localhost',
      '127.0.0.1',
      '[::1]',
      '0.0.0.0',
      '[::]',
      'dev.test',
      'a.lan.test',
      'evil.example',
      '192.168.1.5',
      '127.1',
      '0x7f',
      ':',
      '5173',
      '.',
      '@',
      ',',
      '/',
      '%',
      '[',
      ']',
    ],
    4,
  )
  const host = fc.oneof(
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        'localhost:5173',
        '127.0.0.1',
        '[::1]:5173',
        'dev.test',
        'a.lan.test:80',
        '192.168.1.5',
      ),
    },
    { weight: 1, arbitrary: oddHost },
  )
  const oddOrigin = textOf(
    [
      'http://',
      'https://',
      'null',
      'localhost',
      'dev.test',
      'app.example',
      'evil.example',
      ':5173',
      ':',
      '/',
      '@',
      '.',
      ',',
      ' ',
      'chrome-extension://',
      'file://',
    ],
    4,
  )
  const origin = fc.oneof(
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'http://localhost:5173',
        'http://localhost:8000',
        'https://app.example',
        'https://evil.example',
        'null',
      ),
    },
    { weight: 1, arbitrary: oddOrigin },
  )
  const one = <Value>(...values: Value[]): fc.Arbitrary<Value> => fc.constantFrom(...values)
  const headers: fc.Arbitrary<IncomingHttpHeaders> = fc.record(
    {
      origin,
      referer: fc.tuple(origin, one('', '/', '/x?y')).map((parts) => parts.join('')),
      'sec-fetch-site': one('same-origin', 'same-site', 'cross-site', 'none', 'Same-Origin', 'same-origin, none', ''),
      'sec-fetch-mode': one('cors', 'no-cors', 'navigate', 'websocket'),
      'sec-fetch-dest': one('empty', 'document', 'iframe', 'script', 'worker', 'image', 'DOCUMENT'),
      'service-worker': one('script'),
      'x-forwarded-host': one('localhost:5173'),
      forwarded: one('host=localhost:5173'),
    },
    { requiredKeys: [] },
  )
  const request = fc.record({
    method: one('GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE', 'TRACE', 'CONNECT', 'track'),
    url: one('/api/x', '/__cors-dev/client.js', '/__cors-dev/failure', '/x\x1b[2J?token=s3cret'),
    headers,
    authority: fc.option(host, { nil: undefined }),
    isEncrypted: fc.boolean(),
    isUpgrade: fc.boolean(),
    way: one('path' as const, 'relay' as const, 'reserved' as const),
    injectsHeaders: fc.boolean(),
    hasSession: fc.boolean(),
  })

  it('admits nobody by a name that is none of ours, nor without a proof', () => {
    let admitted = 0
    fc.assert(
      fc.property(request, (request) => {
        const verdict = guardRequest(request, policy)
        if (!verdict.allowed) {
          expect(verdict.status === 400 || verdict.status === 403).toBe(true)
          expect(verdict.message).toMatch(/^[\x20-\x7e…]+$/)
          expect(verdict.message).not.toContain('s3cret')
          return
        }
        admitted++
        const { hostname } = new URL(`http://${request.authority}`)
        expect(hostname).toMatch(
          /^(?:(?:.+\.)?localhost|dev\.test|(?:.+\.)?lan\.test|app\.example|[\d.]+|\[[0-9a-f:]+\])$/,
        )
        expect(hostname).not.toMatch(/^0\.[\d.]*$|^\[::\]$/)
        expect(request.method).not.toMatch(/^(?:TRACE|TRACK|CONNECT)$/i)
        const { origin, referer } = request.headers
        const site = request.headers['sec-fetch-site']
        const said = origin ?? site ?? (request.hasSession ? 'session' : referer)
        expect(said).toBeDefined()
        if (origin !== undefined && origin !== 'null') expect([verdict.ownOrigin, verdict.pageOrigin]).toContain(origin)
        if (origin === 'null') expect(site).toBe('same-origin')
        if (verdict.otherOrigin !== undefined) {
          expect(verdict.otherOrigin).not.toContain('evil')
          expect(new URL(verdict.otherOrigin).origin).toBe(verdict.otherOrigin)
          if (request.injectsHeaders) expect(verdict.otherOrigin).toBe('https://app.example')
        }
      }),
      { numRuns: 20_000 },
    )
    // Else all this would say nothing.
    expect(admitted).toBeGreaterThan(500)
  })

  it('judges an upgrade as it judges a request', () => {
    fc.assert(
      fc.property(request, (request) => {
        const [plain, upgrade] = [false, true].map((isUpgrade) => guardRequest({ ...request, isUpgrade }, policy))
        expect(upgrade?.allowed).toBe(plain?.allowed)
      }),
    )
  })
})

describe('a session', () => {
  it('is proven by nothing but its own cookie', () => {
    const sessions = createSessions({ root: '/x', secretFile: join(folder, 'secret') })
    const mine = sessions.create()
    const [cookie = ''] = sessions.setCookieLine(mine, { secure: false }).split(';')
    const parts = [
      cookie,
      cookie.slice(0, -1),
      sessions.cookieName,
      '=',
      ';',
      '; ',
      mine,
      '.',
      '"',
      'a=1',
      ' ',
      'A'.repeat(22),
    ]
    fc.assert(
      fc.property(textOf(parts), (header) => {
        const found = sessions.find(header)
        const isThere = header.split(';').some((pair) => pair.trim() === cookie)
        expect(found).toBe(isThere ? mine : undefined)
      }),
    )
  })
})

describe('the ledger of path routes', () => {
  it('sends a target what it has set itself, and of HttpOnly cookies and of logins nothing else', () => {
    const [A, B] = ['https://a.test', 'https://b.test']
    const set = fc.record({
      by: fc.constantFrom(A, B),
      name: fc.constantFrom('sid', 'x'),
      value: fc.constantFrom('1', '2', '3'),
      isHttpOnly: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(set, { maxLength: 20 }), fc.boolean(), (sets, restarts) => {
        let ledger = createCookieLedger(undefined)
        for (const { by, name, value, isHttpOnly } of sets) ledger.note(by, name, value, { isHttpOnly })
        if (restarts) ledger = createCookieLedger(JSON.parse(JSON.stringify(ledger)))
        for (const name of ['sid', 'x', '__proto__', 'constructor']) {
          for (const value of ['1', '2', '3', 'short', 'a login of another project']) {
            const own = sets.filter((one) => one.by === A && one.name === name)
            const may = ledger.mayForward(A, name, value)
            if (own.some((one) => one.value === value)) expect(may).toBe(true)
            else if (own.length === 0 || own.at(-1)?.isHttpOnly || value.length > 20) expect(may).toBe(false)
          }
        }
      }),
    )
  })
})

describe('the jar', () => {
  it('takes whatever an upstream sets, and sends none of it to strangers', () => {
    let count = 0
    const line = textOf(
      [
        'sid=',
        's3cret',
        '; ',
        'Domain=',
        'a.example.com',
        'example.com',
        'com',
        'co.uk',
        'localhost',
        '127.0.0.1',
        'Path=/',
        'Secure',
        'HttpOnly',
        'Max-Age=',
        '9',
        'Expires=',
        '__Host-',
        '=',
        '"',
        ',',
        'SameSite=None',
        '\x01',
      ],
      10,
    )
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 6 }),
        fc.constantFrom(
          'https://a.example.com/',
          'http://127.0.0.1:4000/x',
          'http://localhost:4000/',
          'http://a.co.uk/',
        ),
        (lines, url) => {
          const jars = createCookieJars({ file: join(folder, `jar-${count++}`) })
          jars.store('browser', new URL(url), lines)
          const own = jars.cookieHeader('browser', new URL(url))
          if (own !== undefined) expect(own).not.toMatch(/[\r\n\x00]/)
          for (const stranger of [
            'https://evil.com/',
            'https://b.co.uk/',
            'http://127.0.0.1:4001/',
            'http://localhost:4001/',
            'http://localhost/',
            'https://a.example.org/',
          ]) {
            expect(jars.cookieHeader('browser', new URL(stranger))).toBeUndefined()
          }
          expect(jars.cookieHeader('another', new URL(url))).toBeUndefined()
        },
      ),
    )
  })
})
