/**
 * Distance: passes bytes on as late as a long line would, in both directions, and makes a connection's first bytes wait
 * for the round trip that opening it would take.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { answerCommands } from './worker.ts'

export interface DistanceSettings {
  /** The near end of what is far away. */
  port: number
  roundTrip: number
}

function passOn(from: Socket, to: Socket, delay: number, opening: number): void {
  const opened = performance.now() + opening
  const queue: { due: number; act: () => void }[] = []
  const flush = (): void => {
    // Timers count whole milliseconds.
    while (queue[0] && queue[0].due - performance.now() < 0.5) queue.shift()?.act()
    if (queue[0]) setTimeout(flush, queue[0].due - performance.now())
  }
  const later = (act: () => void): void => {
    queue.push({ due: Math.max(performance.now(), opened) + delay, act })
    if (queue.length === 1) setTimeout(flush, (queue[0]?.due ?? 0) - performance.now())
  }
  from.on('data', (chunk) => later(() => to.writable && to.write(chunk)))
  from.on('end', () => later(() => to.end()))
  from.on('close', () => later(() => to.destroy()))
  from.on('error', () => {})
}

answerCommands({
  async start({ port, roundTrip }: DistanceSettings) {
    const server = createServer((near) => {
      const far = connect(port, '127.0.0.1')
      near.setNoDelay(true)
      far.setNoDelay(true)
      passOn(near, far, roundTrip / 2, roundTrip)
      passOn(far, near, roundTrip / 2, 0)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  },
})
