import type { Socket } from 'node:net'

/** Long enough for what is on its way already. */
const READING_TIME_MS = 1000

const heeded = new WeakSet<Socket>()

/**
 * A server that refuses an upload may answer and hang up at once. The next write then fails, and Node destroys the
 * socket before anybody has read the answer. So writes that fail are taken for done, and reading decides, as in
 * browsers: the answer has come, or the connection ends here, too.
 */
export function hearLastWords(socket: Socket): void {
  if (heeded.has(socket)) return
  heeded.add(socket)
  let hasHungUp = false
  const settle = (callback: Callback): Callback => {
    return (error) => {
      if (!error || !HUNG_UP.has((error as NodeJS.ErrnoException).code ?? '')) return callback(error)
      if (!hasHungUp) {
        hasHungUp = true
        const timer = setTimeout(() => socket.destroy(error), READING_TIME_MS)
        socket.once('close', () => clearTimeout(timer))
      }
      callback()
    }
  }

  const { _write: write, _writev: writev } = socket
  socket._write = (chunk, encoding, callback) => {
    if (hasHungUp) process.nextTick(callback)
    else write.call(socket, chunk, encoding, settle(callback))
  }
  if (!writev) return
  socket._writev = (chunks, callback) => {
    if (hasHungUp) process.nextTick(callback)
    else writev.call(socket, chunks, settle(callback))
  }
}

type Callback = (error?: Error | null) => void

const HUNG_UP = new Set(['EPIPE', 'ECONNRESET', 'ECONNABORTED'])
