import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type CookieJars, createCookieJars } from '../../src/proxy/cookie-jar'

const BROWSER = 'browser-1'
const DAY = 24 * 60 * 60 * 1000

let folder: string
let file: string
let time: number
let opened: CookieJars[]

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cors-dev-jar-'))
  file = path.join(folder, 'cache', 'cookies.json')
  time = Date.UTC(2026, 10, 1)
  opened = []
})

afterEach(() => {
  for (const jars of opened) jars.close()
  rmSync(folder, { recursive: true, force: true })
})

function open(): CookieJars {
  const jars = createCookieJars({ file, now: () => time })
  opened.push(jars)
  return jars
}

function store(jars: CookieJars, url: string, ...lines: string[]): { name: string; reason: string }[] {
  return jars.store(BROWSER, new URL(url), lines).refused
}

function sent(jars: CookieJars, url: string, session = BROWSER): string | undefined {
  return jars.cookieHeader(session, new URL(url))
}

describe('a cookie goes back', () => {
  it.each<[name: string, from: string, line: string, to: string, header: string | undefined]>([
    ['to its host', 'https://api.example.com/', 'a=1', 'https://api.example.com/x?y', 'a=1'],
    ['to no other host', 'https://api.example.com/', 'a=1', 'https://auth.example.com/', undefined],
    ['to no host below', 'https://example.com/', 'a=1', 'https://api.example.com/', undefined],
    ['to its Domain', 'https://auth.example.com/', 'a=1; Domain=example.com', 'https://api.example.com/', 'a=1'],
    [
      'to its Domain with a dot before',
      'https://auth.example.com/',
      'a=1; Domain=.Example.com',
      'https://api.example.com/',
      'a=1',
    ],
    [
      'to no name that ends like its Domain',
      'https://auth.example.com/',
      'a=1; Domain=example.com',
      'https://evilexample.com/',
      undefined,
    ],
    [
      'to strangers of a public suffix never',
      'https://me.github.io/',
      'a=1; Domain=me.github.io',
      'https://you.github.io/',
      undefined,
    ],
    [
      'between hosts of a special-use domain',
      'https://auth.app.test/',
      'a=1; Domain=app.test',
      'https://api.app.test/',
      'a=1',
    ],
    [
      'between internationalized hosts',
      'https://a.münchen.example/',
      'a=1; Domain=xn--mnchen-3ya.example',
      'https://b.münchen.example/',
      'a=1',
    ],
    ['to another port of its host', 'https://api.example.com/', 'a=1', 'https://api.example.com:8443/', 'a=1'],
    ['over plain http, unless it is Secure', 'https://api.example.com/', 'a=1', 'http://api.example.com/', 'a=1'],
    [
      'over TLS alone, if it is Secure',
      'https://api.example.com/',
      'a=1; Secure',
      'http://api.example.com/',
      undefined,
    ],
    ['over TLS, if it is Secure', 'https://api.example.com/', 'a=1; Secure', 'https://api.example.com/', 'a=1'],
    [
      'to a loopback target over plain http, though Secure',
      'http://localhost:3000/',
      'a=1; Secure',
      'http://localhost:3000/',
      'a=1',
    ],
    ['the same on 127.0.0.1', 'http://127.0.0.1:3000/', 'a=1; Secure', 'http://127.0.0.1:3000/', 'a=1'],
    [
      'with a __Host- prefix',
      'https://api.example.com/',
      '__Host-a=1; Secure; Path=/',
      'https://api.example.com/',
      '__Host-a=1',
    ],
    [
      'with a __Secure- prefix',
      'https://api.example.com/',
      '__Secure-a=1; Secure',
      'https://api.example.com/',
      '__Secure-a=1',
    ],
    ['with SameSite=None', 'https://api.example.com/', 'a=1; SameSite=None; Secure', 'https://api.example.com/', 'a=1'],
    [
      'with SameSite=Strict too, as the page is no other site here',
      'https://api.example.com/',
      'a=1; SameSite=Strict',
      'https://api.example.com/',
      'a=1',
    ],
    ['with Partitioned', 'https://api.example.com/', 'a=1; Secure; Partitioned', 'https://api.example.com/', 'a=1'],
    ['below its Path', 'https://api.example.com/', 'a=1; Path=/v1', 'https://api.example.com/v1/x', 'a=1'],
    ['not beside its Path', 'https://api.example.com/', 'a=1; Path=/v1', 'https://api.example.com/v10', undefined],
    [
      'by the folder it came from, without a Path',
      'https://api.example.com/auth/login',
      'a=1',
      'https://api.example.com/auth/me',
      'a=1',
    ],
    ['not above that folder', 'https://api.example.com/auth/login', 'a=1', 'https://api.example.com/', undefined],
    [
      'by a Path that is percent-encoded',
      'https://api.example.com/',
      'a=1; Path=/caf%C3%A9',
      'https://api.example.com/caf%C3%A9/x',
      'a=1',
    ],
    [
      'by a Path with an encoded slash, and not as if it were one',
      'https://api.example.com/',
      'a=1; Path=/a%2Fb',
      'https://api.example.com/a/b',
      undefined,
    ],
    ['without a value', 'https://api.example.com/', 'a=', 'https://api.example.com/', 'a='],
    ['without a name', 'https://api.example.com/', 'just-a-value', 'https://api.example.com/', 'just-a-value'],
    [
      'with all the characters that servers use',
      'https://api.example.com/',
      'a="x y",{z}=; Path=/',
      'https://api.example.com/',
      'a="x y",{z}=',
    ],
    [
      'named as no object should be',
      'https://api.example.com/',
      '__proto__=1',
      'https://api.example.com/',
      '__proto__=1',
    ],
    ['to a WebSocket of its host', 'https://api.example.com/', 'a=1; Secure', 'wss://api.example.com/', 'a=1'],
    ['to one label', 'http://api/', 'a=1', 'http://api/', 'a=1'],
    ['to an address', 'http://192.168.1.5/', 'a=1', 'http://192.168.1.5/', 'a=1'],
    ['to an IPv6 address', 'http://[fd00::1]:3000/', 'a=1', 'http://[fd00::1]:3000/', 'a=1'],
    [
      'where Domain names the host itself',
      'http://localhost:3000/',
      'a=1; Domain=localhost',
      'http://localhost:3000/',
      'a=1',
    ],
    ['where Domain is the address itself', 'http://10.0.0.1/', 'a=1; Domain=10.0.0.1', 'http://10.0.0.1/', 'a=1'],
    ['where Domain is empty', 'https://api.example.com/', 'a=1; Domain=', 'https://api.example.com/', 'a=1'],
  ])('%s', (_name, from, line, to, header) => {
    const jars = open()
    expect(store(jars, from, line)).toEqual([])
    expect(sent(jars, to)).toBe(header)
  })

  it('to the browser that got it alone', () => {
    const jars = open()
    store(jars, 'https://api.example.com/', 'a=1')
    expect(sent(jars, 'https://api.example.com/', 'browser-2')).toBeUndefined()
  })

  it('to one of two targets on localhost, which cookies alone could not tell apart', () => {
    const jars = open()
    store(jars, 'http://localhost:3000/', 'session=a')
    store(jars, 'http://localhost:4000/', 'session=b')
    store(jars, 'http://127.0.0.1:3000/', 'session=c')
    store(jars, 'http://shop.localhost:3000/', 'session=d; Domain=shop.localhost')
    expect(sent(jars, 'http://localhost:3000/')).toBe('session=a')
    expect(sent(jars, 'http://localhost:4000/')).toBe('session=b')
    expect(sent(jars, 'http://127.0.0.1:3000/')).toBe('session=c')
    expect(sent(jars, 'http://shop.localhost:3000/')).toBe('session=d')
    expect(sent(jars, 'http://localhost:5000/')).toBeUndefined()
    expect(sent(jars, 'http://shop.localhost:4000/')).toBeUndefined()
  })

  it('longest Path first, then in the order of its creation', () => {
    const jars = open()
    store(jars, 'https://api.example.com/', 'b=1; Path=/', 'c=1; Path=/v1', 'a=1; Path=/')
    store(jars, 'https://api.example.com/', 'b=2; Path=/')
    expect(sent(jars, 'https://api.example.com/v1/')).toBe('c=1; b=2; a=1')
  })

  it('not after the server has deleted it', () => {
    const jars = open()
    store(jars, 'https://api.example.com/', 'a=1; Path=/', 'b=1; Path=/')
    store(jars, 'https://api.example.com/', 'a=; Path=/; Max-Age=0')
    expect(sent(jars, 'https://api.example.com/')).toBe('b=1')
    store(jars, 'https://api.example.com/', 'b=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT')
    expect(sent(jars, 'https://api.example.com/')).toBeUndefined()
  })
})

