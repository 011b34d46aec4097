import { buildSchema } from 'graphql/index.js'
import type * as GraphqlWs from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { expect } from 'vitest'
import { WebSocketServer } from 'ws'
import type { Client } from '../client'

export const client: Client<{ graphqlWs: typeof GraphqlWs }> = {
  imports: { graphqlWs: 'graphql-ws' },

  serve(server) {
    const seen: unknown[] = []
    const sockets = new WebSocketServer({ server, path: '/graphql' })
    const rootValue = {
      hello: ({ name }: { name: string }) => `Hello ${name}`,
      async *count({ to }: { to: number }) {
        for (let count = 1; count <= to; count++) yield { count }
      },
    }
    useServer(
      {
        schema: buildSchema('type Query { hello(name: String): String } type Subscription { count(to: Int): Int }'),
        roots: { query: rootValue, subscription: rootValue },
        onConnect({ connectionParams, extra: { request } }) {
          seen.push([connectionParams, request.headers.origin === `http://${request.headers.host}`])
        },
      },
      sockets,
    )
    server.once('close', () => sockets.close())
    return () => expect(seen).toEqual([[{ token: 'secret' }, true]])
  },

  page: async ({ graphqlWs: { createClient }, api, equal }) => {
    const client = createClient({
      url: `${api.replace('http', 'ws')}/graphql`,
      connectionParams: { token: 'secret' },
      lazy: false,
    })
    const results: unknown[] = []
    for await (const { data, errors } of client.iterate({
      query: 'query($name: String) { hello(name: $name) }',
      variables: { name: 'Ada' },
    })) {
      results.push(data ?? errors)
    }
    for await (const { data, errors } of client.iterate({ query: 'subscription { count(to: 3) }' })) {
      results.push(data ?? errors)
    }
    equal(results, [{ hello: 'Hello Ada' }, { count: 1 }, { count: 2 }, { count: 3 }])
    await client.dispose()
  },
}
