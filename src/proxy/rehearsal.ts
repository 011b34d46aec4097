import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { devNull } from 'node:os'
import path from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { buildRouteTable } from '../routes/table'
import type { Target } from '../targets/target'
import { createProxy, type ProxyInput } from './proxy'

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'

const TARGET: Target = {
  origin: 'http://rehearsal.invalid',
  basePath: '',
  path: '/rehearsal',
  stripPrefix: false,
  originPolicy: 'default',
  relay: 'always',
  proxy: {},
  provenance: { source: 'options', name: 'rehearsal' },
}

const CALLS = ['/rehearsal', '/to/http/rehearsal.invalid/rehearsal', '/rehearsal']

/** Milliseconds. What is not done then is done by the first call. */
const PATIENCE = 500

/**
 * A page's first calls, before there is a page: undici instantiates its parser, and Node compiles all that a call goes
 * through, the first time. By a proxy of its own, which nothing leaves: no socket, no file, no line in the terminal.
 *
 * @returns the status of each answer
 */
export async function rehearse(input: ProxyInput): Promise<number[]> {
  const { table } = buildRouteTable([TARGET])
  const [route] = table.paths
  if (!route) return []
  let explained: () => void = () => {}
  const isExplained = new Promise<void>((resolve) => (explained = resolve))
  const proxy = createProxy({
    ...input,
    table,
    env: {},
    // Where no file can be.
    cache: path.join(devNull, 'rehearsal'),
    logger: { info: explained, warn: explained, error: explained },
    learn: () => Promise.resolve(),
    // undici expects nothing to happen while it asks.
    connect: (_options, callback) => queueMicrotask(() => callback(null, answering() as Socket)),
  })
  const server = createServer((req, res) => {
    const isRelayed = req.url?.startsWith('/to/')
    proxy.handle(
      req,
      res,
      () => {},
      isRelayed ? { kind: 'reserved', rest: req.url?.slice(1) ?? '' } : { kind: 'path', route },
    )
  })
  try {
    const [page, host] = duplexPair()
    server.emit('connection', host)
    const statuses: number[] = []
    for (const url of CALLS) {
      statuses.push(await ask(page, url))
    }
    const { explain } = input.options
    if (explain) await Promise.race([isExplained, pause(PATIENCE, undefined, { ref: false })])
    page.destroy()
    return statuses
  } finally {
    await proxy.close()
    input.logger.prepare?.()
  }
}

/** A server that gives the same answer to all. */
function answering(): Duplex {
  const [near, far] = duplexPair()
  far.on('data', () => far.write(ANSWER))
  return near
}

/** A page's call, as Chromium sends it. */
async function ask(page: Duplex, url: string): Promise<number> {
  const fields = [
    'host: localhost',
    'user-agent: rehearsal',
    'accept: */*',
    'referer: http://localhost/',
    'sec-fetch-site: same-origin',
    'sec-fetch-mode: cors',
    'sec-fetch-dest: empty',
    'cookie: rehearsal=1',
  ]
  page.write(`GET ${url} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`)
  const [answer] = (await once(page, 'data')) as [Buffer]
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString('latin1'))?.[1])
}