describe('the life of a cookie', () => {
  it('ends when its Max-Age is over, however often it was used', () => {
    const jars = open()
    store(jars, 'https://api.example.com/', 'a=1; Max-Age=60')
    for (let second = 1; second < 60; second++) {
      time += 1000
      expect(sent(jars, 'https://api.example.com/')).toBe('a=1')
    }
    time += 1000
    expect(sent(jars, 'https://api.example.com/')).toBeUndefined()
  })

  it('ends at its Expires, and Max-Age goes before that', () => {
    const jars = open()
    const expires = new Date(time + DAY).toUTCString()
    store(jars, 'https://api.example.com/', `a=1; Expires=${expires}`, `b=1; Max-Age=10; Expires=${expires}`)
    time += 11_000
    expect(sent(jars, 'https://api.example.com/')).toBe('a=1')
    time += DAY
    expect(sent(jars, 'https://api.example.com/')).toBeUndefined()
  })

  it('lasts 400 days at most, as in browsers', () => {
    const jars = open()
    store(
      jars,
      'https://api.example.com/',
      'a=1; Max-Age=99999999999',
      `b=1; Max-Age=${'9'.repeat(400)}`,
      'c=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT',
    )
    time += 399 * DAY
    expect(sent(jars, 'https://api.example.com/')).toBe('a=1; b=1; c=1')
    time += 2 * DAY
    expect(sent(jars, 'https://api.example.com/')).toBeUndefined()
  })

  it('of a cookie without either is that of the browser session, not of the dev server', () => {
    const jars = open()
    store(jars, 'https://api.example.com/', 'a=1')
    jars.close()
    time += 500 * DAY
    expect(sent(open(), 'https://api.example.com/')).toBe('a=1')
  })
})

