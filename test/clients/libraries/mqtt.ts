import { Aedes } from 'aedes'
import type Mqtt from 'mqtt'
import { expect } from 'vitest'
import { createWebSocketStream, WebSocketServer } from 'ws'
import type { Client } from '../client'

export const client: Client<{ mqtt: { default: typeof Mqtt } }> = {
  imports: { mqtt: 'mqtt' },

  serve(server) {
    const seen: string[] = []
    const sockets = new WebSocketServer({ server, path: '/mqtt' })
    const starting = Aedes.createBroker({
      authenticate: (_client, user, password, done) => done(null, user === 'ada' && String(password) === 'secret'),
    })
    sockets.on('connection', async (socket, request) => {
      seen.push(`${socket.protocol} ${request.headers.origin === `http://${request.headers.host}`}`)
      const broker = await starting
      broker.handle(createWebSocketStream(socket), request)
    })
    server.once('close', async () => {
      sockets.close()
      ;(await starting).close()
    })
    return () => expect(seen).toEqual(['mqtt true'])
  },

  page: async ({ mqtt: { default: mqtt }, api, equal }) => {
    const client = await mqtt.connectAsync(`${api.replace('http', 'ws')}/mqtt`, { username: 'ada', password: 'secret' })
    const messages: string[] = []
    const complete = new Promise<void>((resolve) => {
      client.on('message', (topic, payload) => {
        messages.push(`${topic} ${payload.length} ${payload.at(-1)}`)
        if (messages.length === 2) resolve()
      })
    })
    await client.subscribeAsync('rooms/+', { qos: 1 })
    await client.publishAsync('rooms/1', 'hello', { qos: 1 })
    // In several frames, each way.
    await client.publishAsync('rooms/2', new Uint8Array(200_000).fill(7) as Buffer, { qos: 1 })
    await complete
    equal(messages, ['rooms/1 5 111', 'rooms/2 200000 7'])
    await client.endAsync()
  },
}
