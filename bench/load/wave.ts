import type { Socket } from 'node:net'
import { type Address, openSocket } from './address.ts'

export interface WaveSettings extends Address {
  request: string
  count: number
}

export interface WaveResult {
  seconds: number
  failures: number
}

/** As many as fit into the line of those who wait to be accepted. */
const BATCH = 100

/** Opens sockets one batch after another: what comes next is to be measured, not this. */
export async function openMany(address: Address, count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const size = Math.min(BATCH, count - sockets.length)
    const opened = Array.from({ length: size }, () => {
      return new Promise<Socket>((resolve, reject) => {
        const socket = openSocket(address, () => {
          socket.off('error', reject).on('error', () => {})
          resolve(socket)
        }).once('error', reject)
      })
    })
    sockets.push(...(await Promise.all(opened)))
  }
  return sockets
}

/** All requests at once, each on its own connection; resolves when the last is answered. */
export async function runWave(settings: WaveSettings): Promise<WaveResult> {
  const sockets = await openMany(settings, settings.count)
  const start = performance.now()
  let failures = 0
  await Promise.all(
    sockets.map((socket) => {
      return new Promise<void>((resolve) => {
        let hasAnswer = false
        socket.once('data', (chunk) => {
          hasAnswer = true
          if (!chunk.toString('latin1', 0, 12).endsWith(' 200')) failures++
          resolve()
        })
        socket.once('close', () => {
          if (!hasAnswer) failures++
          resolve()
        })
        socket.write(settings.request, 'latin1')
      })
    }),
  )
  const seconds = (performance.now() - start) / 1000
  for (const socket of sockets) socket.destroy()
  return { seconds, failures }
}
