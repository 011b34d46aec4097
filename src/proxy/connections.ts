import { Dispatcher } from 'undici'
import { Connection, type SendOptions } from './connection'

/** What a burst leaves behind: each holds a socket here and at the server. */
const MOST_IDLE = 100

/**
 * The connections to one origin, as many as there are requests at a time. The one used last is used next: the others
 * can run out. undici's own pools look for it in a list of all, forget none that was ever open, and don't say which
 * connection a request took.
 */
export class Connections extends Dispatcher {
  readonly #open: () => Connection
  readonly #all = new Set<Connection>()
  /** Open and free, used last at the end. */
  readonly #idle: Connection[] = []
  #isDestroyed = false

  constructor(origin: string, options: object) {
    super()
    this.#open = () => this.#watch(new Connection(origin, options))
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
    await Promise.all([...this.#all].map((connection) => connection.destroy()))
  }

  #watch(connection: Connection): Connection {
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
