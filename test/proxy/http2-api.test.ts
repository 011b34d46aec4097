import { createServer, type Server } from 'node:http'
import { createSecureServer } from 'node:http2'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { selfSignedCertificate } from '../e2e/certificate'
import { closerOf } from '../setup/close-server'
import { ask, listen, startDevServer } from './dev-server'

/** undici takes HTTP/2 where it is offered, unless each of its connectors is told otherwise. */
describe('an API that would speak HTTP/2, too, is spoken to in HTTP/1.1', () => {
  const closing: (() => Promise<void>)[] = []
  let port: number

  beforeEach(async () => {
    const tls = await selfSignedCertificate(['localhost'])
    const api = createSecureServer({ ...tls, allowHTTP1: true }, ({ httpVersion, headers }, res) => {
      res.setHeader('x-asked', headers.host ?? headers[':authority'] ?? '')
      res.end(httpVersion)
    }) as unknown as Server
    closing.push(closerOf(api))
    port = await listen(api)
  })

  afterEach(async () => {
    vi.unstubAllEnvs()
    for (const close of closing.splice(0)) await close()
  })

  async function call(url: string) {
    const server = await startDevServer({ targets: { '/api': { url, proxy: { secure: false } } } })
    closing.unshift(() => server.close())
    const { status, headers, text } = await ask(server, '/api/x')
    return [status, headers['x-asked'], text]
  }

  it('directly', async () => {
    expect(await call(`https://localhost:${port}`)).toEqual([200, `localhost:${port}`, '1.1'])
  })

  it('through a proxy that the environment names', async () => {
    const tunnels = createServer()
    tunnels.on('connect', (req, page, head) => {
      expect(req.url).toBe('api.example.com:443')
      const api = connect(port, '127.0.0.1', () => {
        page.write('HTTP/1.1 200 OK\r\n\r\n')
        api.unshift(head)
        api.pipe(page).pipe(api)
      })
      for (const socket of [api, page]) socket.on('error', () => [api, page].forEach((one) => one.destroy()))
    })
    closing.unshift(closerOf(tunnels))
    vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${await listen(tunnels)}`)
    expect(await call('https://api.example.com')).toEqual([200, 'api.example.com', '1.1'])
  })
})
