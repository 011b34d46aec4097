import type { Address } from './address.ts'
import { openSocket } from './address.ts'

export interface EchoSettings extends Address {
  /** The handshake. */
  request: string
  /** Bytes of a frame, header and mask included. */
  size: number
  /** How many are on their way at a time. */
  window: number
  /** Milliseconds. */
  duration: number
}

export interface EchoResult {
  messages: number
  seconds: number
}

/** Sends frames and counts what comes back, by its length: proxies pass bytes on, and so does the API. */
export function echo(settings: EchoSettings): Promise<EchoResult> {
  const { request, size, window, duration } = settings
  return new Promise((resolve, reject) => {
    // A masked binary frame as browsers send it: https://www.rfc-editor.org/rfc/rfc6455#section-5.2
    const frame = Buffer.alloc(size, 0x55)
    const LONG = 126
    frame[0] = 0x82
    frame[1] = 0x80 | (size - 8 >= LONG ? LONG : size - 6)
    if (size - 8 >= LONG) frame.writeUInt16BE(size - 8, 2)
    let head: string | undefined = ''
    let messages = 0
    let partial = 0
    let start = 0
    let isOver = false
    const socket = openSocket(settings, () => socket.write(request, 'latin1'))
    const count = (bytes: number): void => {
      partial += bytes
      const whole = Math.floor(partial / size)
      partial -= whole * size
      messages += whole
      if (isOver) return
      socket.cork()
      for (let index = 0; index < whole; index++) socket.write(frame)
      socket.uncork()
    }
    socket.on('data', (chunk) => {
      if (head === undefined) return count(chunk.length)
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      if (!head.startsWith('HTTP/1.1 101')) return void socket.destroy(new Error(head.slice(0, 500)))
      head = undefined
      start = performance.now()
      for (let index = 0; index < window; index++) socket.write(frame)
      setTimeout(() => {
        isOver = true
        resolve({ messages, seconds: (performance.now() - start) / 1000 })
        socket.destroy()
      }, duration)
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the socket was closed')))
  })
}
