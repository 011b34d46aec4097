import { Client, type Dispatcher } from 'undici'

/** Whoever sends a request and wants to know on which connection it is written. */
export interface Sender {
  connection: Connection | undefined
}

export type SendOptions = Dispatcher.DispatchOptions & {
  sender?: Sender
  /** Whether a connection that stood idle won't do. */
  wantsNewConnection?: boolean
}

/**
 * One connection of undici's, one request at a time, which tells what stands between a request and its answer: a server
 * may drop a connection that stood idle just as it is used, and no request has done anything wrong then.
 */
export class Connection extends Client {
  #isOpen = false
  #hasStoodIdle = false

  constructor(origin: string | URL, options: object) {
    super(origin, options)
    this.on('connect', () => {
      this.#isOpen = true
      this.#hasStoodIdle = false
    })
    this.on('drain', () => {
      this.#hasStoodIdle = true
    })
    this.on('disconnect', () => {
      this.#isOpen = false
    })
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Whether the socket that a request is being written to had stood idle. */
  get hasStoodIdle(): boolean {
    return this.#hasStoodIdle
  }

  override dispatch(options: SendOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (options.sender) options.sender.connection = this
    return super.dispatch(options, handler)
  }
}
