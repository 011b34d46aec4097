import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSessions, type Sessions } from '../../src/proxy/session'

let folder: string
let secretFile: string

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cors-dev-session-'))
  secretFile = path.join(folder, 'cache', 'secret')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function open(root = '/home/me/shop'): Sessions {
  return createSessions({ root, secretFile })
}

/** What the browser sends back. */
function cookieOf(sessions: Sessions, session: string): string {
  return sessions.setCookieLine(session, { secure: false }).split(';', 1)[0] ?? ''
}

describe('a session', () => {
  it('is known again by its cookie', () => {
    const sessions = open()
    const session = sessions.create()
    expect(sessions.find(cookieOf(sessions, session))).toBe(session)
    // From what was verified before.
    expect(sessions.find(cookieOf(sessions, session))).toBe(session)
  })

  it('is known to every dev server of the project, after a restart too', () => {
    const before = open()
    const session = before.create()
    const cookie = cookieOf(before, session)
    expect(open().find(cookie)).toBe(session)
  })

  it('is known only with the secret of the project', () => {
    const sessions = open()
    const cookie = cookieOf(sessions, sessions.create())
    rmSync(secretFile)
    expect(open().find(cookie)).toBeUndefined()
  })

  it('is found among other cookies, and between two of its name', () => {
    const sessions = open()
    const session = sessions.create()
    const cookie = cookieOf(sessions, session)
    expect(sessions.find(`a=1; ${cookie}; b=2`)).toBe(session)
    expect(sessions.find(`a=1;${cookie}`)).toBe(session)
    expect(sessions.find(`${sessions.cookieName}=planted; ${cookie}`)).toBe(session)
    expect(sessions.find(`x${cookie}`)).toBeUndefined()
    expect(sessions.find(`a="${cookie}"`)).toBeUndefined()
  })

  it('is different each time', () => {
    const sessions = open()
    expect(new Set(Array.from({ length: 1000 }, () => sessions.create())).size).toBe(1000)
  })

  it.each(['', 'a=1', ';;;', '=', '__cors_dev', 'x'.repeat(100_000)])('is not proven by %j', (header) => {
    expect(open().find(header)).toBeUndefined()
    expect(open().find(undefined)).toBeUndefined()
  })

  it('is not proven by any cookie that differs from ours in one character', () => {
    const sessions = open()
    const session = sessions.create()
    const cookie = cookieOf(sessions, session)
    sessions.find(cookie)
    for (let i = sessions.cookieName.length + 1; i < cookie.length; i++) {
      const other = cookie[i] === 'A' ? 'B' : 'A'
      const forged = cookie.slice(0, i) + other + cookie.slice(i + 1)
      expect(sessions.find(forged), forged).toBeUndefined()
    }
    expect(sessions.find(`${sessions.cookieName}=${session}`)).toBeUndefined()
    expect(sessions.find(`${sessions.cookieName}=${session}.`)).toBeUndefined()
    expect(sessions.find(`${cookie}A`)).toBeUndefined()
  })
})

describe('its cookie', () => {
  it('is for no script and no other site', () => {
    const sessions = open()
    const line = sessions.setCookieLine(sessions.create(), { secure: false })
    expect(line).toMatch(
      /^__cors_dev_[0-9a-f]{8}=[\w-]{22}\.[\w-]{22}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
    )
  })

  it('is Secure on an https page', () => {
    const sessions = open()
    expect(sessions.setCookieLine(sessions.create(), { secure: true })).toMatch(/; Secure$/)
  })

  it('has a name of its own in each project, since the ports of localhost share their cookies', () => {
    expect(open('/home/me/shop').cookieName).not.toBe(open('/home/me/blog').cookieName)
    expect(open('/home/me/shop').cookieName).toBe(open('/home/me/shop').cookieName)
  })
})

describe('the secret', () => {
  it('can be read by its owner alone', () => {
    open().setCookieLine('x', { secure: false })
    if (process.platform !== 'win32') expect(statSync(secretFile).mode & 0o777).toBe(0o600)
    expect(readFileSync(secretFile, 'utf8')).toMatch(/^[\w-]{43}$/)
  })

  it('is not made before it is needed', () => {
    open()
    open().find('a=1')
    expect(() => statSync(secretFile)).toThrow()
  })

  it.each([
    ['empty', ''],
    ['short', 'short'],
    ['a byte too long', 'A'.repeat(43) + '\n'],
    ['far too long', 'x'.repeat(5000)],
    ['of zeros', '\0'.repeat(43)],
  ])('is made anew when it is damaged: %s', (_name, text) => {
    mkdirSync(path.dirname(secretFile), { recursive: true })
    writeFileSync(secretFile, text)
    const sessions = open()
    const session = sessions.create()
    const cookie = cookieOf(sessions, session)
    expect(sessions.find(cookie)).toBe(session)
    expect(readFileSync(secretFile, 'utf8')).toMatch(/^[\w-]{43}$/)
    expect(open().find(cookie)).toBe(session)
  })

  it('is done without where nothing can be written', () => {
    writeFileSync(path.join(folder, 'cache'), 'a file where the folder should be')
    const sessions = open()
    const session = sessions.create()
    expect(sessions.find(cookieOf(sessions, session))).toBe(session)
  })

  it('is one, when two dev servers start at the same time', () => {
    const [a, b] = [open(), open()]
    // Neither has read it yet.
    const cookie = cookieOf(a, 'A'.repeat(22))
    expect(cookieOf(b, 'A'.repeat(22))).toBe(cookie)
  })
})
