/** Bodies of any size, read and written without being kept. */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { type Address, openSocket } from './address.ts'

export interface DownloadSettings extends Address {
  request: string
  connections: number
  /** How often each connection asks. */
  times: number
  /** Bytes of each body. */
  size: number
}

export interface BodyResult {
  bytes: number
  seconds: number
}

const END_OF_CHUNKS = '0\r\n\r\n'

export async function download(settings: DownloadSettings): Promise<BodyResult> {
  const { connections, times, size } = settings
  const start = performance.now()
  const bytes = await Promise.all(Array.from({ length: connections }, () => downloadOn(settings, times)))
  const total = bytes.reduce((sum, one) => sum + one, 0)
  if (total < connections * times * size) throw new Error(`only ${total} bytes came`)
  return { bytes: total, seconds: (performance.now() - start) / 1000 }
}

/** Asks again and again on one connection; resolves with the bytes of all bodies. */
function downloadOn(settings: DownloadSettings, times: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let total = 0
    let left = times
    let head = ''
    /** Bytes of the body to come; `undefined` while the head is read, endless where it comes in chunks. */
    let due: number | undefined
    const ask = (): void => void socket.write(settings.request, 'latin1')
    const socket = openSocket(settings, ask)
    const done = (): void => {
      due = undefined
      if (--left > 0) return ask()
      socket.destroy()
      resolve(total)
    }
    socket.on('data', (chunk) => {
      let body = chunk
      if (due === undefined) {
        head += chunk.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end === -1) return
        if (!head.startsWith('HTTP/1.1 200')) return void socket.destroy(new Error(head.slice(0, 500)))
        const length = /\r\ncontent-length: *(\d+)/i.exec(head.slice(0, end + 2))?.[1]
        due = length === undefined ? Infinity : Number(length)
        body = chunk.subarray(chunk.length - (head.length - end - 4))
        head = ''
      }
      total += body.length
      due -= body.length
      if (due === 0 || (due === Infinity && chunk.toString('latin1', chunk.length - 5) === END_OF_CHUNKS)) done()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the body broke off')))
  })
}

export interface UploadSettings extends Address {
  /** Head of the request. */
  request: string
  size: number
}

const CHUNK = randomBytes(256 * 1024)

export function upload(settings: UploadSettings): Promise<BodyResult> {
  return new Promise((resolve, reject) => {
    const start = performance.now()
    let left = settings.size
    let answer = ''
    const writeOn = (socket: Socket): void => {
      while (left > 0) {
        const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK
        left -= chunk.length
        if (!socket.write(chunk)) return
      }
    }
    const socket = openSocket(settings, () => {
      socket.write(settings.request, 'latin1')
      writeOn(socket)
    })
    socket.on('drain', () => writeOn(socket))
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
      // The API says how much has come.
      if (!answer.endsWith(`${settings.size}\n`) && !answer.endsWith(`${settings.size}\n\r\n${END_OF_CHUNKS}`)) return
      resolve({ bytes: settings.size, seconds: (performance.now() - start) / 1000 })
      socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`the upload broke off: ${answer.slice(0, 500)}`)))
  })
}
