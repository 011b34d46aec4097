/** The session and the jar: what they are worth to somebody else, and what is lost without them. */
import { chmodSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Api, startApi } from '../e2e/api'
import { type Host, type HostKind, startHost } from '../e2e/hosts'
import { toBytes } from './corpus'
import { type Raw, sendBytes } from './raw'

describe.each<[HostKind]>([['vite'], ['express']])('the logins of a project in %s', (kind) => {
  let api: Api
  let host: Host
  let relay: string
  /** Where it keeps them. */
  let folder: string

  beforeAll(async () => {
    api = await startApi()
    host = await startHost(kind, { options: { targets: { '/api': api.origin } } })
    relay = `/__cors-dev/to/${api.origin.replace('://', '/')}`
  })

  afterAll(async () => {
    await Promise.all([host?.close(), api?.close()])
  })

  function ask(target: string, headers: Record<string, string> = {}): Promise<Raw> {
    const { host: authority } = new URL(host.origin)
    const own = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Dest': 'empty' }
    return sendBytes(host.origin, toBytes({ method: 'GET', target, authority, headers: { ...own, ...headers } }))
  }

  function sessionIn({ headers }: Raw): string {
    return /__cors_dev_[0-9a-f]{8}=[^;,]+/.exec(headers['set-cookie'] ?? '')?.[0] ?? ''
  }

  async function newSession(): Promise<string> {
    return sessionIn(await ask('/', { Accept: 'text/html', 'Sec-Fetch-Dest': 'document', 'Sec-Fetch-Site': 'none' }))
  }

  async function logIn(session: string): Promise<void> {
    await ask(`${relay}/login`, { Cookie: session })
  }

  /** What the API is sent with a call of this session. */
  async function sent(session: string): Promise<string | undefined> {
    await ask(`${relay}/me`, { Cookie: session })
    return api.requests.findLast(({ url }) => url === '/me')?.headers.cookie
  }

  beforeEach(async () => {
    const session = await newSession()
    await logIn(session)
    const base = join(`${host.root}-cache`, 'unplugin-cors-dev')
    await expect
      .poll(() => readdirSync(base, { recursive: true }).map(String))
      .toContainEqual(expect.stringMatching(/cookies\.json$/))
    folder = join(base, readdirSync(base)[0] ?? '')
  })

  it('lie outside of the project, in a folder and in files of their owner alone', () => {
    expect(folder.startsWith(join(host.root, '/'))).toBe(false)
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['cookies.json', 'secret']))
    if (process.platform === 'win32') return
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const file of readdirSync(folder)) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
  })

  it('are served to nobody', async () => {
    const files = readdirSync(folder).map((name) => join(folder, name))
    const secrets = files.map((file) => readFileSync(file, 'utf8').slice(0, 40))
    const forms = (file: string): string[] => [
      file,
      `/@fs${file}`,
      `/@fs/${file}`,
      `/@fs${file}?raw`,
      `/@fs${file}?import&raw`,
      `/@fs${file}?url`,
      `/@fs${file}?inline&import`,
      `/@fs${file}?raw??`,
      `/@fs${file}?import&raw??`,
      `/@fs/x/..${file}`,
      `/..${file}`,
      `/%2e%2e${file}`,
      `/../${file.split('/').slice(-4).join('/')}`,
      `/@id/${file}`,
      `/${file.split('/').at(-1)}`,
      `/node_modules/.cache/unplugin-cors-dev/${file.split('/').at(-1)}`,
      `/.unplugin-cors-dev/${file.split('/').at(-1)}`,
    ]
    for (const target of files.flatMap(forms)) {
      for (const headers of [{}, { Accept: 'text/html' }, { 'Sec-Fetch-Dest': 'script' }] as Record<string, string>[]) {
        const { text } = await ask(target, headers)
        for (const secret of secrets) expect(text, target).not.toContain(secret)
      }
    }
  })

  it('are those of one browser, and of no made-up session', async () => {
    const [mine, theirs] = [await newSession(), await newSession()]
    await logIn(mine)
    expect(await sent(mine)).toBe('session=secret')
    const [name = '', value = ''] = mine.split('=')
    const [id = '', signature = ''] = value.split('.')
    const guesses = [
      theirs,
      `${name}=${id}`,
      `${name}=${id}.`,
      `${name}=${id}.${'A'.repeat(22)}`,
      `${name}=${signature}.${id}`,
    ]
    for (const guess of [...guesses, `${name}_=${value}`, `x${mine}`, `${name}="${value}"`]) {
      expect(await sent(guess), guess).toBeUndefined()
    }
  })

  it('are not those of a session that a target planted', async () => {
    const planted = await newSession()
    for (const way of ['/api', relay]) {
      const set = encodeURIComponent(`${planted}; Path=/__cors-dev/| ${planted}|${planted.toUpperCase()}|other=1`)
      const { headers } = await ask(`${way}/login?set=${set}`, { Cookie: await newSession() })
      expect(headers['set-cookie'] ?? '').not.toContain(planted)
    }
  })

  it('behind a tunnel, are not those of whoever else has just come by it', async () => {
    const through = async (address: string): Promise<string> =>
      sessionIn(await ask(`${relay}/x`, { Origin: 'http://localhost:8000', 'X-Forwarded-For': address }))
    const [mine, theirs, again] = [
      await through('198.51.100.1'),
      await through('203.0.113.1'),
      await through('198.51.100.1'),
    ]
    expect(mine).not.toBe('')
    expect(theirs).not.toBe(mine)
    expect(again).toBe(mine)
  })

  // What a host has no part in.
  if (kind !== 'express') return

  it('are closed again where somebody opened the files', async () => {
    if (process.platform === 'win32') return
    for (const file of readdirSync(folder)) chmodSync(join(folder, file), 0o644)
    await host.restart()
    await sent(await newSession())
    await expect
      .poll(() => readdirSync(folder).filter((file) => (statSync(join(folder, file)).mode & 0o077) !== 0))
      .toEqual([])
  })

  it('are lost with the jar, and nothing else is', async () => {
    const session = await newSession()
    await logIn(session)
    await expect.poll(() => readFileSync(join(folder, 'cookies.json'), 'utf8')).toContain(session.split(/[=.]/)[1])
    await host.restart()
    expect(await sent(session)).toBe('session=secret')
    rmSync(join(folder, 'cookies.json'))
    await host.restart()
    expect(await sent(session)).toBeUndefined()
    await logIn(session)
    expect(await sent(session)).toBe('session=secret')
  })

  it('are lost with the secret: every browser is a new one then', async () => {
    const session = await newSession()
    await logIn(session)
    rmSync(join(folder, 'secret'))
    await host.restart()
    expect(await sent(session)).toBeUndefined()
    const next = await newSession()
    expect(next.split('=')[0]).toBe(session.split('=')[0])
    await logIn(next)
    expect(await sent(next)).toBe('session=secret')
  })
})
