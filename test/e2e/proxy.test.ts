/** A stand-alone proxy, for pages that something else serves. */
import { once } from 'node:events'
import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand, type RunningCommand, startCommand } from '../cli/command'
import { type Api, startApi } from './api'
import { launchChromium } from './chromium'

let api: Api
let browser: Browser
let pages: Server
let command: RunningCommand
/** Where the proxy is, without a slash at the end. */
let proxy: string

async function startProxy(...args: string[]): Promise<{ command: RunningCommand; base: string }> {
  const started = startCommand(['proxy', '--port', '0', ...args], { cwd: tmpdir() })
  const [, base = ''] = await started.waitFor(/call (http:\S+)\/… instead of/)
  await started.waitFor(/for pages of/)
  return { command: started, base }
}

beforeAll(async () => {
  ;[api, browser] = await Promise.all([startApi(), launchChromium()])
  ;({ command, base: proxy } = await startProxy(api.origin))
  pages = createServer((req, res) => {
    const script =
      req.url === '/with-script' ? `<script src="${new URL(proxy).origin}/__cors-dev/client.js"></script>` : ''
    res.setHeader('content-type', 'text/html').end(`<!doctype html><title>static</title>${script}`)
  }).listen(0, '127.0.0.1')
  await once(pages, 'listening')
})
afterAll(async () => {
  pages?.closeAllConnections()
  pages?.close()
  await Promise.all([browser?.close(), command?.stop(), api?.close()])
})

const pageOrigin = (): string => `http://localhost:${(pages.address() as AddressInfo).port}`

async function openPage(path = '/'): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(pageOrigin() + path)
  return page
}

describe('a page of another local server', () => {
  let page: Page
  beforeAll(async () => {
    page = await openPage()
  })

  it('calls with a method, headers and a body that need a preflight, which the API is not waited for', async () => {
    const seen = await page.evaluate(async (url) => {
      const headers = { 'x-custom': 'yes', 'content-type': 'application/json' }
      const response = await fetch(`${url}/users/1?full`, {
        method: 'PUT',
        credentials: 'include',
        headers,
        body: '{}',
      })
      return { by: response.headers.get('x-answered-by'), body: await response.json() }
    }, proxy)
    expect(seen).toMatchObject({
      by: 'the-api',
      body: {
        method: 'PUT',
        url: '/users/1?full',
        text: '{}',
        headers: { 'x-custom': 'yes', host: new URL(api.origin).host },
      },
    })
    expect(api.requests[0]?.method).toBe('PUT')
  })

  it('stays logged in', async () => {
    const cookie = await page.evaluate(async (url) => {
      await fetch(`${url}/login`, { credentials: 'include' })
      return (await (await fetch(`${url}/me`, { credentials: 'include' })).json()).cookie
    }, proxy)
    expect(cookie).toBe('session=secret')
  })

  it('gets events as they come', async () => {
    await page.evaluate((url) => {
      const received = ((window as { received?: string[] }).received = [] as string[])
      new EventSource(`${url}/sse`, { withCredentials: true }).onmessage = ({ data }) => received.push(String(data))
    }, proxy)
    await expect.poll(() => api.openStreams()).toBe(1)
    api.sendEvent('one')
    await page.waitForFunction(`window.received.join() === 'one'`)
  })

  it('opens WebSockets', async () => {
    const echoed = await page.evaluate(
      (url) =>
        new Promise((resolve, reject) => {
          const socket = new WebSocket(url.replace('http', 'ws') + '/socket')
          socket.onopen = () => socket.send('hello')
          socket.onmessage = ({ data }) => resolve(data)
          socket.onerror = reject
        }),
      proxy,
    )
    expect(echoed).toBe('hello')
  })

  it('follows redirects within the API on the proxy', async () => {
    const seen = await page.evaluate(async (url) => {
      const response = await fetch(`${url}/redirect?to=/users/2`)
      return { url: response.url, path: (await response.json()).url }
    }, proxy)
    expect(seen).toEqual({ url: `${proxy}/users/2`, path: '/users/2' })
  })

  it('is told in the terminal what a browser would have said without the proxy, also of simple reads', async () => {
    const path = new URL(proxy).pathname
    await page.evaluate((url) => fetch(`${url}/films`), proxy)
    await command.waitFor(
      new RegExp(
        `GET ${path}/\\S+ → ${api.origin}/\\S+ would be blocked without the dev server, from ${pageOrigin()}:\\s+No 'Access-Control-Allow-Origin'`,
      ),
    )
    await command.waitFor(new RegExp(`PUT ${path}/users/1 → .* would be blocked`))
    const reads = api.requests.filter(({ method, url }) => method === 'GET' && url === '/films')
    expect(reads.map(({ headers }) => headers.origin)).toEqual([pageOrigin()])
  })

  it('reads from an API that refuses strangers', async () => {
    const status = await page.evaluate(async (url) => (await fetch(`${url}/strict`)).status, proxy)
    expect(status).toBe(200)
  })

  it('can read that it has left the prefix out, and the terminal says what to call', async () => {
    const { origin, pathname } = new URL(proxy)
    const seen = await page.evaluate(async (url) => {
      const response = await fetch(`${url}/users`)
      return { status: response.status, code: (await response.json()).code }
    }, origin)
    expect(seen).toEqual({ status: 404, code: 'not-found' })
    await command.waitFor(new RegExp(`/users is no path of this proxy: .*Call ${pathname}/users\\.`))
  })

  it('tells who opens it where it leads', async () => {
    const { origin, pathname } = new URL(proxy)
    const opened = await page.context().newPage()
    const response = await opened.goto(origin)
    expect([response?.status(), await response?.text()]).toEqual([200, `${origin}${pathname} leads to ${api.origin}\n`])
    await opened.close()
  })

  it('leaves its code as it is when it loads the script', async () => {
    const other = await openPage('/with-script')
    const seen = await other.evaluate(async (url) => {
      await fetch(`${url}/login`, { credentials: 'include' })
      const response = await fetch(`${url}/me`, { credentials: 'include', headers: { 'x-custom': 'yes' } })
      return { url: response.url, cookie: (await response.json()).cookie }
    }, api.origin)
    expect(seen).toEqual({ url: `${api.origin}/me`, cookie: 'session=secret' })
  })

  it('can read why the API was not reached', async () => {
    const gone = await startApi()
    const { command: other, base } = await startProxy(gone.origin)
    await gone.close()
    const seen = await page.evaluate(async (url) => {
      const response = await fetch(`${url}/users`)
      return { status: response.status, code: (await response.json()).code }
    }, base)
    expect(seen).toEqual({ status: 502, code: 'refused' })
    await other.waitFor(
      /\/proxy\/users → .* failed: connection refused, .*Start the API, or correct its address in <url>\./,
    )
    expect(await other.stop()).toBe(130)
  })
})

