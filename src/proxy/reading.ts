import type { OnReadOpts, Socket } from 'node:net'

/** What libuv reads at a time. */
const SIZE = 64 * 1024
/** A read of this many bytes, which is a full TLS record, is of a large body, and more of it will come. */
const LARGE = 16 * 1024
/** What is on its way through the proxy at a time is little, since a page that is slow is waited for. */
const MOST_SPARE = 16

/**
 * What has come and is being told of to whoever reads the socket: undici, which takes all there is as soon as it is
 * told, unless the page is slow.
 */
const ARRIVAL = Symbol('unplugin-cors-dev arrival')

type ReadSocket = Socket & { [ARRIVAL]?: Buffer | null }

/** Where every socket reads that expects little: what comes is copied out before another one reads. */
const shared = Buffer.allocUnsafeSlow(SIZE)
const spare: ArrayBufferLike[] = []
/** Where large bodies are read, and how many bytes have just come there. */
const lastRead = new WeakMap<ArrayBufferLike, number>()
/** Where the socket that has just read reads next. */
let next: Uint8Array = shared

/**
 * Reads into buffers that are there already. By itself Node makes one of 64 KiB for each read and cuts it to size, which
 * costs a small answer more than its parsing, and fills the heap with so much of a large body that V8 searches all of it
 * for garbage again and again.
 */
export const onread: OnReadOpts = {
  buffer() {
    const buffer = next
    next = shared
    return buffer
  },
  callback(this: ReadSocket, length: number, into: Uint8Array): boolean {
    const isLarge = length >= LARGE
    const read = Buffer.from(into.buffer, 0, length)
    const isHandedOver = isLarge && into !== shared
    if (isHandedOver) lastRead.set(into.buffer, length)
    const hasRoom = deliver(this, isHandedOver ? read : Buffer.from(read))
    next = isLarge ? Buffer.from(spare.pop() ?? Buffer.allocUnsafeSlow(SIZE).buffer) : into
    return hasRoom
  },
}

/**
 * To be called when nobody needs a chunk of a body any more. Of a read that was more than one chunk the parser may have
 * kept a part, so its buffer is not used again.
 */
export function release({ buffer, length }: Buffer): void {
  if (lastRead.get(buffer) !== length) return
  lastRead.delete(buffer)
  if (spare.length < MOST_SPARE) spare.push(buffer)
}

/** @returns whether more may be read */
function deliver(socket: ReadSocket, read: Buffer): boolean {
  // To queue it first, and to tell of it in the next tick, as streams do, is not needed where it is taken at once.
  if (socket[ARRIVAL] === null && socket.readableLength === 0 && socket.listenerCount('readable') > 0) {
    socket[ARRIVAL] = read
    socket.emit('readable')
    if (socket[ARRIVAL] === null) return true
    socket[ARRIVAL] = null
  }
  return socket.push(read)
}

/** To be called before undici has a socket. */
export function prepareReading(socket: ReadSocket): void {
  const { read } = socket
  socket[ARRIVAL] = null
  socket.read = (size?: number) => {
    const arrival = socket[ARRIVAL]
    // A size of 0 is Node's own way of starting to read, which takes nothing.
    if (!arrival || size === 0) return read.call(socket, size) as Buffer | null
    socket[ARRIVAL] = null
    return arrival
  }
}
