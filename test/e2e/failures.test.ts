/** What the page sees, what its console says and what the terminal says when an API does not answer. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Api, startApi } from './api'
import { selfSignedCertificate } from './certificate'
import { launchChromium } from './chromium'
import { type Host, startHost } from './hosts'

describe.each(['vite', 'webpack-cli', 'vite-https'] as const)('in %s', (kind) => {
  let api: Api
  let secure: Api
  let host: Host
  let browser: Browser
  let page: Page
  const said: string[] = []
  const DEAD = 'http://127.0.0.1:9'
  const NOWHERE = 'http://no-such-host.invalid'

  beforeAll(async () => {
    ;[api, secure, browser] = await Promise.all([
      startApi(),
      selfSignedCertificate(['localhost']).then(startApi),
      launchChromium(),
    ])
    host = await startHost(kind, {
      options: {
        targets: {
          '/api': { url: api.origin, proxy: { proxyTimeout: 300 } },
          '/dead': DEAD,
          '/nowhere': NOWHERE,
          '/tls': { url: secure.origin, proxy: { secure: true } },
          '/plain': api.origin.replace('http:', 'https:'),
        },
      },
    })
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    page = await context.newPage()
    page.on('console', (message) => said.push(message.text()))
    await page.goto(host.url)
  })

  afterAll(async () => {
    await Promise.all([browser?.close(), host?.close(), api?.close(), secure?.close()])
  })

  const CASES: [name: string, path: string, upstream: () => string, status: number, code: string, cause: RegExp][] = [
    ['nothing listens', '/dead/x', () => `${DEAD}/x`, 502, 'refused', /connection refused/i],
    ['the name is not found', '/nowhere/x', () => `${NOWHERE}/x`, 502, 'dns', /no-such-host\.invalid was not found/],
    [
      'the certificate is refused',
      '/tls/x',
      () => `${secure.origin}/x`,
      502,
      'tls',
      /TLS check, its certificate "localhost" is self-signed/,
    ],
    ['the port speaks no TLS', '/plain/x', () => `${api.origin.replace('http:', 'https:')}/x`, 502, 'tls', /TLS check/],
    ['the API does not answer in time', '/api/never', () => `${api.origin}/never`, 504, 'timeout', /in time/],
  ]

  it.each(CASES)('%s: a path route answers problem details', async (_name, path, _upstream, status, code, cause) => {
    const from = host.logs().length
    const seen = await page.evaluate(async (url) => {
      const response = await fetch(url)
      return { status: response.status, type: response.headers.get('content-type'), problem: await response.json() }
    }, path)
    expect(seen).toMatchObject({ status, type: 'application/problem+json', problem: { status, code } })
    expect(seen.problem.detail).toMatch(cause)
    expect(seen.problem.remedy).toMatch(/\.$/)
    const line = await host.waitForLog(new RegExp(`GET ${path} → .* failed: `), from)
    expect(line).toMatch(cause)
  })

  it.each(CASES)(
    '%s: a relayed call fails as the platform fails',
    async (_name, _path, upstream, _status, _code, cause) => {
      const url = upstream()
      const from = said.length
      const seen = await page.evaluate(async (address) => {
        const error = await fetch(address).catch((reason: Error) => reason)
        const xhr = await new Promise((resolve) => {
          const request = new XMLHttpRequest()
          request.open('GET', address)
          request.onload = () => resolve('load')
          request.onerror = () => resolve(`error ${request.status} ${request.readyState}`)
          request.send()
        })
        return { name: (error as Error).name, message: (error as Error).message, xhr }
      }, url)
      expect(seen).toEqual({ name: 'TypeError', message: 'Failed to fetch', xhr: 'error 0 4' })
      await expect
        .poll(() => said.slice(from).filter((text) => text.startsWith('[cors-dev]') && cause.test(text)).length)
        .toBe(2)
    },
  )

  it('a relayed call that follows no redirects fails as well, once', async () => {
    const outcomes = await page.evaluate(
      (url) =>
        Promise.all(
          ['GET', 'POST'].map((method) =>
            fetch(url, { method, redirect: 'manual' }).then(
              ({ type }) => type,
              ({ name, message }: Error) => `${name}: ${message}`,
            ),
          ),
        ),
      `${DEAD}/manual`,
    )
    expect(outcomes).toEqual(Array(2).fill('TypeError: Failed to fetch'))
  })

  it('the API breaks off in the middle: the half does not pass for the whole', async () => {
    const outcomes = await page.evaluate(
      (urls) =>
        Promise.all(
          urls.map((url) =>
            fetch(url)
              .then((response) => response.text())
              .catch((error: Error) => error.name),
          ),
        ),
      ['/api/half', `${api.origin}/half`],
    )
    expect(outcomes).toEqual(['TypeError', 'TypeError'])
    await host.waitForLog(/\/api\/half → .* failed: .*closed the connection/)
  })

  it('a socket that cannot be opened closes as the platform closes it', async () => {
    const seen = await page.evaluate(
      (url) =>
        new Promise((resolve) => {
          const socket = new WebSocket(url)
          const events: string[] = []
          socket.onerror = () => events.push('error')
          socket.onclose = ({ code, wasClean }) => resolve([...events, code, wasClean])
        }),
      'ws://127.0.0.1:9/socket',
    )
    expect(seen).toEqual(['error', 1006, false])
  })

  it('an event stream that cannot be opened tells an error', async () => {
    const seen = await page.evaluate(
      (url) =>
        new Promise((resolve) => {
          const source = new EventSource(url)
          source.onerror = ({ type }) => {
            source.close()
            resolve(type)
          }
        }),
      `${DEAD}/sse`,
    )
    expect(seen).toBe('error')
  })

  it('shows a person a page', async () => {
    const tab = await page.context().newPage()
    const response = await tab.goto(`${host.origin}/dead/page`)
    expect(response?.status()).toBe(502)
    expect(await tab.textContent('h1')).toBe('The API could not be reached')
    expect(await tab.textContent('body')).toContain('Start the API')
    await tab.close()
  })

  it('and the dev server lives on', async () => {
    const status = await page.evaluate(async () => (await fetch('/api/alive')).status)
    expect(status).toBe(200)
  })
})
