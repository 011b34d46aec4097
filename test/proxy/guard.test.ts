import type { IncomingHttpHeaders } from 'node:http'
import { describe, expect, it } from 'vitest'
import { guardRequest, type GuardPolicy, type GuardRequest, type RefusalCode } from '../../src/proxy/guard'

const DEFAULT_POLICY: GuardPolicy = { origins: ['loopback'], allowedHosts: [] }

interface Case extends Partial<Omit<GuardRequest, 'headers'>> {
  headers?: IncomingHttpHeaders
  policy?: GuardPolicy
}

function build({ policy: _policy, ...overrides }: Case): GuardRequest {
  return {
    method: 'GET',
    url: '/api/users?token=s3cret',
    headers: {},
    authority: 'localhost:5173',
    isEncrypted: false,
    isUpgrade: false,
    way: 'path',
    injectsHeaders: false,
    hasSession: false,
    ...overrides,
  }
}

function guard(one: Case): ReturnType<typeof guardRequest> {
  return guardRequest(build(one), one.policy ?? DEFAULT_POLICY)
}

function codeOf(one: Case): RefusalCode | 'allowed' {
  const result = guard(one)
  return result.allowed ? 'allowed' : result.code
}

const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }
const SCRIPT_ELEMENT = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }
const CLIENT_SCRIPT = { way: 'reserved', url: '/__cors-dev/client.js' } as const
const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

