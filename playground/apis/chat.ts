import { Server as SocketServer } from 'socket.io'
import { serveApi, type Api } from './serve.ts'

const REPLIES = [
  'Hello! You came in over a socket that knows nothing of CORS.',
  'Have you seen Tokyo Story yet?',
  'The projector is warm. Eight o’clock, as always?',
  'I keep two seats in row five.',
]

/** A chat room on Socket.IO, with its CORS handling off as it is by default. */
export function startChat(): Promise<Api> {
  const io = new SocketServer({ serveClient: false })
  io.on('connection', (socket) => {
    let count = 0
    socket.on('message', (text: string, acknowledge: (sent: { at: number }) => void) => {
      socket.emit('message', { from: 'you', text: String(text) })
      acknowledge({ at: Date.now() })
      socket.emit('message', { from: 'Mira', text: REPLIES[count++ % REPLIES.length] })
    })
  })
  return serveApi({ name: 'chat', title: 'Chat', hostname: 'localhost', attach: (server) => void io.attach(server) })
}
