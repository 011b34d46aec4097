import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Takes an upgrade, or answers `false` and leaves it to others. */
export type UpgradeClaim = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean

/** Answers a request that no host is to see, or `false`. */
export type Refuse = (request: IncomingMessage, response: ServerResponse) => boolean

/** The part of a Node HTTP(S) server that upgrades come from. */
export interface UpgradeSource {
  emit(event: string | symbol, ...args: unknown[]): boolean
  on(event: string, listener: (...args: never[]) => void): unknown
  off(event: string, listener: (...args: never[]) => void): unknown
  listenerCount(event: string): number
}

/**
 * Offers every upgrade of `server` to `claim` before any listener sees it, and to the listeners only if it is not
 * claimed. Node calls all listeners of an upgrade, and two that answer corrupt the socket: the host's own proxy, HMR
 * and frameworks that forward every upgrade listen beside us.
 *
 * @param refuse is shown what is no path, before connect parses it: `GET http://[::1]evil.example/` ends the process of
 * any server built on that
 * @returns the undo
 */
export function claimUpgrades(server: UpgradeSource, claim: UpgradeClaim, refuse?: Refuse): () => void {
  const hadOwnEmit = Object.hasOwn(server, 'emit')
  const emit = server.emit
  const claimingEmit: UpgradeSource['emit'] = function (this: UpgradeSource, event, ...args) {
    if (event === 'upgrade') {
      const [request, socket, head] = args as Parameters<UpgradeClaim>
      if (claim(request, socket, head)) return true
    } else if (event === 'request' && refuse) {
      const [request, response] = args as Parameters<Refuse>
      if (request.url?.startsWith('/') === false && refuse(request, response)) return true
    }
    return emit.call(this, event, ...args)
  }
  server.emit = claimingEmit

  // Node treats an upgrade as an ordinary request where nobody listens; and where only we listen, nobody else will
  // ever answer what we leave.
  const refuseIfNobodyElseListens = (_request: IncomingMessage, socket: Duplex): void => {
    if (server.listenerCount('upgrade') > 1) return
    socket.resume().end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  }
  server.on('upgrade', refuseIfNobodyElseListens)

  return () => {
    server.off('upgrade', refuseIfNobodyElseListens)
    refuse = undefined
    // Somebody may have wrapped our `emit` in turn; then ours stays in the chain and claims nothing any more.
    if (server.emit !== claimingEmit) claim = () => false
    else if (hadOwnEmit) server.emit = emit
    else delete (server as Partial<UpgradeSource>).emit
  }
}
