import type * as Axios from 'axios'
import { expect } from 'vitest'
import type { Client } from '../client'

export const client: Client<{ axios: typeof Axios }> = {
  imports: { axios: 'axios' },

  serve(server) {
    const seen: string[] = []
    let aborted = 0
    server.on('request', async (request, response) => {
      const { method, url, headers } = request
      seen.push(`${method} ${url}`)
      if (url === '/login') {
        response.setHeader('set-cookie', 'session=1; HttpOnly; SameSite=None; Secure; Path=/')
        return response.end('{}')
      }
      if (url === '/forever') {
        response.on('close', () => aborted++)
        return response.write('x')
      }
      if (url === '/teapot') {
        return response.writeHead(418, { 'x-reason': 'tea' }).end('{"error":"short and stout"}')
      }
      let bytes = 0
      for await (const chunk of request) bytes += (chunk as Buffer).length
      const { cookie, authorization, origin, 'content-type': type } = headers
      response.setHeader('content-type', 'application/json')
      return response.end(JSON.stringify({ method, url, bytes, cookie, authorization, origin, type }))
    })
    return async () => {
      expect(seen).toEqual([
        'GET /users?page=2&tag%5B%5D=a&tag%5B%5D=b',
        'POST /login',
        'PATCH /users/1',
        'GET /users',
        'GET /teapot',
        'POST /files',
        'GET /forever',
      ])
      await expect.poll(() => aborted).toBe(1)
    }
  },

  // Of the answer that is an error.
  consoleErrors: /status of 418/,

  page: async ({ axios: { default: axios, isCancel }, api, equal }) => {
    const { data, status, request } = await axios.get(`${api}/users`, { params: { page: 2, tag: ['a', 'b'] } })
    equal(
      [status, data.url, request.responseURL],
      [200, '/users?page=2&tag%5B%5D=a&tag%5B%5D=b', `${api}/users?page=2&tag%5B%5D=a&tag%5B%5D=b`],
    )

    const account = axios.create({ baseURL: api, withCredentials: true, headers: { Authorization: 'Bearer token' } })
    await account.post('/login')
    const changed = (await account.patch('/users/1', { name: 'Ada' })).data
    equal(
      [changed.method, changed.cookie, changed.authorization, changed.type, changed.origin],
      ['PATCH', 'session=1', 'Bearer token', 'application/json', api],
    )
    equal((await axios.get(`${api}/users`)).data.cookie, undefined)

    const error = await account.get('/teapot').catch((reason: unknown) => reason)
    const { response } = error as Axios.AxiosError
    equal([response?.status, response?.headers['x-reason'], response?.data], [418, 'tea', { error: 'short and stout' }])

    const progress: (number | undefined)[] = []
    const form = new FormData()
    form.append('file', new Blob([new Uint8Array(2_000_000)]), 'file.bin')
    const upload = await axios.post(`${api}/files`, form, {
      onUploadProgress: ({ progress: done }) => progress.push(done),
    })
    equal([upload.data.bytes > 2_000_000, progress.at(-1)], [true, 1])

    const controller = new AbortController()
    const endless = axios.get(`${api}/forever`, {
      signal: controller.signal,
      onDownloadProgress: () => controller.abort(),
    })
    equal(await endless.catch(isCancel), true)
  },
}