it('serves no page of a foreign origin, and the API sees nothing of it', async () => {
  const context = await browser.newContext()
  // The browser believes to be on a public site; the network is ours.
  await context.route('http://evil.example/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<p>evil</p>' }),
  )
  const page = await context.newPage()
  await page.goto('http://evil.example/')
  const before = api.requests.length
  const relay = `${new URL(proxy).origin}/__cors-dev/to/${api.origin.replace('://', '/')}/users`
  const outcomes = await page.evaluate(
    async ([path, relay]) => {
      const image = new Image()
      const tries = [
        ...[path, relay].map((url) => fetch(url, { credentials: 'include' })),
        new Promise((resolve, reject) => {
          const socket = new WebSocket(path.replace('http', 'ws'))
          socket.onopen = resolve
          socket.onerror = reject
        }),
        new Promise((resolve, reject) => {
          image.onload = resolve
          image.onerror = reject
          image.src = path
        }),
      ]
      return (await Promise.allSettled(tries)).map(({ status }) => status)
    },
    [`${proxy}/users`, relay] as const,
  )
  expect(new Set(outcomes)).toEqual(new Set(['rejected']))
  // Browsers with rules for local networks ask nobody.
  await ask(`${proxy}/users`, { origin: 'http://evil.example' })
  expect(api.requests.length).toBe(before)
  await command.waitFor(/\/proxy\/users was refused, .*Add --origin http:\/\/evil\.example to the command\./)
})

it('leads to its API and nowhere else', async () => {
  const other = await startApi()
  const { origin, port } = new URL(proxy)
  try {
    const own = { origin: pageOrigin() }
    expect(await ask(`${origin}/__cors-dev/to/${other.origin.replace('://', '/')}/x`, own)).toMatchObject({
      status: 404,
    })
    expect(await ask(`${origin}/${other.origin}/x`, own)).toMatchObject({ status: 404 })
    expect(await ask(`${proxy}/..%2f..%2fx`, own)).toMatchObject({ status: 400 })
    expect(await ask(`${proxy}/x`, { ...own, host: 'evil.example' })).toMatchObject({ status: 403 })
    expect(
      await firstLine(Number(port), `GET ${other.origin}/x HTTP/1.1\r\nHost: ${new URL(other.origin).host}\r\n\r\n`),
    ).toContain('400')
    expect(await firstLine(Number(port), `CONNECT 127.0.0.1:${other.port} HTTP/1.1\r\nHost: x\r\n\r\n`)).toBe('')
    expect(other.requests).toEqual([])
  } finally {
    await other.close()
  }
})

