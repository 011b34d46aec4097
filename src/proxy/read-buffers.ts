import { type OnReadOpts, Socket } from 'node:net'

/** What libuv reads at a time. */
const SIZE = 64 * 1024
/** A read of this many bytes, which is a full TLS record, is of a large body, and more of it will come. */
const LARGE = 16 * 1024
/** What is on its way through the proxy at a time is little, since a page that is slow is waited for. */
const MOST_SPARE = 16

const QUEUED = Symbol('unplugin-cors-dev queued read')

type ReadingSocket = Socket & { [QUEUED]?: Buffer | undefined }

/** Where every socket reads that expects little: what comes is copied out before another one reads. */
const shared = Buffer.allocUnsafeSlow(SIZE)
const spare: ArrayBufferLike[] = []
/** Where large bodies are read, and how many bytes have just come there. */
const lastRead = new WeakMap<ArrayBufferLike, number>()
/** Where the socket that has just read reads next. */
let next: Buffer = shared

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
  callback(this: ReadingSocket, length: number, { buffer }: Uint8Array): boolean {
    const isLarge = length >= LARGE
    const isShared = buffer === shared.buffer
    const read = Buffer.from(buffer, 0, length)
    if (!isShared && isLarge) lastRead.set(buffer, length)
    else if (!isShared) keep(buffer)
    const hasRoom = deliver(this, isShared || !isLarge ? Buffer.from(read) : read)
    if (isLarge) next = Buffer.from(spare.pop() ?? new ArrayBuffer(SIZE))
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
  keep(buffer)
}

function keep(buffer: ArrayBufferLike): void {
  if (spare.length < MOST_SPARE) spare.push(buffer)
}

/** @returns whether more may be read */
function deliver(socket: ReadingSocket, read: Buffer): boolean {
  // undici takes it as soon as it is told. Queuing it first, and telling in the next tick, is what streams are for.
  if (socket.readableLength === 0 && socket.listenerCount('readable') > 0) {
    socket[QUEUED] = read
    socket.read = readQueued
    socket.emit('readable')
    if (socket[QUEUED] === undefined) return true
    socket[QUEUED] = undefined
  }
  return socket.push(read)
}

function readQueued(this: ReadingSocket, size?: number): Buffer | null {
  const queued = this[QUEUED]
  if (queued === undefined) return Socket.prototype.read.call(this, size) as Buffer | null
  this[QUEUED] = undefined
  return queued
}
