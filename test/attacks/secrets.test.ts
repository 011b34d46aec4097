/** What the developer entrusted to the options or the environment, and what a page sends: who else gets to see it. */
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Host, type HostKind, startHost } from '../e2e/hosts'
import { SECRET, toBytes } from './corpus'
import { type Raw, sendBytes } from './raw'
import { type LenientUpstream, startLenientUpstream } from './upstream'

const PASSWORD = 'pa55-w0rd'
const TOKEN = 'eyJhbGciOi.t0ken'
const SECRETS = [SECRET, PASSWORD, TOKEN, Buffer.from(`me:${PASSWORD}`).toString('base64')]

describe.each<[HostKind]>([['vite'], ['webpack'], ['express']])('what is secret in %s', (kind) => {
  let upstream: LenientUpstream
  let other: LenientUpstream
  let host: Host
  const answers: string[] = []

  beforeAll(async () => {
    ;[upstream, other] = await Promise.all([startLenientUpstream(), startLenientUpstream()])
    const dead = await freePort()
    host = await startHost(kind, {
      env: { API_KEY: SECRET, API_AUTH: `me:${PASSWORD}` },
      options: `{
        targets: {
          '/keyed': { url: '${upstream.origin}', proxy: { headers: { 'X-Api-Key': process.env.API_KEY }, auth: process.env.API_AUTH } },
          '/open': '${other.origin}',
          '/dead': { url: 'http://127.0.0.1:${dead}', proxy: { headers: { 'X-Api-Key': process.env.API_KEY }, auth: process.env.API_AUTH } },
          '/throws': { url: '${upstream.origin}/throws', proxy: { on: { proxyReq(request) { request.setHeader('x-a', process.env.API_KEY + '\\n') } } } },
        },
      }`,
    })
  })

  afterAll(async () => {
    await Promise.all([host?.close(), upstream?.close(), other?.close()])
  })

  async function ask(target: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Raw> {
    const { host: authority } = new URL(host.origin)
    const own = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Dest': 'empty' }
    const answer = await sendBytes(host.origin, toBytes({ method, target, authority, headers: { ...own, ...headers } }))
    answers.push(answer.text)
    return answer
  }

  it('goes to its own target, whatever the page puts in its place', async () => {
    await ask('/keyed/x')
    await ask('/keyed/x', { 'X-Api-Key': 'mine', Authorization: `Bearer ${TOKEN}` })
    // The answer of this upstream tells what it was sent, so it is none to look into.
    answers.length = 0
    for (const { headers } of upstream.seen.filter(({ target }) => target === '/keyed/x')) {
      expect(headers['x-api-key']).toBe(SECRET)
      expect(headers['authorization']).toBe(`Basic ${Buffer.from(`me:${PASSWORD}`).toString('base64')}`)
    }
    await ask('/open/x')
    await ask(`/__cors-dev/to/${other.origin.replace('://', '/')}/x`)
    expect(JSON.stringify(other.seen)).not.toContain(SECRET)
  })

  it('is in no failure that the page is told of, nor in the page that a person is shown', async () => {
    const token = { Authorization: `Bearer ${TOKEN}`, Cookie: `session=${TOKEN}` }
    for (const path of ['/dead/x', '/throws/x']) {
      const asDocument = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }
      const callers: Record<string, string>[] = [{}, asDocument]
      for (const headers of callers) {
        const { status } = await ask(`${path}?access_token=${TOKEN}`, { ...token, ...headers })
        expect(status).toBeGreaterThanOrEqual(500)
      }
    }
    const relay = `/__cors-dev/to/http/${/http:\/\/(127\.0\.0\.1:\d+)/.exec(host.logs().find((line) => line.includes('/dead')) ?? '')?.[1]}`
    await ask(`${relay}/x?access_token=${TOKEN}`, token)
    const report = await ask(
      `/__cors-dev/failure?url=${relay.replace('/__cors-dev/to/http/', 'http://')}/x?access_token=${TOKEN}`,
    )
    expect(report.text).toContain('refused')
    for (const text of answers) for (const secret of SECRETS) expect(text).not.toContain(secret)
  })

  it('is in no line of the terminal, whatever was refused, failed or went well', async () => {
    const query = `?access_token=${TOKEN}&key=${SECRET}&code=${TOKEN}#${PASSWORD}`
    const targets = [
      `/keyed/x${query.split('#')[0]}`,
      `/keyed/..%2fx${query}`,
      `/open/x#${TOKEN}`,
      `/__cors-dev/to/http/10.0.0.1/x${query.split('#')[0]}`,
    ]
    for (const target of targets) {
      for (const from of [
        {},
        { Origin: 'https://evil.example' },
        { Cookie: `a=${TOKEN}`, Authorization: `Bearer ${TOKEN}` },
      ]) {
        await ask(target, from as Record<string, string>)
      }
    }
    await host.waitForLog(/\/keyed\/\.\.%2fx was refused/)
    await host.waitForLog(/\/dead\/x/)
    for (const line of host.logs()) for (const secret of SECRETS) expect(line).not.toContain(secret)
  })

  it('is in no page and no script that the dev server makes', async () => {
    const files = [
      '/',
      '/index.html',
      '/main.js',
      '/src/main.js',
      '/@vite/client',
      '/@vite/env',
      '/__cors-dev/client.js',
      '/__cors-dev/',
    ]
    for (const file of files) {
      const { text } = await ask(file, {
        Accept: 'text/html,*/*',
        'Sec-Fetch-Dest': 'document',
        'Sec-Fetch-Mode': 'navigate',
        'Sec-Fetch-Site': 'none',
      })
      for (const secret of SECRETS) expect(text).not.toContain(secret)
    }
  })
})

it('a password of the proxy in the environment is in neither the log nor a failure', async () => {
  const port = await freePort()
  const host = await startHost('express', {
    options: { targets: { '/api': 'http://api.example' } },
    env: { HTTP_PROXY: `http://me:${PASSWORD}@127.0.0.1:${port}`, NO_PROXY: '' },
  })
  try {
    const { host: authority } = new URL(host.origin)
    const headers = { 'Sec-Fetch-Site': 'same-origin' }
    const { status, text } = await sendBytes(
      host.origin,
      toBytes({ method: 'GET', target: '/api/x', authority, headers }),
    )
    expect(status).toBe(502)
    await host.waitForLog(/\/api\/x/)
    for (const said of [text, ...host.logs()]) expect(said).not.toContain(PASSWORD)
  } finally {
    await host.close()
  }
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
