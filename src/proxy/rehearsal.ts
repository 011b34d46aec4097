import type { Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import { Connections } from './connections'

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'

/**
 * Sends a request that leaves this process by no socket: undici instantiates its parser, and Node compiles undici, with
 * the first request, and a page's first call would wait for that.
 *
 * @returns the status of the answer, when all is over
 */
export async function rehearse(): Promise<number> {
  const [near, far] = duplexPair()
  far.once('data', () => far.end(ANSWER))
  const connections = new Connections('http://rehearsal.invalid', {
    // undici expects nothing to happen while it asks.
    connect: (_options, callback) => queueMicrotask(() => callback(null, near as Socket)),
  })
  try {
    return await new Promise((resolve, reject) => {
      let status = 0
      // As the exchanges of pages are.
      connections.dispatch(
        { method: 'GET', path: '/', headers: ['accept', '*/*'] },
        {
          onConnect() {},
          onHeaders: (code) => ((status = code), true),
          onData: () => true,
          onComplete: () => resolve(status),
          onError: reject,
        },
      )
    })
  } finally {
    await connections.destroy()
  }
}
