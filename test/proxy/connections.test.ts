/** What one request does to the next, since they share connections. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Dispatcher } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import { createDispatcher } from '../../src/proxy/connect'
import { selfSignedCertificate } from '../e2e/certificate'
import { target } from '../routes/given'
import { closerOf } from '../setup/close-server'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

describe.each(['http', 'https'])('a request that is sent just as another is given up: %s', (scheme) => {
  async function startDispatcher(): Promise<Dispatcher> {
    const api = scheme === 'http' ? createServer() : createHttpsServer(await selfSignedCertificate(['localhost']))
    api.on('request', (req, res) => {
      if (req.url === '/endless') res.write('begun')
      else res.end('whole')
    })
    api.listen(0, '127.0.0.1')
    await once(api, 'listening')
    const dispatcher = createDispatcher(target(`${scheme}://localhost:${(api.address() as AddressInfo).port}`), {})
    closing.push(closerOf(api), () => dispatcher.destroy())
    return dispatcher
  }

  it('in its answer', async () => {
    const dispatcher = await startDispatcher()
    for (let round = 0; round < 10; round++) {
      const endless = ask(dispatcher, '/endless', { giveUp: 'onResponseData' })
      await expect(endless).rejects.toThrow('given up')
      expect(await ask(dispatcher, '/whole')).toBe('whole')
    }
  })

  it('before it was written', async () => {
    const dispatcher = await startDispatcher()
    expect(await ask(dispatcher, '/whole')).toBe('whole')
    for (let round = 0; round < 10; round++) {
      const never = ask(dispatcher, '/endless', { giveUp: 'onRequestStart' })
      await expect(never).rejects.toThrow('given up')
      expect(await ask(dispatcher, '/whole')).toBe('whole')
    }
  })
})

function ask(
  dispatcher: Dispatcher,
  path: string,
  { giveUp }: { giveUp?: 'onRequestStart' | 'onResponseData' } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    dispatcher.dispatch(
      { path, method: 'GET' },
      {
        onRequestStart(controller) {
          if (giveUp === 'onRequestStart') controller.abort(new Error('given up'))
        },
        onResponseStart() {},
        onResponseData(controller, chunk) {
          text += String(chunk)
          if (giveUp === 'onResponseData') controller.abort(new Error('given up'))
        },
        onResponseEnd: () => resolve(text),
        onResponseError: (_, error) => reject(error),
      },
    )
  })
}
