import type * as EventSourcePolyfill from 'eventsource'
import type { ServerResponse } from 'node:http'
import { expect } from 'vitest'
import type { Client } from '../client'

export const client: Client<{ eventsource: typeof EventSourcePolyfill }> = {
  imports: { eventsource: 'eventsource' },

  serve(server) {
    const seen: unknown[] = []
    const open = new Set<ServerResponse>()
    server.on('request', ({ url, headers }, response) => {
      seen.push([url, headers.authorization, headers['last-event-id']])
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`retry: 1\nid: ${seen.length}\ndata: ${seen.length}\n\n`)
      // The first connection breaks off, the second stays.
      if (seen.length === 1) return response.end()
      open.add(response)
      return response.on('close', () => open.delete(response))
    })
    return async () => {
      expect(seen).toEqual([
        ['/events', 'Bearer token', undefined],
        ['/events', 'Bearer token', '1'],
      ])
      await expect.poll(() => open.size).toBe(0)
    }
  },

  page: async ({ eventsource: { EventSource: Polyfill }, api, equal }) => {
    const source = new Polyfill(`${api}/events`, {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, authorization: 'Bearer token' } }),
    })
    const seen: unknown[] = []
    await new Promise<void>((resolve) => {
      source.onmessage = ({ data, lastEventId, origin }) => {
        seen.push([data, lastEventId, origin])
        if (data === '2') resolve()
      }
    })
    source.close()
    equal(seen, [
      ['1', '1', api],
      ['2', '2', api],
    ])
  },
}
