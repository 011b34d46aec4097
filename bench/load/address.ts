import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** Whom to ask. */
export interface Address {
  port: number
  tls: boolean
}

/** @param onOpen - called when something may be written */
export function openSocket({ port, tls }: Address, onOpen: () => void): Socket {
  const socket = tls ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }) : connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  socket.once(tls ? 'secureConnect' : 'connect', onOpen)
  return socket
}
