import { setTimeout as pause } from 'node:timers/promises'
import { type Address, openSocket } from './address.ts'
import { responseLength } from './requests.ts'

export interface StaleSettings extends Address {
  request: string
  connections: number
  /** How often each connection asks. */
  times: number
  /** Milliseconds between an answer and the next request: from, to. */
  pauses: [number, number]
}

export interface StaleResult {
  requests: number
  failures: number
}

/** Asks, pauses for about as long as the API keeps idle sockets, and asks again: on all connections at once. */
export async function getAfterPauses(settings: StaleSettings): Promise<StaleResult> {
  const { connections, times, pauses } = settings
  const [shortest, longest] = pauses
  let failures = 0
  for (let round = 0; round < times; round++) {
    const answers = Array.from({ length: connections }, () => get(settings))
    failures += (await Promise.all(answers)).filter((isAnswered) => !isAnswered).length
    // No chance: every run pauses alike.
    await pause(shortest + ((longest - shortest) * (round % 11)) / 10)
  }
  return { requests: connections * times, failures }
}

function get(settings: StaleSettings): Promise<boolean> {
  return new Promise((resolve) => {
    let held = Buffer.alloc(0)
    const socket = openSocket(settings, () => socket.write(settings.request, 'latin1'))
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk])
      if (responseLength(held) === undefined) return
      resolve(held.toString('latin1', 9, 12) === '200')
      socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(false))
  })
}
