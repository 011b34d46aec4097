import { Dispatcher } from 'undici'
import { Connection, type ConnectionOptions, type SendOptions } from './connection'
import { createSocketAhead, type SocketAhead } from './socket-ahead'

/** What a burst leaves behind: each holds a socket here and at the server. */
const MOST_IDLE = 100

/**
 * The connections to one origin, as many as there are requests at a time. The one used last is used next: the others
 * can run out. undici's own pools look for it in a list of all, forget none that was ever open, and don't say which
 * connection a request took.
 */
export class Connections extends Dispatcher {
  readonly #origin: URL
  readonly #options: ConnectionOptions
  readonly #ahead: SocketAhead
  readonly #all = new Set<Connection>()
  /** Open and free, used last at the end. */
  readonly #idle: Connection[] = []
  #isDestroyed = false

  constructor(origin: string, options: ConnectionOptions) {
    super()
    this.#origin = new URL(origin)
    this.#ahead = createSocketAhead(options.connect, options.keepAliveTimeout ?? 0)
    this.#options = { ...options, ahead: this.#ahead }
  }

  /** Has a connection ready for the next request, or on its way. */
  connectAhead(): void {
    if (this.#idle.length > 0 || this.#isDestroyed) return
    const { host, hostname, protocol, port } = this.#origin
    this.#ahead.open({ host, hostname: hostname.replace(/^\[|\]$/g, ''), protocol, port })
  }

  override dispatch(options: SendOptions, handler: Dispatcher.DispatchHandler): boolean {
    const idle = options.wantsNewConnection ? undefined : this.#idle.pop()
    const connection = idle ?? this.#open()
    // It tells whoever asks for more that there is no more.
    if (this.#isDestroyed) void connection.destroy()
    connection.dispatch(options, handler)
    // undici found that it can't be sent: no event will say that the connection is free.
    if (connection.stats.size === 0) this.#free(connection)
    return true
  }

  override async destroy(): Promise<void> {
    this.#isDestroyed = true
    this.#ahead.close()
    await Promise.all([...this.#all].map((connection) => connection.destroy()))
  }

  #open(): Connection {
    const connection = new Connection(this.#origin, this.#options)
    this.#all.add(connection)
    return connection
      .on('connect', () => this.#all.add(connection))
      .on('connectionError', () => this.#all.delete(connection))
      .on('disconnect', () => {
        const at = this.#idle.indexOf(connection)
        if (at === -1) return
        this.#idle.splice(at, 1)
        this.#all.delete(connection)
      })
      .on('drain', () => this.#free(connection))
  }

  #free(connection: Connection): void {
    if (connection.isOpen && !this.#isDestroyed && this.#idle.length < MOST_IDLE) {
      this.#idle.push(connection)
    } else {
      this.#all.delete(connection)
      void connection.destroy()
    }
  }
}
