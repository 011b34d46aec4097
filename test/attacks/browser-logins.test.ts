/** Logins that the browser itself asks a person for: here it always knows an answer. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { launchChromium } from '../e2e/chromium'
import { type Host, startHost } from '../e2e/hosts'

const CHALLENGES: Record<string, string> = {
  basic: 'Basic realm="x"',
  digest: 'Digest realm="x", nonce="n", qop="auth", algorithm=MD5',
  negotiate: 'Negotiate',
}

let arrivals: string[] = []
let api: Server
let port: number
let host: Host
let browser: Browser
let page: Page

beforeAll(async () => {
  api = createServer(({ url = '', headers }, res) => {
    const scheme = /(basic|digest|negotiate)$/.exec(url)?.[1] ?? ''
    const [authorization] = headers.authorization?.split(' ', 1) ?? []
    if (headers['access-control-request-method'] === undefined) arrivals.push(`${url} ${authorization}`)
    // Everybody may call, so that nothing but the login is in the way.
    const cors = {
      'access-control-allow-origin': headers.origin ?? '*',
      'access-control-allow-credentials': 'true',
    }
    const isAsked = authorization === undefined && scheme !== ''
    res.writeHead(isAsked ? 401 : 200, { ...cors, ...(isAsked && { 'www-authenticate': CHALLENGES[scheme] }) }).end()
  })
  api.listen(0, '0.0.0.0')
  await once(api, 'listening')
  port = (api.address() as AddressInfo).port
  ;[browser, host] = await Promise.all([
    launchChromium(),
    startHost('vite', {
      options: {
        targets: { '/api': `http://127.0.0.1:${port}`, '/second': `http://127.0.0.2:${port}` },
        explain: false,
        discover: false,
      },
    }),
  ])
})

afterAll(async () => {
  api?.close().closeAllConnections()
  await Promise.all([browser?.close(), host?.close()])
})

beforeEach(async () => {
  const context = await browser.newContext({ httpCredentials: { username: 'me', password: 'secret' } })
  page = await context.newPage()
  await page.goto(host.url)
  arrivals = []
  return () => context.close()
})

const call = (url: string, credentials: RequestCredentials = 'include'): Promise<number> =>
  page.evaluate(async ([url, credentials]) => (await fetch(url, { credentials })).status, [url, credentials] as const)

it.each(Object.keys(CHALLENGES))('a relayed call asks for none, as a direct one does not: %s', async (scheme) => {
  // The second address of the API is called directly: no target names it.
  for (const authority of [`127.0.0.1:${port}`, `127.0.0.3:${port}`]) {
    for (const credentials of ['include', 'omit'] as const) {
      expect(await call(`http://${authority}/${scheme}`, credentials), authority).toBe(401)
    }
  }
  expect(arrivals).toEqual(Array(4).fill(`/${scheme} undefined`))
})

it('a path route asks for one, for its target alone', async () => {
  expect(await call('/api/basic')).toBe(200)
  expect(await call('/second/basic')).toBe(200)
  expect(arrivals).toEqual([
    '/api/basic undefined',
    '/api/basic Basic',
    '/second/basic undefined',
    '/second/basic Basic',
  ])
})

it('one that is not sent itself is asked for as it is', async () => {
  expect(await call('/api/digest')).toBe(200)
  expect(arrivals).toEqual(['/api/digest undefined', '/api/digest Digest'])
})

it('none is given by the account of the machine', async () => {
  expect(await call('/api/negotiate')).toBe(401)
  expect(arrivals).toEqual(['/api/negotiate undefined'])
  await host.waitForLog(/asks for a login by Negotiate, which is not passed on/)
})