/** Every kind of refusal, each by the attack it is for. Kept here so that one test can read every message. */
const ATTACKS: Record<string, Case & { code: RefusalCode; allowedBy?: RegExp }> = {
  'a page whose own domain was made to lead here (DNS rebinding)': {
    authority: 'evil.example:5173',
    headers: SAME_ORIGIN,
    code: 'host-not-allowed',
    allowedBy: /Add "http:\/\/evil\.example:5173" to the plugin's origins/,
  },
  'the same by an upgrade': {
    authority: 'evil.example:5173',
    headers: { origin: 'http://evil.example:5173' },
    isUpgrade: true,
    code: 'host-not-allowed',
    allowedBy: /Add "http:\/\/evil\.example:5173" to the plugin's origins/,
  },
  'the same over https': {
    authority: 'evil.example',
    headers: SAME_ORIGIN,
    isEncrypted: true,
    code: 'host-not-allowed',
    allowedBy: /Add "https:\/\/evil\.example" to the plugin's origins/,
  },
  'a page that reaches local servers by 0.0.0.0': {
    authority: '0.0.0.0:5173',
    headers: SAME_ORIGIN,
    code: 'host-not-allowed',
    allowedBy: /Open http:\/\/localhost:5173 instead/,
  },
  'a Host that is none': { authority: '[::1', headers: SAME_ORIGIN, code: 'host-malformed' },
  'TRACE, which would show injected headers': { method: 'TRACE', headers: SAME_ORIGIN, code: 'method-forbidden' },
  'a script of a remote server, run under the page': {
    way: 'relay',
    headers: { ...SAME_ORIGIN, 'sec-fetch-dest': 'script' },
    code: 'destination-refused',
    allowedBy: /give the target a key such as "\/api" in the plugin's targets/,
  },
  'an Origin that no URL parser takes': { headers: { origin: 'http://[' }, code: 'origin-malformed' },
  'two Origins': {
    headers: { origin: 'http://localhost:5173, https://evil.example' },
    code: 'origin-malformed',
  },
  'a sandboxed frame of any site': {
    headers: { origin: 'null', 'sec-fetch-site': 'cross-site' },
    code: 'origin-null',
    allowedBy: /allow-same-origin/,
  },
  'fetch by a foreign page': {
    headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
    code: 'origin-not-allowed',
    allowedBy: /Add "https:\/\/evil\.example" to the plugin's origins\.$/,
  },
  'a WebSocket of a foreign page': {
    headers: { origin: 'https://evil.example' },
    isUpgrade: true,
    code: 'origin-not-allowed',
    allowedBy: /Add "https:\/\/evil\.example" to the plugin's origins\.$/,
  },
  'a WebSocket of a page on an address': {
    headers: { origin: 'http://203.0.113.9' },
    isUpgrade: true,
    code: 'origin-not-allowed',
    allowedBy: /Add "http:\/\/203\.0\.113\.9" to the plugin's origins\.$/,
  },
  'another local project, on a route with an injected key': {
    headers: { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' },
    injectsHeaders: true,
    code: 'origin-not-explicit',
    allowedBy: /Add "http:\/\/localhost:3000" to the plugin's origins\.$/,
  },
  'an image or classic script of a foreign page': {
    headers: {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'no-cors',
      'sec-fetch-dest': 'image',
      referer: 'https://evil.example/',
    },
    code: 'cross-site',
    allowedBy: /use fetch or the crossorigin attribute, and add "https:\/\/evil\.example" to the plugin's origins\.$/,
  },
  'an image on a page that hides its Referer': {
    headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    code: 'cross-site',
    allowedBy: /add its origin to the plugin's origins\.$/,
  },
  'a request that says nothing of where it comes from': {
    authority: '192.168.1.5:5173',
    code: 'no-proof',
    allowedBy: /Open http:\/\/192\.168\.1\.5:5173\/ in this browser first/,
  },
}

describe('a refusal', () => {
  it.each(Object.entries(ATTACKS))('meets %s', (_name, attack) => {
    const result = guard(attack)
    expect(result).toMatchObject({ allowed: false, code: attack.code })
    if (!result.allowed)
      expect(result.status).toBe(attack.code.endsWith('malformed') || attack.code === 'method-forbidden' ? 400 : 403)
  })

  it.each(Object.entries(ATTACKS))('tells the developer what would allow it: %s', (_name, attack) => {
    const result = guard(attack)
    if (result.allowed) throw new Error('was allowed')
    // What is wrong, why, what to do instead.
    expect(result.message).toMatch(/^(?:[A-Z]+|upgrade) \/\S* was refused, since .+: .+\. .+\.$/)
    expect(result.message).toMatch(attack.allowedBy ?? /\. (?:Call|Use|Send) /)
  })

  it('is met by every kind that there is', () => {
    const codes: Record<RefusalCode, true> = {
      'host-malformed': true,
      'host-not-allowed': true,
      'method-forbidden': true,
      'destination-refused': true,
      'origin-malformed': true,
      'origin-null': true,
      'origin-not-allowed': true,
      'origin-not-explicit': true,
      'cross-site': true,
      'no-proof': true,
    }
    expect(new Set(Object.values(ATTACKS).map(({ code }) => code))).toEqual(new Set(Object.keys(codes)))
  })

  it('shows neither the query, where secrets are, nor bytes that steer a terminal', () => {
    const result = guard({
      url: '/api/\x1b[2J\x9b31m?key=s3cret',
      headers: { origin: 'https://evil.example/\x1b]0;owned\x07' },
    })
    if (result.allowed) throw new Error('was allowed')
    expect(result.message).not.toContain('s3cret')
    expect(result.message).toMatch(/^[\x20-\x7e]*$/)
  })

  it('cuts a value that a stranger made long', () => {
    const result = guard({ headers: { origin: `https://${'a'.repeat(250)}.example` }, url: `/${'b'.repeat(8000)}` })
    if (result.allowed) throw new Error('was allowed')
    expect(result.message.length).toBeLessThan(800)
  })
})

describe('the Host', () => {
  const policy: GuardPolicy = {
    origins: ['loopback', 'https://app.example.com:8443', 'capacitor://localhost'],
    allowedHosts: ['dev.test', '.tunnel.example', 'MiXed.test'],
  }

  it.each([
    ['localhost', 'http://localhost'],
    ['localhost:80', 'http://localhost'],
    ['localhost:5173', 'http://localhost:5173'],
    ['LocalHost:5173', 'http://localhost:5173'],
    ['app.localhost:5173', 'http://app.localhost:5173'],
    ['127.0.0.1:5173', 'http://127.0.0.1:5173'],
    ['127.1.2.3:5173', 'http://127.1.2.3:5173'],
    ['[::1]:5173', 'http://[::1]:5173'],
    // An address leads where it says; no DNS is asked.
    ['192.168.1.5:5173', 'http://192.168.1.5:5173'],
    ['203.0.113.9:5173', 'http://203.0.113.9:5173'],
    ['[fd00::1]:5173', 'http://[fd00::1]:5173'],
    ['[FD00::1]:5173', 'http://[fd00::1]:5173'],
    ['[::ffff:7f00:1]:5173', 'http://[::ffff:7f00:1]:5173'],
    ['dev.test:5173', 'http://dev.test:5173'],
    ['mixed.test', 'http://mixed.test'],
    ['tunnel.example', 'http://tunnel.example'],
    ['a.b.tunnel.example', 'http://a.b.tunnel.example'],
    ['app.example.com', 'http://app.example.com'],
  ])('%s is ours', (authority, ownOrigin) => {
    expect(guard({ authority, headers: SAME_ORIGIN, policy })).toEqual({
      allowed: true,
      ownOrigin,
      pageOrigin: ownOrigin,
      otherOrigin: undefined,
    })
  })

  it('has its scheme and default port from the connection', () => {
    const own = (authority: string): string | undefined => {
      const result = guard({ authority, isEncrypted: true, headers: SAME_ORIGIN })
      return result.allowed ? result.ownOrigin : undefined
    }
    expect(own('localhost:443')).toBe('https://localhost')
    expect(own('localhost:80')).toBe('https://localhost:80')
    expect(own('localhost')).toBe('https://localhost')
  })

  it.each([
    'evil.example',
    'localhost.evil.example',
    'evillocalhost',
    'localhost.',
    'localhost.:5173',
    'app.localhost.',
    'dev.test.',
    'xdev.test',
    'sub.dev.test',
    'xtunnel.example',
    'example.com',
    'xapp.example.com',
    'app.example.com.evil.example',
    // Browsers canonicalize all of these; whoever sends them is no browser, or found a way around.
    '0.0.0.0',
    '0.0.0.0:5173',
    '0',
    '0:5173',
    '0.1.2.3',
    '[::]',
    '[::]:5173',
    '[0:0:0:0:0:0:0:0]',
    '[::ffff:0:0]',
    '[::ffff:0.0.0.0]',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '127.0.1',
    '127.0.0.01',
    '127.0.0.1.',
    '127.0.0.256',
    '1.2.3.4.5',
    '192.168.1.0x5',
    '[0:0:0:0:0:0:0:1]',
    '[::0001]',
    '[::ffff:127.0.0.1]',
    '[::1:]',
    '[1:2]',
    '[.]',
    '224.0.0.1',
    '255.255.255.255',
    '[ff02::1]',
  ])('%s is refused', (authority) => {
    expect(codeOf({ authority, headers: SAME_ORIGIN, policy })).toBe('host-not-allowed')
  })

  it.each([
    undefined,
    '',
    ' ',
    'a b',
    ' localhost',
    'localhost ',
    'localhost:',
    'localhost:5173:5173',
    'localhost:0',
    'localhost:05173',
    'localhost:65536',
    'localhost:99999',
    'localhost:x',
    'localhost:-1',
    'localhost:5173/',
    'localhost/..',
    'localhost?x',
    'localhost#x',
    'localhost\\evil',
    'user@localhost',
    'evil.example@localhost:5173',
    'localhost,evil.example',
    'localhost%2eevil',
    'localhost\0',
    'localhost\t',
    'localhost\r\nX: y',
    'löcalhost',
    'ｌocalhost',
    '.localhost',
    'a..localhost',
    '.',
    '..',
    ':',
    ':5173',
    '[',
    ']',
    '[]',
    '[::1',
    '::1',
    '[::1]x',
    '[::1]]',
    '[[::1]]',
    '[::1%25lo]',
    '[fe80::1%eth0]',
    'http://localhost',
    '*',
    'a'.repeat(300),
    `${'a.'.repeat(150)}localhost`,
  ])('%j is malformed', (authority) => {
    expect(codeOf({ authority, headers: SAME_ORIGIN, policy })).toBe('host-malformed')
  })

  it('is judged anew for each policy and scheme, whatever was accepted before', () => {
    const open: GuardPolicy = { origins: [], allowedHosts: ['dev.test'] }
    expect(codeOf({ authority: 'dev.test', headers: SAME_ORIGIN, policy: open })).toBe('allowed')
    expect(codeOf({ authority: 'dev.test', headers: SAME_ORIGIN, policy: open })).toBe('allowed')
    expect(codeOf({ authority: 'dev.test', headers: SAME_ORIGIN })).toBe('host-not-allowed')
    const encrypted = guard({ authority: 'dev.test', isEncrypted: true, headers: SAME_ORIGIN, policy: open })
    expect(encrypted).toMatchObject({ ownOrigin: 'https://dev.test' })
  })

  it('is accepted again after more names than are remembered', () => {
    const policy: GuardPolicy = { origins: [], allowedHosts: [] }
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 100; i++) {
        expect(codeOf({ authority: `p${i}.localhost`, headers: SAME_ORIGIN, policy })).toBe('allowed')
        expect(codeOf({ authority: `p${i}.evil`, headers: SAME_ORIGIN, policy })).toBe('host-not-allowed')
      }
    }
  })

  it('is not opened by an empty or dotted entry of allowedHosts', () => {
    const policy: GuardPolicy = { origins: [], allowedHosts: ['', '.'] }
    expect(codeOf({ authority: 'evil.example', headers: SAME_ORIGIN, policy })).toBe('host-not-allowed')
  })
})

