import type * as Ky from 'ky'
import { expect } from 'vitest'
import type { Client } from '../client'

export const client: Client<{ ky: typeof Ky }> = {
  imports: { ky: 'ky' },

  serve(server) {
    const seen: string[] = []
    server.on('request', async (request, response) => {
      const { method, url, headers } = request
      let body = ''
      for await (const chunk of request) body += String(chunk)
      seen.push(`${method} ${url}`)
      // The first of each kind is told to come again.
      if (url === '/busy' && seen.filter((line) => line.endsWith('/busy')).length < 3) {
        return response.writeHead(503, { 'retry-after': '0' }).end()
      }
      if (url === '/bytes') return response.end(Buffer.alloc(300_000))
      if (url === '/wrong')
        return response.writeHead(422, { 'content-type': 'application/json' }).end('{"field":"name"}')
      response.setHeader('content-type', 'application/json')
      return response.end(JSON.stringify({ method, url, body, token: headers['x-token'] }))
    })
    return () =>
      expect(seen).toEqual(['PUT /users?page=2', 'GET /busy', 'GET /busy', 'GET /busy', 'POST /wrong', 'GET /bytes'])
  },

  // Of the answers that are errors.
  consoleErrors: /status of (?:503|422)/,

  page: async ({ ky: { default: ky, HTTPError }, api, equal }) => {
    const client = ky.create({
      hooks: { beforeRequest: [({ request }) => request.headers.set('x-token', 'secret')] },
    })
    const put = client.put(`${api}/users`, { json: { name: 'Ada' }, searchParams: { page: 2 } })
    equal((await put).url, `${api}/users?page=2`)
    equal(await put.json(), { method: 'PUT', url: '/users?page=2', body: '{"name":"Ada"}', token: 'secret' })

    equal((await client.get(`${api}/busy`, { retry: { limit: 2 } }).json<{ method: string }>()).method, 'GET')

    const error = await client.post(`${api}/wrong`, { body: 'x' }).catch((reason: unknown) => reason)
    equal(error instanceof HTTPError && [error.response.status, error.request.url], [422, `${api}/wrong`])

    let last = 0
    const onDownloadProgress = ({ transferredBytes }: { transferredBytes: number }): void => {
      last = transferredBytes
    }
    equal((await client.get(`${api}/bytes`, { onDownloadProgress }).arrayBuffer()).byteLength, 300_000)
    equal(last, 300_000)
  },
}
