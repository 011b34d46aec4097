import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { resolveOptions } from '../../src/options/resolve'
import { createContext } from '../../src/plugin/context'
import { targetsFromOptions } from '../../src/targets/from-options'
import { listen, startEcho, stop } from '../proxy/dev-server'

it('a compilation that finds the same targets again ends no open stream', async () => {
  let stream: ServerResponse | undefined
  const upstream = await startEcho((_req, res) => {
    stream = res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write('data: one\n\n')
    return true
  })
  const root = mkdtempSync(join(tmpdir(), 'cors-dev-'))
  const options = resolveOptions({ targets: { '/api': upstream.origin } })
  const targets = () => targetsFromOptions(options).targets
  const logger = { info() {}, warn() {}, error() {} }
  const context = createContext({ options, targets: targets(), root, base: '/', logger, allowedHosts: [] })
  const server = createServer((req, res) => context.middleware(req, res, () => res.writeHead(404).end()))
  const port = await listen(server)
  const headers = { host: `localhost:${port}`, 'sec-fetch-site': 'same-origin' }
  const [res] = (await once(get({ port, host: '127.0.0.1', path: '/api/sse', headers }), 'response')) as [
    IncomingMessage,
  ]
  let text = ''
  let hasEnded = false
  res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  res.on('error', () => {}).on('close', () => (hasEnded = true))
  await expect.poll(() => text).toContain('one')

  context.setTargets(targets())
  stream?.write('data: two\n\n')
  await expect.poll(() => text).toContain('two')

  context.setTargets([])
  await expect.poll(() => hasEnded).toBe(true)
  await context.close()
  await Promise.all([stop(server), upstream.close()])
  rmSync(root, { recursive: true, force: true })
})