describe('one proof is needed', () => {
  const origins: GuardPolicy = { origins: ['https://app.example', 'capacitor://localhost'], allowedHosts: ['dev.test'] }
  const both: GuardPolicy = { origins: ['loopback', 'https://app.example'], allowedHosts: [] }

  const TABLE: [name: string, one: Case, outcome: RefusalCode | 'own' | string][] = [
    // A browser's own statement.
    ['same-origin', { headers: SAME_ORIGIN }, 'own'],
    ['same-origin, injected headers', { headers: SAME_ORIGIN, injectsHeaders: true }, 'own'],
    ['same-origin, relay', { headers: SAME_ORIGIN, way: 'relay' }, 'own'],
    [
      'same-origin POST of a form with referrer policy no-referrer',
      { method: 'POST', headers: { ...SAME_ORIGIN, origin: 'null' } },
      'own',
    ],
    ['same-origin spelt wrong', { headers: { 'sec-fetch-site': 'Same-Origin' } }, 'cross-site'],
    ['same-origin twice', { headers: { 'sec-fetch-site': 'same-origin, same-origin' } }, 'cross-site'],
    [
      'same-origin, and a foreign Origin all the same',
      { headers: { ...SAME_ORIGIN, origin: 'https://evil.example' } },
      'origin-not-allowed',
    ],
    ['same-site without Origin', { headers: { 'sec-fetch-site': 'same-site' } }, 'cross-site'],
    ['none without a navigation', { headers: { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'cors' } }, 'cross-site'],
    [
      'a session does not make up for cross-site',
      { headers: { 'sec-fetch-site': 'cross-site' }, hasSession: true },
      'cross-site',
    ],

    // Origin.
    ['own Origin', { headers: { origin: 'http://localhost:5173' } }, 'own'],
    ['own Origin, upgrade', { headers: { origin: 'http://localhost:5173' }, isUpgrade: true }, 'own'],
    ['own Origin, injected headers', { headers: { origin: 'http://localhost:5173' }, injectsHeaders: true }, 'own'],
    ['own Origin, another case', { headers: { origin: 'http://LOCALHOST:5173' } }, 'origin-malformed'],
    ['own Origin with a slash', { headers: { origin: 'http://localhost:5173/' } }, 'origin-malformed'],
    [
      'own host, https, on a loopback name',
      { headers: { origin: 'https://localhost:5173' }, policy: origins },
      'origin-not-allowed',
    ],
    [
      'another port, loopback',
      { headers: { origin: 'http://localhost:8000', 'sec-fetch-site': 'same-site' } },
      'http://localhost:8000',
    ],
    ['another port, https', { headers: { origin: 'https://localhost:8000' } }, 'https://localhost:8000'],
    [
      '127.0.0.1',
      { headers: { origin: 'http://127.0.0.1:8000', 'sec-fetch-site': 'cross-site' } },
      'http://127.0.0.1:8000',
    ],
    ['[::1]', { headers: { origin: 'http://[::1]:8000' } }, 'http://[::1]:8000'],
    ['a name under localhost', { headers: { origin: 'http://shop.localhost:8000' } }, 'http://shop.localhost:8000'],
    ['loopback with the port written out', { headers: { origin: 'http://localhost:80' } }, 'origin-malformed'],
    ['a name that starts as localhost', { headers: { origin: 'http://localhost.evil.example' } }, 'origin-not-allowed'],
    ['a name that ends as localhost', { headers: { origin: 'http://evillocalhost' } }, 'origin-not-allowed'],
    [
      'userinfo that looks like localhost',
      { headers: { origin: 'http://localhost:5173@evil.example' } },
      'origin-malformed',
    ],
    ['odd spelling of 127.0.0.1', { headers: { origin: 'http://2130706433' } }, 'origin-malformed'],
    ['0.0.0.0', { headers: { origin: 'http://0.0.0.0:8000' } }, 'origin-not-allowed'],
    [
      'loopback where it is not listed',
      { headers: { origin: 'http://localhost:8000' }, policy: origins },
      'origin-not-allowed',
    ],
    [
      'listed',
      { headers: { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' }, policy: origins },
      'https://app.example',
    ],
    [
      'listed, injected headers',
      { headers: { origin: 'https://app.example' }, injectsHeaders: true, policy: both },
      'https://app.example',
    ],
    ['listed, another scheme', { headers: { origin: 'http://app.example' }, policy: origins }, 'origin-not-allowed'],
    [
      'listed, another port',
      { headers: { origin: 'https://app.example:8443' }, policy: origins },
      'origin-not-allowed',
    ],
    ['listed, below it', { headers: { origin: 'https://x.app.example' }, policy: origins }, 'origin-not-allowed'],
    ['an app scheme', { headers: { origin: 'capacitor://localhost' } }, 'origin-not-allowed'],
    [
      'an app scheme, listed',
      { headers: { origin: 'capacitor://localhost' }, policy: origins },
      'capacitor://localhost',
    ],
    ['an extension', { headers: { origin: 'chrome-extension://abcdefghijklmnop' } }, 'origin-not-allowed'],
    ['file', { headers: { origin: 'file://' } }, 'origin-malformed'],
    ['null with a session', { headers: { origin: 'null' }, hasSession: true }, 'origin-null'],
    [
      'null, listed by mistake',
      { headers: { origin: 'null' }, policy: { origins: ['null'], allowedHosts: [] } },
      'origin-null',
    ],
    [
      'star, listed by mistake',
      { headers: { origin: '*' }, policy: { origins: ['*'], allowedHosts: [] } },
      'origin-malformed',
    ],
    ['the word loopback', { headers: { origin: 'loopback' } }, 'origin-malformed'],
    ['foreign with a session', { headers: { origin: 'https://evil.example' }, hasSession: true }, 'origin-not-allowed'],
    ['empty Origin', { headers: { origin: '' } }, 'origin-malformed'],
    [
      'preflight of a local page',
      {
        method: 'OPTIONS',
        headers: {
          origin: 'http://localhost:8000',
          'access-control-request-method': 'PUT',
          'sec-fetch-mode': 'cors',
          'sec-fetch-site': 'same-site',
        },
      },
      'http://localhost:8000',
    ],
    [
      'preflight of a foreign page',
      { method: 'OPTIONS', headers: { origin: 'https://evil.example', 'access-control-request-method': 'PUT' } },
      'origin-not-allowed',
    ],

    // A tunnel or a reverse proxy that ends TLS in front of us.
    [
      'https in front, by Origin',
      { authority: 'dev.test', headers: { origin: 'https://dev.test' }, policy: origins },
      'own https://dev.test',
    ],
    [
      'https in front, by Referer',
      { authority: 'dev.test', headers: { ...SAME_ORIGIN, referer: 'https://dev.test/page' }, policy: origins },
      'own https://dev.test',
    ],
    [
      'https in front, another host',
      { authority: 'dev.test', headers: { origin: 'https://dev.test.evil.example' }, policy: origins },
      'origin-not-allowed',
    ],
    [
      'http page of an https server',
      { authority: 'dev.test', isEncrypted: true, headers: { origin: 'http://dev.test' }, policy: origins },
      'origin-not-allowed',
    ],

    // Navigations.
    ['a typed address', { headers: { ...NAVIGATION, 'sec-fetch-site': 'none' } }, 'own'],
    [
      'a typed address, injected headers',
      { headers: { ...NAVIGATION, 'sec-fetch-site': 'none' }, injectsHeaders: true },
      'own',
    ],
    [
      'an OAuth provider that sends the browser back',
      { headers: { ...NAVIGATION, 'sec-fetch-site': 'cross-site', referer: 'https://idp.example/' } },
      'own',
    ],
    [
      'a link, injected headers',
      { headers: { ...NAVIGATION, 'sec-fetch-site': 'cross-site' }, injectsHeaders: true },
      'cross-site',
    ],
    [
      'a form of a foreign page',
      { method: 'POST', headers: { ...NAVIGATION, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' } },
      'origin-not-allowed',
    ],
    [
      'a form of a foreign page without Origin',
      { method: 'POST', headers: { ...NAVIGATION, 'sec-fetch-site': 'cross-site' } },
      'cross-site',
    ],
    [
      'a frame of a foreign page',
      { headers: { ...NAVIGATION, 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' } },
      'cross-site',
    ],
    [
      'a document through the relay',
      { way: 'relay', headers: { ...NAVIGATION, 'sec-fetch-site': 'none' } },
      'destination-refused',
    ],
    [
      'a link into the reserved prefix',
      { way: 'reserved', url: '/__cors-dev/', headers: { ...NAVIGATION, 'sec-fetch-site': 'cross-site' } },
      'cross-site',
    ],
    [
      'the reserved prefix, typed',
      { way: 'reserved', url: '/__cors-dev/', headers: { ...NAVIGATION, 'sec-fetch-site': 'none' } },
      'own',
    ],

    // No statement: plain http on the LAN.
    ['session', { authority: '192.168.1.5', hasSession: true }, 'own'],
    ['no session', { authority: '192.168.1.5' }, 'no-proof'],
    [
      'session, own Referer, injected headers',
      {
        authority: '192.168.1.5',
        hasSession: true,
        injectsHeaders: true,
        headers: { referer: 'http://192.168.1.5/page?x' },
      },
      'own',
    ],
    [
      'session, no Referer, injected headers',
      { authority: '192.168.1.5', hasSession: true, injectsHeaders: true },
      'no-proof',
    ],
    [
      'session, Referer on another port',
      { authority: '192.168.1.5', hasSession: true, headers: { referer: 'http://192.168.1.5:3000/' } },
      'origin-not-allowed',
    ],
    [
      'session, foreign Referer',
      { authority: '192.168.1.5', hasSession: true, headers: { referer: 'http://evil.example/' } },
      'origin-not-allowed',
    ],
    [
      'session, Referer that is no URL',
      { authority: '192.168.1.5', hasSession: true, headers: { referer: 'http://[' } },
      'own',
    ],
    ['a Referer alone', { authority: '192.168.1.5', headers: { referer: 'http://192.168.1.5/' } }, 'no-proof'],

    // What the reserved prefix serves.
    [
      'the client script, by a classic script of another local page',
      {
        way: 'reserved',
        url: '/__cors-dev/client.js',
        headers: { 'sec-fetch-site': 'same-site', 'sec-fetch-dest': 'script' },
      },
      'own',
    ],
    [
      'the client script below a base',
      { way: 'reserved', url: '/app/__cors-dev/client.js?v=1', headers: SAME_ORIGIN },
      'own',
    ],
    [
      'the client script, by a page of another local server and site',
      { ...CLIENT_SCRIPT, headers: { ...SCRIPT_ELEMENT, referer: 'http://127.0.0.1:8000/' } },
      'http://127.0.0.1:8000',
    ],
    [
      'the client script, by a listed page',
      { ...CLIENT_SCRIPT, headers: { ...SCRIPT_ELEMENT, referer: 'https://app.example/' }, policy: origins },
      'https://app.example',
    ],
    [
      'the client script, by a foreign page',
      { ...CLIENT_SCRIPT, headers: { ...SCRIPT_ELEMENT, referer: 'https://evil.example/' } },
      'origin-not-allowed',
    ],
    [
      'the client script, by a foreign page that hides its Referer',
      { ...CLIENT_SCRIPT, headers: SCRIPT_ELEMENT },
      'cross-site',
    ],
    [
      'the client script, by a neighbour where loopback is not listed',
      { ...CLIENT_SCRIPT, headers: { ...SCRIPT_ELEMENT, 'sec-fetch-site': 'same-site' }, policy: origins },
      'cross-site',
    ],
    [
      'the client script, by a neighbour of a name that is shared',
      {
        ...CLIENT_SCRIPT,
        authority: 'dev.test',
        headers: { ...SCRIPT_ELEMENT, 'sec-fetch-site': 'same-site' },
        policy: { origins: ['loopback'], allowedHosts: ['dev.test'] },
      },
      'cross-site',
    ],
    [
      'the client script, on the LAN, with its page',
      { ...CLIENT_SCRIPT, authority: '192.168.1.5', hasSession: true },
      'own',
    ],
    [
      'the client script, on the LAN, by its Referer',
      { ...CLIENT_SCRIPT, authority: '192.168.1.5', headers: { referer: 'http://192.168.1.5/' } },
      'own',
    ],
    ['the client script, on the LAN, by whoever asks', { ...CLIENT_SCRIPT, authority: '192.168.1.5' }, 'no-proof'],
    [
      'the client script, by a module of a foreign page',
      { ...CLIENT_SCRIPT, headers: { origin: 'https://evil.example' } },
      'origin-not-allowed',
    ],
    [
      'the client script by POST',
      { way: 'reserved', method: 'POST', url: '/__cors-dev/client.js', headers: {} },
      'no-proof',
    ],
    [
      'another endpoint whose query names the client script',
      { way: 'reserved', url: '/__cors-dev/failure?/__cors-dev/client.js', headers: {} },
      'no-proof',
    ],
    [
      'a path route that ends in the client script',
      { way: 'path', url: '/api/__cors-dev/client.js', headers: {} },
      'no-proof',
    ],
    [
      'a control endpoint, by an image',
      {
        way: 'reserved',
        url: '/__cors-dev/failure?url=x',
        headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' },
      },
      'cross-site',
    ],
    [
      'a control endpoint, same site',
      { way: 'reserved', url: '/__cors-dev/failure?url=x', headers: { 'sec-fetch-site': 'same-site' } },
      'cross-site',
    ],
    [
      'a control endpoint, foreign Origin',
      { way: 'reserved', method: 'POST', url: '/__cors-dev/decision', headers: { origin: 'https://evil.example' } },
      'origin-not-allowed',
    ],

    // Methods.
    ['TRACK', { method: 'TRACK', headers: SAME_ORIGIN }, 'method-forbidden'],
    ['CONNECT', { method: 'CONNECT', headers: SAME_ORIGIN }, 'method-forbidden'],
    ['trace', { method: 'trace', headers: SAME_ORIGIN }, 'method-forbidden'],
    ['PROPFIND', { method: 'PROPFIND', headers: SAME_ORIGIN }, 'own'],
  ]

  it.each(TABLE)('%s', (_name, one, outcome) => {
    const result = guard(one)
    if (!result.allowed) {
      expect(result.code).toBe(outcome)
      return
    }
    if (outcome.startsWith('own')) {
      const own = outcome.slice('own '.length) || `http://${one.authority ?? 'localhost:5173'}`
      expect(result).toEqual({ allowed: true, ownOrigin: own, pageOrigin: own, otherOrigin: undefined })
    } else {
      expect(result).toMatchObject({ pageOrigin: outcome, otherOrigin: outcome })
      expect(result.ownOrigin).toBe(`http://${one.authority ?? 'localhost:5173'}`)
    }
  })

  it.each(TABLE)('is judged alike for an upgrade: %s', (_name, one) => {
    expect(codeOf({ ...one, isUpgrade: true })).toBe(codeOf({ ...one, isUpgrade: false }))
  })
})

describe('the relay', () => {
  it.each(['empty', 'image', 'video', 'audio', 'track', 'font', 'websocket'])('serves %s', (dest) => {
    expect(codeOf({ way: 'relay', headers: { ...SAME_ORIGIN, 'sec-fetch-dest': dest } })).toBe('allowed')
  })

  it.each([
    'document',
    'iframe',
    'frame',
    'embed',
    'object',
    'worker',
    'sharedworker',
    'serviceworker',
    'script',
    'style',
    'xslt',
    'report',
    'manifest',
    'audioworklet',
    'sharedstorageworklet',
    'speculationrules',
    'Document',
    'empty, script',
    'what no browser knows yet',
    '',
  ])('serves no %s, to its own page neither', (dest) => {
    expect(codeOf({ way: 'relay', headers: { ...SAME_ORIGIN, 'sec-fetch-dest': dest } })).toBe('destination-refused')
  })

  it('registers no service worker where browsers send no Sec-Fetch-Dest', () => {
    const headers = { origin: 'http://localhost:5173', 'service-worker': 'script' }
    expect(codeOf({ way: 'relay', headers })).toBe('destination-refused')
  })
})

describe('whatever comes', () => {
  /** https://en.wikipedia.org/wiki/Xorshift: the same requests on every run. */
  function random(seed: number): (below: number) => number {
    let state = seed
    return (below) => {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return (state >>> 0) % below
    }
  }

  const HOSTS = ['localhost', '127.0.0.1', '[::1]', '0.0.0.0', 'evil.example', 'dev.test', 'app.example', '192.168.1.5']
  const ORIGINS = ['null', 'http://localhost:5173', 'https://evil.example', 'https://app.example', 'http://[', 'x', '']
  const SITES = ['same-origin', 'same-site', 'cross-site', 'none', 'x']
  const JUNK = [
    '%',
    '\0',
    '[',
    ']',
    ':',
    '@',
    '/',
    '\\',
    '.',
    ' ',
    '\xff',
    '0',
    '0x',
    '#',
    '?',
    ',',
    'ａ',
    '-',
    ':80',
    ':5173',
  ]

  it('never throws, and admits nothing without a host of ours and a proof', () => {
    const next = random(0x5eed)
    const one = <T>(list: readonly T[]): T => list[next(list.length)] as T
    const spoil = (text: string): string => {
      if (next(3) > 0) return text
      const at = next(text.length + 1)
      return text.slice(0, at) + one(JUNK) + text.slice(at + next(2))
    }
    const policy: GuardPolicy = { origins: ['loopback', 'https://app.example'], allowedHosts: ['dev.test'] }
    let admitted = 0

    for (let i = 0; i < 60_000; i++) {
      const headers: IncomingHttpHeaders = {}
      if (next(2)) headers.origin = spoil(one(ORIGINS))
      if (next(2)) headers['sec-fetch-site'] = spoil(one(SITES))
      if (next(2)) headers['sec-fetch-mode'] = one(['navigate', 'cors', 'no-cors'])
      if (next(2)) headers['sec-fetch-dest'] = one(['document', 'empty', 'iframe', 'script'])
      if (next(3) === 0) headers.referer = spoil(`${one(ORIGINS)}/`)
      const request: GuardRequest = {
        method: one(['GET', 'POST', 'OPTIONS', 'TRACE']),
        url: spoil('/api/x'),
        headers,
        authority: next(50) === 0 ? undefined : spoil(`${one(HOSTS)}${one(['', ':5173'])}`),
        isEncrypted: next(4) === 0,
        isUpgrade: next(4) === 0,
        way: one(['path', 'relay', 'reserved'] as const),
        injectsHeaders: next(3) === 0,
        hasSession: next(3) === 0,
      }
      const result = guardRequest(request, policy)
      if (!result.allowed) {
        expect(result.message).toMatch(/^[\x20-\x7e…]+\.$/)
        continue
      }
      admitted++
      // Not by the guard's own means: what the URL parser makes of the Host is the Host, and it is on the list.
      const { hostname } = new URL(`http://${request.authority}`)
      expect(request.authority).toContain(hostname)
      expect(['evil.example', '0.0.0.0']).not.toContain(hostname)
      const { origin } = headers
      const site = headers['sec-fetch-site']
      if (origin === undefined) expect(site !== undefined || request.hasSession).toBe(true)
      if (origin !== undefined && origin !== 'null') expect(origin).not.toMatch(/evil|^x|^$|\[$/)
      if (origin === 'null') expect(site).toBe('same-origin')
      if (request.injectsHeaders && result.otherOrigin !== undefined)
        expect(result.otherOrigin).toBe('https://app.example')
      expect(request.method).not.toBe('TRACE')
    }
    // Else the loop above would prove nothing.
    expect(admitted).toBeGreaterThan(1000)
  })
})

it('parses nothing for a page that is open: a request costs microseconds', () => {
  const request = build({ headers: { ...SAME_ORIGIN, referer: 'http://localhost:5173/' } })
  const first = guardRequest(request, DEFAULT_POLICY)
  // The very same answer: nothing was built, so nothing was parsed.
  expect(guardRequest(build({ headers: SAME_ORIGIN }), DEFAULT_POLICY)).toBe(first)
})