describe('what a browser would refuse', () => {
  const CASES: [name: string, url: string, line: string, cookie: string, reason: RegExp][] = [
    [
      'a Domain of strangers',
      'https://api.example.com/',
      'a=1; Domain=other.example',
      'a',
      /Domain "other.example" does not cover "api.example.com"/,
    ],
    ['a Domain below the host', 'https://example.com/', 'a=1; Domain=api.example.com', 'a', /does not cover/],
    ['a Domain that ends like the host', 'https://example.com/', 'a=1; Domain=ple.com', 'a', /does not cover/],
    ['a top-level Domain', 'https://api.example.com/', 'a=1; Domain=com', 'a', /public suffix/],
    ['a Domain where strangers live', 'https://me.github.io/', 'a=1; Domain=github.io', 'a', /public suffix/],
    ['a special-use top level', 'https://app.test/', 'a=1; Domain=test', 'a', /public suffix/],
    ['all of localhost', 'http://a.localhost:3000/', 'a=1; Domain=localhost', 'a', /public suffix/],
    [
      'the production Domain on localhost',
      'http://localhost:3000/',
      'a=1; Domain=example.com',
      'a',
      /does not cover "localhost"/,
    ],
    ['a Domain on an address', 'http://10.0.0.1/', 'a=1; Domain=0.1', 'a', /does not cover/],
    ['a Domain that is no host', 'https://api.example.com/', 'a=1; Domain=%%%', 'a', /does not cover/],
    ['a Domain that is not in ASCII', 'https://a.münchen.example/', 'a=1; Domain=münchen.example', 'a', /not in ASCII/],
    ['a Domain that no parser takes', 'https://api.example.com/', 'a=1; Domain=[', 'a', /does not cover/],
    ['Secure over plain http', 'http://api.example.com/', 'a=1; Secure', 'a', /Secure.*plain http/],
    [
      'SameSite=None without Secure',
      'https://api.example.com/',
      'a=1; SameSite=None',
      'a',
      /SameSite=None without Secure/,
    ],
    ['Partitioned without Secure', 'https://api.example.com/', 'a=1; Partitioned', 'a', /Partitioned without Secure/],
    ['__Secure- without Secure', 'https://api.example.com/', '__Secure-a=1', '__Secure-a', /__Secure- asks for Secure/],
    ['__Host- without Secure', 'https://api.example.com/', '__Host-a=1; Path=/', '__Host-a', /__Host- asks for Secure/],
    [
      '__Host- with Domain',
      'https://api.example.com/',
      '__Host-a=1; Secure; Path=/; Domain=api.example.com',
      '__Host-a',
      /no Domain/,
    ],
    ['__Host- without Path', 'https://api.example.com/', '__Host-a=1; Secure', '__Host-a', /Path=\//],
    ['__Host- in another case', 'https://api.example.com/', '__hOsT-a=1; Path=/', '__hOsT-a', /asks for Secure/],
    ['__Http- without HttpOnly', 'https://api.example.com/', '__Http-a=1; Secure', '__Http-a', /HttpOnly/],
    ['a prefix in a value without a name', 'https://api.example.com/', '__Host-a; Secure; Path=/', '', /no name/],
  ]

  it.each(CASES)('is said, and kept for its target alone: %s', (_name, url, line, cookie, reason) => {
    const jars = open()
    expect(store(jars, url, line)).toEqual([{ name: cookie, reason: expect.stringMatching(reason) as string }])
    const value = line.split(';', 1)[0]
    expect(sent(jars, url)).toBe(value)
    const sibling = new URL(url)
    sibling.hostname = 'sibling.example.com'
    expect(sent(jars, sibling.href)).toBeUndefined()
    expect(sent(jars, 'https://other.example/')).toBeUndefined()
  })

  it.each(CASES)('comes back after a restart: %s', (_name, url, line) => {
    store(open(), url, line)
    opened.pop()?.close()
    expect(sent(open(), url)).toBe(line.split(';', 1)[0])
  })

  it('is not kept where it is no cookie at all', () => {
    const jars = open()
    expect(
      store(jars, 'https://api.example.com/', '', ';', '=', 'a=\x01', `a=${'x'.repeat(5000)}`).map(({ name }) => name),
    ).toEqual(['', '', '', 'a', 'a'])
    expect(sent(jars, 'https://api.example.com/')).toBeUndefined()
  })

  it('makes way for a valid cookie of the same name', () => {
    const jars = open()
    store(jars, 'https://api.example.com/', 'a=kept; Domain=other.example; Path=/')
    expect(store(jars, 'https://api.example.com/', 'a=valid; Path=/')).toEqual([])
    expect(sent(jars, 'https://api.example.com/')).toBe('a=valid')
  })

  it('goes before an older valid cookie of the same name, since the server meant to replace that', () => {
    const jars = open()
    store(jars, 'https://api.example.com/', 'a=valid; Path=/', 'b=1; Path=/')
    store(jars, 'https://api.example.com/', 'a=kept; Domain=other.example; Path=/')
    expect(sent(jars, 'https://api.example.com/')).toBe('b=1; a=kept')
  })

  it('is deleted as it was set, without a word', () => {
    const jars = open()
    store(jars, 'https://api.example.com/', 'a=1; Domain=other.example; Path=/')
    expect(store(jars, 'https://api.example.com/', 'a=; Domain=other.example; Path=/; Max-Age=0')).toEqual([])
    expect(sent(jars, 'https://api.example.com/')).toBeUndefined()
  })

  it('includes plain http that would overlay a Secure cookie', () => {
    const jars = open()
    store(jars, 'https://example.com/', 'a=secure; Secure; Domain=example.com; Path=/')
    expect(store(jars, 'http://api.example.com/', 'a=plain; Domain=example.com; Path=/')).toEqual([
      { name: 'a', reason: expect.stringMatching(/Secure cookie of this name/) as string },
    ])
    expect(sent(jars, 'https://example.com/')).toBe('a=secure')
    expect(sent(jars, 'http://api.example.com/')).toBe('a=plain')
  })

  it('is reported without the value, and without bytes that steer a terminal', () => {
    const refused = store(open(), 'https://api.example.com/', 'sid\x9b31m=s3cret; Domain=\x9bevil.example')
    expect(JSON.stringify(refused)).not.toMatch(/s3cret|\\u009b|\x9b/)
    expect(refused).toHaveLength(1)
  })
})

describe('the file', () => {
  it('keeps two subdomains logged in over a restart', () => {
    store(
      open(),
      'https://auth.example.com/login',
      'sid=1; Domain=example.com; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=3600',
      '__Host-csrf=2; Secure; Path=/',
    )
    opened.pop()?.close()
    const jars = open()
    expect(sent(jars, 'https://auth.example.com/')).toBe('sid=1; __Host-csrf=2')
    expect(sent(jars, 'https://api.example.com/')).toBe('sid=1')
    time += 3600 * 1000
    expect(sent(jars, 'https://api.example.com/')).toBeUndefined()
  })

  it('can be read by its owner alone, and nothing is left beside it', () => {
    const jars = open()
    store(jars, 'https://api.example.com/', 'a=1')
    jars.flush()
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(path.dirname(file))).toEqual(['cookies.json'])
  })

  it('is neither read nor written before a cookie is asked for', () => {
    const jars = open()
    jars.flush()
    expect(sent(jars, 'https://api.example.com/')).toBeUndefined()
    jars.close()
    expect(() => statSync(file)).toThrow()
  })

  it('is written by itself, soon after a change', async () => {
    store(open(), 'https://api.example.com/', 'a=1')
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toContain('api.example.com'), { timeout: 5000 })
  })

  it.each([
    ['empty', ''],
    ['cut short', '{"version":1,"sessions":{"browser-1":{"usedAt":1,"shar'],
    ['of zeros', '\0'.repeat(100)],
    ['a list', '[]'],
    ['null', 'null'],
    ['of another version', '{"version":99,"sessions":{}}'],
    ['of sessions that are none', '{"version":1,"sessions":{"browser-1":null,"b":[],"c":{"usedAt":"x"}},"ledger":7}'],
    [
      'of cookies that are none',
      '{"version":1,"sessions":{"browser-1":{"usedAt":1,"shared":[null,1,"x",{},{"key":"a"}],"own":{"x":null,"y":[3]}}}}',
    ],
    [
      'of dates that are none',
      '{"version":1,"sessions":{"browser-1":{"usedAt":1,"shared":[{"key":"a","value":"1","domain":"api.example.com","path":"/","hostOnly":true,"expires":"soon"}],"own":{}}}}',
    ],
    [
      'of prototypes',
      '{"version":1,"__proto__":{"x":1},"sessions":{"__proto__":{"usedAt":1,"shared":[],"own":{"__proto__":[]}}},"ledger":{"__proto__":{"__proto__":["x"]}}}',
    ],
    [
      'of a ledger that is none',
      '{"version":1,"sessions":{},"ledger":{"https://api.example.com":{"a":[1],"b":"x"},"y":3}}',
    ],
  ])('is started anew when it is damaged: %s', (_name, text) => {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
    const jars = open()
    expect(sent(jars, 'https://api.example.com/')).toBeUndefined()
    expect(jars.mayForward('https://api.example.com', 'a', '1')).toBe(false)
    store(jars, 'https://api.example.com/', 'a=1')
    jars.noteSet('https://api.example.com', 'a', '1')
    jars.close()
    expect(sent(open(), 'https://api.example.com/')).toBe('a=1')
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  it('can be missing for good: cookies then last as long as the process', () => {
    writeFileSync(path.join(folder, 'cache'), 'a file where the folder should be')
    const onWriteFailure = vi.fn()
    const jars = createCookieJars({ file, now: () => time, onWriteFailure })
    store(jars, 'https://api.example.com/', 'a=1')
    jars.flush()
    store(jars, 'https://api.example.com/', 'b=1')
    jars.close()
    expect(sent(jars, 'https://api.example.com/')).toBe('a=1; b=1')
    expect(onWriteFailure).toHaveBeenCalledTimes(1)
  })

  it('is shared by two dev servers of one project, neither of which loses what the other wrote', () => {
    const [vite, webpack] = [open(), open()]
    // Both have read the file.
    for (const jars of [vite, webpack]) sent(jars, 'https://api.example.com/')
    vite.store('browser-vite', new URL('https://api.example.com/'), ['a=1'])
    webpack.store('browser-webpack', new URL('https://api.example.com/'), ['b=1'])
    vite.noteSet('https://a.example', 'x', '1')
    webpack.noteSet('https://b.example', 'y', '1')
    vite.close()
    webpack.close()
    const jars = open()
    expect(sent(jars, 'https://api.example.com/', 'browser-vite')).toBe('a=1')
    expect(sent(jars, 'https://api.example.com/', 'browser-webpack')).toBe('b=1')
    expect(jars.mayForward('https://a.example', 'x', '1')).toBe(true)
    expect(jars.mayForward('https://b.example', 'y', '1')).toBe(true)
  })

  it('is read again when another dev server of the project has logged the same browser in', () => {
    const [vite, webpack] = [open(), open()]
    for (const jars of [vite, webpack]) sent(jars, 'https://api.example.com/')
    store(vite, 'https://api.example.com/', 'a=1')
    vite.flush()
    time += 1000
    expect(sent(webpack, 'https://api.example.com/')).toBe('a=1')
    store(webpack, 'https://api.example.com/', 'b=1')
    webpack.flush()
    time += 1000
    expect(sent(vite, 'https://api.example.com/')).toBe('a=1; b=1')
  })

  it('never takes the place of what was not written yet', () => {
    const [vite, webpack] = [open(), open()]
    for (const jars of [vite, webpack]) sent(jars, 'https://api.example.com/')
    webpack.store('browser-webpack', new URL('https://api.example.com/'), ['b=1'])
    webpack.flush()
    store(vite, 'https://api.example.com/', 'a=1')
    time += 1000
    expect(sent(vite, 'https://api.example.com/')).toBe('a=1')
    vite.flush()
    time += 1000
    expect(sent(vite, 'https://api.example.com/', 'browser-webpack')).toBe('b=1')
    expect(sent(vite, 'https://api.example.com/')).toBe('a=1')
  })

  it('stays bounded: browsers that were not seen for longest are forgotten', () => {
    const jars = open()
    for (let i = 0; i < 60; i++) {
      time += 1000
      jars.store(`browser-${i}`, new URL('https://api.example.com/'), ['a=1'])
      sent(jars, 'https://api.example.com/', 'browser-0')
    }
    jars.close()
    for (const reopened of [jars, open()]) {
      expect(sent(reopened, 'https://api.example.com/', 'browser-0')).toBe('a=1')
      expect(sent(reopened, 'https://api.example.com/', 'browser-1')).toBeUndefined()
      expect(sent(reopened, 'https://api.example.com/', 'browser-59')).toBe('a=1')
    }
  })

  it('stays bounded: cookies that were not used for longest are forgotten', () => {
    const jars = open()
    for (let i = 0; i < 700; i++) {
      time += 1000
      store(jars, `https://h${i % 70}.example.com/`, `c${i}=1`)
    }
    jars.flush()
    const { sessions } = JSON.parse(readFileSync(file, 'utf8')) as { sessions: Record<string, { shared: unknown[] }> }
    expect(sessions[BROWSER]?.shared.length).toBe(600)
    expect(sent(jars, 'https://h69.example.com/')).toContain('c699=1')
  })

  it('keeps a browser that only reads among those in use', () => {
    store(open(), 'https://api.example.com/', 'a=1')
    opened.pop()?.close()
    const stored = readFileSync(file, 'utf8')
    time += 2 * DAY
    const jars = open()
    expect(sent(jars, 'https://api.example.com/')).toBe('a=1')
    jars.close()
    expect(readFileSync(file, 'utf8')).not.toBe(stored)
  })

  it('keeps no expired cookie and no value of a path route', () => {
    const jars = open()
    store(jars, 'https://api.example.com/', 'gone=s3cret; Max-Age=1')
    jars.noteSet('https://api.example.com', 'sid', 's3cret')
    time += 2000
    jars.flush()
    expect(readFileSync(file, 'utf8')).not.toContain('s3cret')
  })
})

describe('a cookie of the browser, on a path route', () => {
  const [A, B] = ['https://a.example', 'https://b.example']

  it('goes to the target that set one of its name, and to no other', () => {
    const jars = open()
    jars.noteSet(A, 'sid', '1')
    expect(jars.mayForward(A, 'sid', '1')).toBe(true)
    expect(jars.mayForward(B, 'sid', '1')).toBe(false)
    expect(jars.mayForward(A, 'SID', '1')).toBe(false)
    expect(jars.mayForward(A, 'other-project', '1')).toBe(false)
    expect(jars.mayForward(A, '__proto__', '1')).toBe(false)
  })

  it('goes up with the value that page code gave it', () => {
    const jars = open()
    jars.noteSet(A, 'theme', 'light')
    expect(jars.mayForward(A, 'theme', 'dark')).toBe(true)
  })

  it('does not where that could be the login of another project, which calls its own the same', () => {
    const jars = open()
    jars.noteSet(A, 'token', 'of-a')
    expect(jars.mayForward(A, 'token', 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl')).toBe(false)
    expect(jars.mayForward(A, 'token', 'A'.repeat(22))).toBe(false)
    // A browser that called the target directly would send it this one, too.
    expect(jars.mayForward(A, 'token', 'A'.repeat(22), true)).toBe(true)
  })

  it('goes to the one of two targets whose value it is', () => {
    const jars = open()
    jars.noteSet(A, 'sid', 'of-a')
    jars.noteSet(B, 'sid', 'of-b')
    expect(jars.mayForward(A, 'sid', 'of-b')).toBe(false)
    expect(jars.mayForward(B, 'sid', 'of-b')).toBe(true)
    expect(jars.mayForward(A, 'sid', 'of-a')).toBe(true)
    expect(jars.mayForward(B, 'sid', 'of-a')).toBe(false)
  })

  it('is known again in a second browser, after the first got a newer value', () => {
    const jars = open()
    jars.noteSet(A, 'sid', 'of-a')
    jars.noteSet(B, 'sid', 'of-b-first-browser')
    jars.noteSet(B, 'sid', 'of-b-second-browser')
    expect(jars.mayForward(A, 'sid', 'of-b-first-browser')).toBe(false)
  })

  it('goes to both where both set the same value', () => {
    const jars = open()
    jars.noteSet(A, 'lang', 'de')
    jars.noteSet(B, 'lang', 'de')
    expect(jars.mayForward(A, 'lang', 'de')).toBe(true)
    expect(jars.mayForward(B, 'lang', 'de')).toBe(true)
  })

  it('is known again after a restart', () => {
    const before = open()
    before.noteSet(A, 'sid', 'of-a')
    before.noteSet(B, 'sid', 'of-b')
    before.close()
    const after = open()
    expect(after.mayForward(A, 'sid', 'of-a')).toBe(true)
    expect(after.mayForward(A, 'sid', 'of-b')).toBe(false)
  })

  it('is that of the target by its value, where scripts cannot have changed it: names are shared by all projects', () => {
    const jars = open()
    jars.noteSet(A, 'connect.sid', 'of-a', { isHttpOnly: true })
    expect(jars.mayForward(A, 'connect.sid', 'of-a')).toBe(true)
    expect(jars.mayForward(A, 'connect.sid', 'of-another-project')).toBe(false)
    // A browser that called the target directly would send it this one, too.
    expect(jars.mayForward(A, 'connect.sid', 'of-another-project', true)).toBe(true)
  })

  it('is known in a browser that is idle while another gets a new value with each answer', () => {
    const jars = open()
    jars.noteSet(A, 'sid', 'idle', { isHttpOnly: true })
    for (let i = 0; i < 1000; i++) jars.noteSet(A, 'sid', `${i + 1}`, { isHttpOnly: true, replaces: `${i}` })
    for (const value of ['idle', '1000', '999', '980']) expect(jars.mayForward(A, 'sid', value), value).toBe(true)
    expect(jars.mayForward(A, 'sid', '900')).toBe(false)
    jars.close()
    const after = open()
    for (const value of ['idle', '1000', '999']) expect(after.mayForward(A, 'sid', value), value).toBe(true)
    expect(after.mayForward(A, 'sid', 'of-another-project')).toBe(false)
  })

  it('is one of at most 200 names that a target can have', () => {
    const jars = open()
    for (let i = 0; i < 300; i++) jars.noteSet(A, `c${i}`, '1')
    expect(jars.mayForward(A, 'c0', '1')).toBe(false)
    expect(jars.mayForward(A, 'c299', '1')).toBe(true)
  })
})

describe('whatever a server sets', () => {
  function random(seed: number): (below: number) => number {
    let state = seed
    return (below) => {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return (state >>> 0) % below
    }
  }

  const HOSTS = [
    'api.example.com',
    'auth.example.com',
    'me.github.io',
    'localhost:3000',
    '[::1]:3000',
    '10.0.0.1',
    'intranet',
    'münchen.test',
  ]
  const ATTRIBUTES = [
    'Domain=example.com',
    'Domain=.com',
    'Domain=localhost',
    'Domain=[::1]',
    'Domain=[',
    'Domain=münchen.test',
    'Domain=\xe4\xff',
    'Domain',
    'Path=/x',
    'Path=%',
    'Path=',
    'Secure',
    'HttpOnly',
    'SameSite=None',
    'SameSite=\xff',
    'Max-Age=x',
    'Max-Age=-1',
    'Max-Age=99999999999999999999',
    'Expires=x',
    'Expires=Thu, 99 Jan 9999 99:99:99 GMT',
    'Partitioned',
    '=',
    ';',
    '\x01',
  ]
  const PAIRS = [
    'a=1',
    '__Host-a=1',
    '__Secure-a=1',
    '=1',
    '==',
    'a',
    '',
    'a=\t',
    '\xff=\xff',
    'constructor=1',
    'a=b=c',
  ]

  it('never throws, and never reaches a host of strangers', () => {
    const next = random(0xc00c1e)
    const one = <T>(list: readonly T[]): T => list[next(list.length)] as T
    let jars = open()
    let stored = 0
    for (let i = 0; i < 4000; i++) {
      const scheme = one(['http', 'https'])
      const url = new URL(`${scheme}://${one(HOSTS)}/${one(['', 'x/', '%', '%C3%A9/', 'a%2fb'])}`)
      const attributes = Array.from({ length: next(4) }, () => one(ATTRIBUTES))
      const line = [one(PAIRS), ...attributes].join('; ')
      jars.store(`b${next(3)}`, url, [line])
      if (jars.cookieHeader(`b${next(3)}`, url) !== undefined) stored++
      if (next(500) === 0) {
        jars.close()
        jars = open()
      }
      expect(jars.cookieHeader('b0', new URL('https://you.github.io/'))).toBeUndefined()
      expect(jars.cookieHeader('b0', new URL('http://localhost:4000/'))).toBeUndefined()
      expect(jars.cookieHeader('b0', new URL('https://evil.com/'))).toBeUndefined()
    }
    expect(stored).toBeGreaterThan(500)
  })
})
