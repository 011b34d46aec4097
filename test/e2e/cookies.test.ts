/** Logins as real services set them, under real names: everything goes through a proxy as in a company's network. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Api, startApi } from './api'
import { selfSignedCertificate } from './certificate'
import { launchChromium } from './chromium'
import { type Host, startHost } from './hosts'

const NAMES = ['auth.example.com', 'api.example.com', 'stranger.net']

describe.each(['vite', 'webpack-cli'] as const)('in %s', (kind) => {
  let api: Api
  let proxy: Server
  let host: Host
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let folder: string
  const tunnels: string[] = []

  beforeAll(async () => {
    const tls = await selfSignedCertificate(NAMES)
    folder = mkdtempSync(join(tmpdir(), 'cors-dev-'))
    const authority = join(folder, 'authority.pem')
    writeFileSync(authority, tls.cert)
    ;[api, browser] = await Promise.all([startApi(tls), launchChromium()])
    proxy = createServer().on('connect', (req, socket) => {
      tunnels.push(req.url ?? '')
      const upstream = connect(api.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        upstream.pipe(socket).pipe(upstream)
      })
      for (const end of [upstream, socket]) end.on('error', () => (upstream.destroy(), socket.destroy()))
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    host = await startHost(kind, {
      options: { targets: NAMES.map((name) => `https://${name}`) },
      env: {
        HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
        NO_PROXY: '',
        NODE_EXTRA_CA_CERTS: authority,
      },
    })
    context = await browser.newContext()
    page = await context.newPage()
    await page.goto(host.url)
  })

  afterAll(async () => {
    proxy?.closeAllConnections()
    proxy?.close()
    await Promise.all([browser?.close(), host?.close(), api?.close()])
    rmSync(folder, { recursive: true, force: true })
  })

  const cookieAt = (name: string, tab: Page = page): Promise<string> =>
    tab.evaluate(
      async (url) => (await (await fetch(url, { credentials: 'include' })).json()).cookie,
      `https://${name}/me`,
    )

  it('goes by the proxy of the environment', async () => {
    expect(await page.evaluate(async () => (await fetch('https://api.example.com/x')).status)).toBe(200)
    expect(tunnels).toContain('api.example.com:443')
  })

  it('shares a login between two subdomains, keeps what is bound to one host, and gives a stranger nothing', async () => {
    const set = [
      'session=s3cret; Domain=example.com; Path=/; Secure; HttpOnly; SameSite=None',
      '__Host-id=7; Path=/; Secure; HttpOnly',
    ].join('|')
    await page.evaluate(
      (url) => fetch(url, { credentials: 'include' }),
      `https://auth.example.com/login?set=${encodeURIComponent(set)}`,
    )
    expect((await cookieAt('auth.example.com')).split('; ').sort()).toEqual(['__Host-id=7', 'session=s3cret'])
    expect(await cookieAt('api.example.com')).toBe('session=s3cret')
    expect(await cookieAt('stranger.net')).toBe('')
  })

  it('shows the page and other projects none of it', async () => {
    expect(await page.evaluate(() => document.cookie)).not.toContain('session')
    const cookies = await context.cookies()
    expect(cookies.map(({ name, httpOnly, sameSite }) => [/^__cors_dev_/.test(name), httpOnly, sameSite])).toEqual([
      [true, true, 'Strict'],
    ])
  })

  it('stays logged in when the dev server restarts', async () => {
    // Vite's own client loads the page again when the server is back, and would break off a visit of ours.
    await page.goto('about:blank')
    await host.restart()
    await page.goto(host.url)
    expect(await cookieAt('api.example.com')).toBe('session=s3cret')
  })

  it('gives a second browser a jar of its own', async () => {
    const second = await browser.newContext()
    const tab = await second.newPage()
    await tab.goto(host.url)
    expect(await cookieAt('api.example.com', tab)).toBe('')
    await second.close()
  })
})
