import { Server } from 'socket.io'
import type * as SocketIo from 'socket.io-client'
import { expect } from 'vitest'
import type { Client } from '../client'

export const client: Client<{ socketIo: typeof SocketIo }> = {
  imports: { socketIo: 'socket.io-client' },

  serve(server) {
    const io = new Server(server)
    const seen: string[] = []
    io.on('connection', (socket) => {
      const { transport } = socket.conn
      seen.push(`${transport.name} ${String(socket.handshake.auth.token)}`)
      socket.conn.on('upgrade', ({ name }) => seen.push(`upgraded to ${name}`))
      socket.on('echo', (value: unknown, reply: (value: unknown) => void) => reply(value))
      socket.on('join', (room: string) => {
        void socket.join(room)
        io.to(room).emit('joined', room)
      })
    })
    server.once('close', () => void io.close())
    return () => expect(seen).toEqual(['polling a', 'websocket b', 'polling c', 'upgraded to websocket'])
  },

  page: async ({ socketIo: { io }, api, equal }) => {
    const bytes = new Uint8Array([1, 2, 3])
    const tryOut = async (socket: SocketIo.Socket): Promise<void> => {
      equal(await socket.emitWithAck('echo', { text: 'hello' }), { text: 'hello' })
      equal([...new Uint8Array(await socket.emitWithAck('echo', bytes))], [1, 2, 3])
      const joined = new Promise((resolve) => socket.once('joined', resolve))
      socket.emit('join', 'lobby')
      equal(await joined, 'lobby')
    }

    const polling = io(api, { transports: ['polling'], auth: { token: 'a' }, forceNew: true })
    await tryOut(polling)
    polling.close()

    const socket = io(api, { transports: ['websocket'], auth: { token: 'b' }, forceNew: true })
    await tryOut(socket)
    socket.close()

    const upgrading = io(api, { auth: { token: 'c' }, forceNew: true, withCredentials: true })
    await new Promise((resolve) => upgrading.io.engine.once('upgrade', resolve))
    await tryOut(upgrading)
    upgrading.close()
  },
}
