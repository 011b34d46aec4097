import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'

export interface SocketAhead {
  /** Connects now, unless a socket is ready or on its way. Failing is nothing: whoever needs the socket will see it. */
  open(options: buildConnector.Options): void
  /** Gives the socket to whoever needs one, if it is ready or on its way; `stoodIdle` where it had to wait. */
  take(callback: (stoodIdle: boolean, ...result: Parameters<buildConnector.Callback>) => void): boolean
  close(): void
}

interface Opened {
  socket?: Socket
  /** Lets nothing more happen to it here. */
  release?(): void
  /** Whoever came while it was on its way. */
  taker?: buildConnector.Callback
}

/**
 * One socket, TCP and TLS, that stands before anybody asks for it: a server far away takes two round trips for it, which
 * is what the first call of a page would wait for.
 *
 * @param idleTimeout milliseconds after which it is let go
 */
export function createSocketAhead(connect: buildConnector.connector, idleTimeout: number): SocketAhead {
  let opened: Opened | undefined

  function keep(one: Opened, socket: Socket): void {
    const drop = (): void => {
      if (opened === one) opened = undefined
      socket.destroy()
    }
    // What a server says before it is asked (that it waits no longer) is no answer to what will be asked.
    socket.once('readable', drop).once('close', drop).setTimeout(idleTimeout, drop).unref()
    one.socket = socket
    one.release = () => {
      socket.off('readable', drop).off('close', drop).off('timeout', drop).setTimeout(0).ref()
    }
  }

  return {
    open(options) {
      if (opened) return
      const one: Opened = {}
      opened = one
      connect(options, (...result) => {
        const [error, socket] = result
        if (one.taker) return one.taker(...result)
        if (opened !== one) socket?.destroy()
        else if (error) opened = undefined
        else keep(one, socket)
      })
    },
    take(callback) {
      const one = opened
      if (!one) return false
      opened = undefined
      const { socket } = one
      if (!socket) {
        one.taker = (...result) => callback(false, ...result)
        return true
      }
      one.release?.()
      // undici expects nothing to happen while it asks.
      queueMicrotask(() => callback(true, null, socket))
      return true
    },
    close() {
      opened?.socket?.destroy()
      opened = undefined
    },
  }
}
