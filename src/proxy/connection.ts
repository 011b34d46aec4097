import type { Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher } from 'undici'
import { hearLastWords } from './last-words'
import { prepareReading } from './reading'
import type { SocketAhead } from './socket-ahead'

/** Whoever sends a request and wants to know on which connection it is written. */
export interface Sender {
  connection: Connection | undefined
}

export type SendOptions = Dispatcher.DispatchOptions & {
  sender?: Sender
  /** Whether a connection that stood idle won't do. */
  wantsNewConnection?: boolean
}

export type ConnectionOptions = Omit<Client.Options, 'connect'> & {
  connect: buildConnector.connector
  /** Where a socket may stand ready. */
  ahead?: SocketAhead
}

/**
 * One connection of undici's, one request at a time, which tells what stands between a request and its answer: a server
 * may drop a connection that stood idle just as it is used, and no request has done anything wrong then.
 */
export class Connection extends Client {
  #isOpen = false
  #hasStoodIdle = false
  #opensIdle = false
  #isBroken = false
  #socket: Socket | undefined

  constructor(origin: string | URL, { connect, ahead, ...options }: ConnectionOptions) {
    super(origin, {
      ...options,
      connect: (how, callback) => {
        const connected = (stoodIdle: boolean, ...result: Parameters<buildConnector.Callback>): void => {
          this.#opensIdle = stoodIdle
          this.#socket = result[1] ?? undefined
          this.#isBroken = false
          this.#socket?.once('error', () => (this.#isBroken = true))
          if (this.#socket) prepareReading(this.#socket)
          callback(...result)
        }
        if (!ahead?.take(connected)) connect(how, (...result) => connected(false, ...result))
      },
    })
    this.on('connect', () => {
      this.#isOpen = true
      this.#hasStoodIdle = this.#opensIdle
    })
    this.on('drain', () => {
      this.#hasStoodIdle = true
    })
    this.on('disconnect', () => {
      this.#isOpen = false
      this.#socket = undefined
    })
  }

  /**
   * Whether the next request can be sent on it. undici tells of the end of a connection once it is closed: one that a
   * request was given up on is none any more before that.
   */
  get isOpen(): boolean {
    return this.#isOpen && this.#socket?.destroyed !== true
  }

  /** Whether the socket that a request is being written to had stood idle. */
  get hasStoodIdle(): boolean {
    return this.#hasStoodIdle
  }

  /**
   * Whether the connection ended by an error. undici takes a reset for the end of a body that has no other end, and half
   * of it would pass for the whole.
   */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /** To be called when a request with a body is being written. */
  prepareForBody(): void {
    if (this.#socket) hearLastWords(this.#socket)
  }

  override dispatch(options: SendOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (options.sender) options.sender.connection = this
    return super.dispatch(options, handler)
  }
}
