/** Cookies know no ports: what the target of a path route sets lies beside the logins of every other project. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchChromium } from '../e2e/chromium'
import { type Host, startHost } from '../e2e/hosts'

/** What another project, on another port, has set before. */
const OTHERS = {
  session: 'session=others; Path=/; HttpOnly',
  token: 'token=others; Path=/',
  strict: 'strict=others; Path=/; HttpOnly; SameSite=Strict',
  deep: 'deep=others; Path=/deep; HttpOnly',
}
const OTHERS_KEPT = Object.keys(OTHERS).map((name) => `${name}=others`)

/** Sets what it is asked to, and answers what it was sent. */
async function startSetter(): Promise<{ server: Server; port: number }> {
  const server = createServer((req, res) => {
    const { searchParams, pathname } = new URL(req.url ?? '/', 'http://api')
    res.setHeader('content-type', pathname.endsWith('/link') ? 'text/html' : 'text/plain')
    res.setHeader('set-cookie', searchParams.getAll('set'))
    const target = searchParams.get('to')
    res.end(target === null ? (req.headers.cookie ?? '') : `<a href="${target.replaceAll('&', '&amp;')}">go</a>`)
  })
  server.listen(0)
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

let browser: Browser
const servers: Server[] = []

beforeAll(async () => {
  browser = await launchChromium(['--host-resolver-rules=MAP evil.example 127.0.0.1'])
})

afterAll(async () => {
  for (const server of servers) server.close().closeAllConnections()
  await browser?.close()
})

describe.each(['vite', 'webpack'] as const)('in %s, a target on another host', (kind) => {
  let host: Host
  let other: number
  let context: BrowserContext
  let page: Page

  beforeAll(async () => {
    const [api, project] = await Promise.all([startSetter(), startSetter()])
    servers.push(api.server, project.server)
    other = project.port
    host = await startHost(kind, {
      options: {
        targets: {
          '/api': `http://127.0.0.1:${api.port}`,
          '/second': `http://127.0.0.2:${api.port}`,
          '/local': `http://localhost:${api.port}`,
        },
      },
    })
  })

  afterAll(() => host?.close())

  beforeEach(async () => {
    context = await browser.newContext()
    page = await context.newPage()
    await page.goto(`http://localhost:${other}/?${query(Object.values(OTHERS))}`)
    await page.goto(host.url)
    return () => context.close()
  })

  const query = (lines: string[]): string => lines.map((line) => `set=${encodeURIComponent(line)}`).join('&')

  /** Has the target set cookies, and resolves with the ones that it was sent. */
  const call = (path: string, ...lines: string[]): Promise<string> =>
    page.evaluate(async (url) => (await fetch(url)).text(), `${path}?${query(lines)}`)

  /** `name=value` of what the browser has under names that are not ours. */
  const inBrowser = async (): Promise<string[]> =>
    (await context.cookies())
      .filter(({ name }) => !name.startsWith('__cors_dev_'))
      .map(({ name, value }) => `${name}=${value}`)

  it('neither overwrites nor deletes what somebody else has set, and is logged in all the same', async () => {
    await call('/api/login', 'session=mine; Path=/; HttpOnly', 'token=mine; Path=/; Secure; SameSite=None')
    expect((await inBrowser()).sort()).toEqual(OTHERS_KEPT.sort())
    expect((await call('/api/me')).split('; ').sort()).toEqual(['session=mine', 'token=mine'])
    await host.waitForLog(/sets the cookie "token", of which this browser has another one.*http:\/\/app\.localhost:\d+/)
    await call('/api/refresh', 'session=newer; Path=/; HttpOnly')
    expect((await call('/api/me')).split('; ').sort()).toEqual(['session=newer', 'token=mine'])
    await call('/api/logout', 'session=; Path=/; Max-Age=0', 'token=; Path=/; Max-Age=0', 'strict=; Path=/; Max-Age=0')
    expect(await call('/api/me')).toBe('')
    expect((await inBrowser()).sort()).toEqual(OTHERS_KEPT.sort())
  })

  it('keeps its own under their own names, where page code reads and changes them', async () => {
    await call('/api/login', 'xsrf=1; Path=/', 'theme=light; Path=/', 'sid=1; Path=/; HttpOnly')
    expect(await page.evaluate(() => document.cookie.split('; ').sort())).toEqual([
      'theme=light',
      'token=others',
      'xsrf=1',
    ])
    await page.evaluate(() => (document.cookie = 'theme=dark; path=/'))
    expect((await call('/api/x', 'xsrf=2; Path=/')).split('; ').sort()).toEqual(['sid=1', 'theme=dark', 'xsrf=1'])
    await call('/api/logout', ...['xsrf', 'theme', 'sid'].map((name) => `${name}=; Path=/; Max-Age=0`))
    expect((await inBrowser()).sort()).toEqual(OTHERS_KEPT.sort())
  })

  it('has no way to them by a path or a navigation for which the browser does not send them', async () => {
    await call('/api/login', 'deep=mine; Path=/deep; HttpOnly')
    const set = `${host.origin}/api/set?${query(['strict=mine; Path=/; HttpOnly', 'session=; Path=/; Max-Age=0'])}`
    await page.goto(`http://evil.example:${other}/link?to=${encodeURIComponent(set)}`)
    await Promise.all([page.waitForURL(`${host.origin}/api/set*`), page.click('a')])
    await page.goto(host.url)
    expect((await inBrowser()).sort()).toEqual(OTHERS_KEPT.sort())
    expect(await call('/api/me')).toBe('strict=mine')
  })

  it('neither reads, sets nor guesses what is kept aside for another target, nor a session', async () => {
    await call('/api/login', 'session=mine; Path=/; HttpOnly')
    const ours = (await context.cookies()).filter(({ name }) => name.startsWith('__cors_dev_'))
    expect(ours.every(({ httpOnly }) => httpOnly)).toBe(true)
    const planted = ours.map(({ name }) => `${name}=planted; Path=/`)
    expect(await call('/second/x', ...planted, '=session=planted', 'nameless')).toBe('')
    await call('/local/x', ...planted)
    const values = (await context.cookies()).map(({ value }) => value)
    expect(values.filter((value) => value.includes('planted') || value === 'nameless')).toEqual([])
    expect(await call('/api/me')).toBe('session=mine')
  })

  it('gets a name once it is free', async () => {
    await call('/api/login', 'token=mine; Path=/')
    await context.clearCookies({ name: 'token' })
    expect(await call('/api/x', 'token=newer; Path=/')).toBe('token=mine')
    expect(await page.evaluate(() => document.cookie)).toBe('token=newer')
    expect(await call('/api/me')).toBe('token=newer')
  })

  it('is another one than a target on this host, which has its cookies as browsers would have it', async () => {
    await call('/local/login', 'session=local; Path=/; HttpOnly', 'token=; Path=/; Max-Age=0')
    expect(await inBrowser()).toContain('session=local')
    expect(await page.evaluate(() => document.cookie)).toBe('')
    expect(await call('/local/me')).toContain('session=local')
  })
})
