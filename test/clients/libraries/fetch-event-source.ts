import type * as FetchEventSource from '@microsoft/fetch-event-source'
import { expect } from 'vitest'
import type { Client } from '../client'

export const client: Client<{ events: typeof FetchEventSource }> = {
  imports: { events: '@microsoft/fetch-event-source' },

  serve(server) {
    const seen: unknown[] = []
    server.on('request', async (request, response) => {
      const { method, headers } = request
      let body = ''
      for await (const chunk of request) body += String(chunk)
      seen.push([method, headers.authorization, headers['last-event-id'], body])
      response.setHeader('content-type', 'text/event-stream')
      // Ends after each event, so that the client has to come again.
      response.end(`retry: 1\nid: ${seen.length}\nevent: count\ndata: ${seen.length}\n\n`)
    })
    return () =>
      expect(seen).toEqual([
        ['POST', 'Bearer token', undefined, '{"room":1}'],
        ['POST', 'Bearer token', '1', '{"room":1}'],
        ['POST', 'Bearer token', '2', '{"room":1}'],
      ])
  },

  page: async ({ events: { fetchEventSource }, api, equal }) => {
    const controller = new AbortController()
    const seen: unknown[] = []
    await fetchEventSource(`${api}/events`, {
      method: 'POST',
      headers: { authorization: 'Bearer token', 'content-type': 'application/json' },
      body: JSON.stringify({ room: 1 }),
      signal: controller.signal,
      openWhenHidden: true,
      onopen: async ({ url }) => void seen.push(url.replace(api, '')),
      onmessage({ id, event, data }) {
        seen.push([id, event, data])
        if (data === '3') controller.abort()
      },
      onclose() {
        throw new Error('again')
      },
      onerror: () => 1,
    })
    equal(seen, ['/events', ['1', 'count', '1'], '/events', ['2', 'count', '2'], '/events', ['3', 'count', '3']])
  },
}
