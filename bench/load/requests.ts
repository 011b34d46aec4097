/**
 * Asks as a page does, as fast as the answers come: raw keep-alive sockets, since node:http as a client costs more than
 * what it would measure.
 */
import type { Socket } from 'node:net'
import { type Address, openSocket } from './address.ts'

export interface LoadSettings extends Address {
  connections: number
  /** Milliseconds. */
  duration: number
  /** Ends sooner after so many. */
  requests?: number
  /** One request, as it goes over the wire. */
  request: string
}

export interface LoadResult {
  requests: number
  seconds: number
  /** Microseconds. */
  p50: number
  p99: number
  /** Answers that were no 2xx, and connections that broke. */
  failures: number
  /** How the first failed. */
  failure?: string
}

/** The bytes of one whole response at the start of `bytes`; `undefined` while it is not complete. */
export function responseLength(bytes: Buffer): number | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = bytes.toString('latin1', 0, end + 2)
  const body = end + 4
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length !== undefined) return bytes.length >= body + Number(length) ? body + Number(length) : undefined
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return body
  for (let at = body; ;) {
    const line = bytes.indexOf('\r\n', at)
    if (line === -1) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    at = line + 2 + size + 2
    if (bytes.length < at) return undefined
    if (size === 0) return at
  }
}

const DIGIT_TWO = 0x32

/** A contestant that fails at every request is not asked for ever. */
const MAX_FAILURES = 1000
/** Milliseconds that the last answers may take. */
const LAST_ANSWERS = 10_000

/** Connections that {@link prime} has opened, until they are used. */
let primed: Socket[] = []

/** Opens the connections and asks once on each, so that none of this is measured, nor what it makes a proxy open. */
export async function prime(settings: Pick<LoadSettings, 'connections' | 'request' | keyof Address>): Promise<void> {
  for (const socket of primed) socket.destroy()
  primed = await Promise.all(Array.from({ length: settings.connections }, () => askOnce(settings)))
}

function askOnce(settings: Pick<LoadSettings, 'request' | keyof Address>): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let held = Buffer.alloc(0)
    const socket = openSocket(settings, () => socket.write(settings.request, 'latin1'))
    const read = (chunk: Buffer): void => {
      held = Buffer.concat([held, chunk])
      if (responseLength(held) === undefined) return
      socket.off('data', read).off('error', reject).off('close', fail)
      resolve(socket)
    }
    const fail = (): void => reject(new Error('the connection was closed'))
    socket.on('data', read).on('error', reject).on('close', fail)
  })
}

/** Asks on all connections for some time: on those that are primed, or else on new ones. */
export function run(settings: LoadSettings): Promise<LoadResult> {
  const { connections, duration, requests = Infinity, request } = settings
  const bytes = Buffer.from(request, 'latin1')
  const latencies: number[] = []
  const open = new Set<Socket>()
  let failures = 0
  let failure: string | undefined
  /** No more requests; those on their way are waited for, since breaking off is another workload. */
  let isOver = false
  let finish: () => void = () => {}
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const start = performance.now()

  const fail = (how: string): void => {
    failure ??= how
    if (++failures >= MAX_FAILURES) finish()
  }

  const use = (socket: Socket | undefined): void => {
    let held: Buffer | undefined
    /** Length of the last whole response: the next is as long, as a rule, and need not be read. */
    let usual = -1
    let sentAt = 0
    const ask = (): void => {
      sentAt = performance.now()
      connection.write(bytes)
    }
    const connection = socket ?? openSocket(settings, ask)
    open.add(connection)
    connection.on('data', (chunk) => {
      const response = held ? Buffer.concat([held, chunk]) : chunk
      if (response.length !== usual) {
        const length = responseLength(response)
        if (length === undefined) {
          held = response
          return
        }
        usual = length
      }
      held = undefined
      latencies.push(performance.now() - sentAt)
      if (response[9] !== DIGIT_TWO) fail(response.toString('latin1', 0, 500))
      if (latencies.length >= requests) isOver = true
      if (isOver) connection.destroy()
      else ask()
    })
    connection.on('error', (error) => fail(error.message))
    connection.on('close', () => {
      open.delete(connection)
      if (isOver) {
        if (open.size === 0) finish()
        return
      }
      fail('the connection was closed')
      setTimeout(() => isOver || use(undefined), 5)
    })
    if (socket) ask()
  }
  const ready = primed
  primed = []
  for (let count = 0; count < connections; count++) use(ready[count])
  const timer = setTimeout(() => {
    isOver = true
    if (open.size === 0) finish()
  }, duration)
  const lastTimer = setTimeout(() => {
    fail(`${open.size} requests had no answer`)
    finish()
  }, duration + LAST_ANSWERS)

  return finished.then(() => {
    isOver = true
    const seconds = (performance.now() - start) / 1000
    clearTimeout(timer)
    clearTimeout(lastTimer)
    for (const socket of open) socket.destroy()
    return { requests: latencies.length, seconds, ...percentiles(latencies), failures, ...(failure && { failure }) }
  })
}

/** @param latencies - milliseconds */
export function percentiles(latencies: readonly number[]): { p50: number; p99: number } {
  const sorted = Float64Array.from(latencies).sort()
  const at = (share: number): number => (sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN) * 1000
  return { p50: at(0.5), p99: at(0.99) }
}
