import { buildSchema, execute, subscribe } from 'graphql/index.js'
import type * as GraphqlSse from 'graphql-sse'
import { createHandler } from 'graphql-sse/lib/use/http'
import { expect } from 'vitest'
import type { Client } from '../client'

export const client: Client<{ graphqlSse: typeof GraphqlSse }> = {
  imports: { graphqlSse: 'graphql-sse' },

  serve(server) {
    const seen: string[] = []
    let ended = 0
    const rootValue = {
      hello: ({ name }: { name: string }) => `Hello ${name}`,
      async *count({ to }: { to: number }) {
        try {
          for (let count = 1; count <= to; count++) yield { count }
          // Until the page has had enough.
          if (to === 2) await new Promise(() => undefined)
        } finally {
          ended++
        }
      },
    }
    const handler = createHandler({
      schema: buildSchema('type Query { hello(name: String): String } type Subscription { count(to: Int): Int }'),
      execute: (args) => execute({ ...args, rootValue }),
      subscribe: (args) => subscribe({ ...args, rootValue }),
    })
    server.on('request', (request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.accept}`)
      if (request.url === '/endless') response.on('close', () => ended++)
      void handler(request, response)
    })
    return async () => {
      expect(seen).toEqual([
        'POST /graphql text/event-stream',
        'POST /graphql text/event-stream',
        'POST /endless text/event-stream',
      ])
      // One ran out, of the other the connection closed.
      await expect.poll(() => ended).toBe(2)
    }
  },

  page: async ({ graphqlSse: { createClient }, api, equal }) => {
    const client = createClient({ url: `${api}/graphql`, headers: { authorization: 'Bearer token' } })
    const results: unknown[] = []
    const query = 'query($name: String) { hello(name: $name) }'
    for await (const { data } of client.iterate({ query, variables: { name: 'Ada' } })) results.push(data)
    for await (const { data } of client.iterate({ query: 'subscription { count(to: 3) }' })) results.push(data)
    equal(results, [{ hello: 'Hello Ada' }, { count: 1 }, { count: 2 }, { count: 3 }])

    const endless = createClient({ url: `${api}/endless` })
    for await (const { data } of endless.iterate({ query: 'subscription { count(to: 2) }' })) {
      if (data?.count === 2) break
    }
    endless.dispose()
    client.dispose()
  },
}
