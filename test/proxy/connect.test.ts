import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { ask, type DevServer, listen, startDevServer, stop } from './dev-server'

const SOCKET_IS_MADE = 'net.client.socket'

let server: DevServer
const block = (): void => void setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400))

afterEach(async () => {
  unsubscribe(SOCKET_IS_MADE, block)
  await server?.close()
})

it('a dev server that compiles while it connects does not take the API for silent', async () => {
  const api = createServer((_, res) => res.end('there'))
  // Nobody listens on the other address of the name.
  const options = { targets: { '/api': `http://localhost:${await listen(api)}` } }
  server = await startDevServer(options, (_, __, next) => {
    subscribe(SOCKET_IS_MADE, block)
    next()
  })
  const { status, text } = await ask(server, '/api/x')
  await stop(api)
  expect([status, text]).toEqual([200, 'there'])
})
