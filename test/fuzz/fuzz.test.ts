/** A small part of what `node test/fuzz/run.ts` sends, the same on every run. */
import { createServer, request } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { startHost } from '../e2e/hosts'
import { listen, stop } from '../proxy/dev-server'
import { INSIDE_ENV, INSIDE_LINE, look } from '../setup/inside'
import { exchange } from './connection'
import { fuzz } from './fuzz'
import { startUpstreams } from './upstreams'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const SEED = 0x5eed
const COUNT = 10_000

it.each([
  ['vite', 0],
  ['express', COUNT],
] as const)('%s answers or closes whatever comes, and speaks to nobody but the targets', async (kind, from) => {
  const upstreams = await startUpstreams()
  const host = await startHost(kind, { options: upstreams.options, env: INSIDE_ENV })
  closing.push(upstreams.close, host.close)
  const inside = Number(INSIDE_LINE.exec(await host.waitForLog(INSIDE_LINE))?.[1])
  expect(await fuzz({ origin: host.origin, upstreams, seed: SEED, from, count: COUNT })).toEqual([])
  expect((await look(inside)).uncaught).toEqual([])
  // Else all this would say nothing.
  expect(upstreams.contacts()).toBeGreaterThan(1000)
})

it.each(['/%zz.html', 'http://[::1]x/'])('Vite lives on after GET %s', async (target) => {
  const host = await startHost('vite', { options: { targets: { '/api': 'http://127.0.0.1:9' } } })
  closing.push(host.close)
  const { port } = new URL(host.origin)
  const bytes = `GET ${target} HTTP/1.1\r\nHost: localhost:${port}\r\nAccept: text/html\r\n\r\n`
  expect((await exchange(Number(port), bytes, ['GET'])).statuses).toEqual([400])
  expect((await fetch(host.url)).status).toBe(200)
})

it('a proxy that takes /apiary for /api is found, and the least that shows it', async () => {
  const upstreams = await startUpstreams()
  const [authority = ''] = upstreams.authorities
  const server = createServer((req, res) => {
    const [hostname, port] = authority.split(':')
    const isOwn = req.headers['sec-fetch-site'] === 'same-origin'
    if (!isOwn || !/^\/api[\x21-\x7e]*$/.test(req.url ?? '')) return void res.writeHead(403).end()
    const headers = { host: authority, 'x-fuzz': req.headers['x-fuzz'] }
    request({ hostname, port, method: req.method, path: `/v1${req.url}`, headers, agent: false }, (answer) => {
      answer.resume().on('end', () => res.end())
    }).end()
  })
  const port = await listen(server)
  closing.push(upstreams.close, () => stop(server))
  const findings = await fuzz({ origin: `http://127.0.0.1:${port}`, upstreams, seed: SEED, count: 500 })
  const targets = findings.map(({ request }) => request.split(' ')[1] ?? '')
  expect(targets.some((target) => /^\/api[^/?]$/.test(target))).toBe(true)
})
