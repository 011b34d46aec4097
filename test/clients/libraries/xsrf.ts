import type * as Axios from 'axios'
import { expect } from 'vitest'
import type { Client } from '../client'

/** Angular's habit, which axios has by default too: what the cookie XSRF-TOKEN says goes into a header, on paths of the page's own. */
export const client: Client<{ axios: typeof Axios }> = {
  imports: { axios: 'axios' },

  serve(server) {
    const tokens: unknown[] = []
    server.on('request', ({ method, headers }, response) => {
      if (method === 'GET') {
        const cookie = [
          'XSRF-TOKEN=t%2F1; Path=/; Secure; SameSite=None',
          'session=1; Path=/; HttpOnly; Secure; SameSite=None',
        ]
        return response.setHeader('set-cookie', cookie).end()
      }
      const { cookie = '', 'x-xsrf-token': token } = headers
      tokens.push(token)
      const isSent = cookie.split('; ').sort().join() === 'XSRF-TOKEN=t%2F1,session=1'
      return response.writeHead(isSent && token === 't/1' ? 204 : 403).end()
    })
    return () => expect(tokens).toEqual(['t/1'])
  },

  page: async ({ axios: { default: axios }, route, equal }) => {
    await axios.get(`${route}/session`)
    equal(document.cookie.includes('session='), false)
    equal((await axios.post(`${route}/users`, { name: 'Ada' })).status, 204)
  },
}