it('understands the command lines of local-cors-proxy, but never allows everyone', async () => {
  const args = ['--proxyUrl', api.origin, '--proxyPartial', '', '--credentials', '--origin', 'https://app.test']
  const { command: other, base } = await startProxy(...args)
  try {
    expect(base).toMatch(/^http:\/\/localhost:\d+$/)
    const allowed = await ask(`${base}/users`, { origin: 'https://app.test' })
    expect(allowed).toMatchObject({
      status: 200,
      headers: {
        'access-control-allow-origin': 'https://app.test',
        'access-control-allow-credentials': 'true',
        vary: 'Origin',
      },
    })
    expect(api.requests.at(-1)).toMatchObject({ method: 'GET', url: '/users' })
    const preflight = await ask(
      `${base}/users`,
      {
        origin: 'https://app.test',
        'access-control-request-method': 'DELETE',
        'access-control-request-headers': 'x-a',
      },
      'OPTIONS',
    )
    expect(preflight).toMatchObject({ status: 204, headers: { 'access-control-allow-methods': 'DELETE' } })
    // What is listed counts instead of loopback.
    const refused = await ask(`${base}/users`, { origin: pageOrigin() })
    expect(refused.status).toBe(403)
    expect(refused.headers['access-control-allow-origin']).toBeUndefined()
  } finally {
    await other.stop()
  }
})

it('ends with Ctrl-C, whatever is open', async () => {
  const { command: other, base } = await startProxy(api.origin)
  const page = await openPage()
  await page.evaluate(
    (url) =>
      new Promise((resolve) => {
        Object.assign(window, { stream: new EventSource(`${url}/sse`), socket: new WebSocket(`${url}/socket`) })
        const { socket } = window as unknown as { socket: WebSocket }
        socket.onopen = resolve
      }),
    base,
  )
  expect(await other.stop('SIGTERM')).toBe(143)
  await page.waitForFunction('window.socket.readyState === WebSocket.CLOSED')
})

it('judges what the API allows by the origin that the page will have', async () => {
  const { command: other, base } = await startProxy(api.origin, '--productionOrigin', 'https://app.test')
  try {
    await ask(`${base}/judged`, { origin: pageOrigin() })
    await other.waitFor(/GET \/proxy\/judged → .* would be blocked in production, from https:\/\/app\.test:/)
    expect(api.requests.findLast(({ url }) => url === '/judged')?.headers.origin).toBe('https://app.test')
  } finally {
    await other.stop()
  }
})

it('listens where it is told, and for this machine alone if it is not', async () => {
  const address = externalAddress() ?? '127.0.0.2'
  const own = { origin: pageOrigin() }
  const { command: wide, base } = await startProxy('--host', api.origin)
  try {
    expect(await ask(base.replace('localhost', address), own)).toMatchObject({ status: 200 })
    await expect(ask(proxy.replace('localhost', address), own)).rejects.toThrow('ECONNREFUSED')
  } finally {
    await wide.stop()
  }
  const taken = await runCommand(['proxy', api.origin, '--port', new URL(proxy).port])
  expect(taken.code).toBe(2)
  expect(taken.stderr).toMatch(/^\[cors-dev\] --port "\d+" is taken: .* or write --port \d+\.$/m)
  const elsewhere = await runCommand(['proxy', api.origin, '--host=203.0.113.1', '--port', '0'])
  expect(elsewhere.code).toBe(2)
  expect(elsewhere.stderr).toMatch(/^\[cors-dev\] --host "203\.0\.113\.1" is no address of this machine: /m)
})

it('does not lead to itself', async () => {
  let stderr = ''
  let code: number
  // Below the ports that systems hand out, and not where another server happens to be.
  let port = 20_000
  do {
    port++
    ;({ code, stderr } = await runCommand(['proxy', `http://127.0.0.1:${port}`, '--port', String(port)]))
  } while (stderr.includes('is taken'))
  expect(code).toBe(2)
  expect(stderr).toMatch(/^\[cors-dev\] <url> "http:\S+" is this proxy itself: /m)
})

function externalAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flat()
  return all.find((one) => one && !one.internal && one.family === 'IPv4')?.address
}

async function ask(
  url: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; headers: IncomingHttpHeaders }> {
  const req = request(url, { method, headers })
  req.end()
  const [res] = await once(req, 'response')
  res.resume()
  return { status: res.statusCode, headers: res.headers }
}

async function firstLine(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  socket.write(text)
  let received = ''
  socket.on('data', (chunk: string) => {
    received += chunk
    socket.end()
  })
  await once(socket, 'close')
  return received.split('\r\n', 1)[0] ?? ''
}
