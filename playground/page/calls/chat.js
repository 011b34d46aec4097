import { io } from 'socket.io-client'
import { CHAT_URL } from 'addresses'

export function enterChat({ onMessage, onEnter, onError }) {
  const socket = io(CHAT_URL, { forceNew: true })

  socket.on('connect', onEnter)
  socket.on('connect_error', onError)
  socket.on('message', onMessage)

  return {
    say: (text) => socket.timeout(5000).emitWithAck('message', text),
    transport: () => socket.io.engine.transport.name,
    leave: () => socket.disconnect(),
  }
}
