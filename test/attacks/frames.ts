/** HTTP/2 as no library writes it: frames with header fields that its clients refuse to send. */
import { once } from 'node:events'
import { connect as connectTls, type TLSSocket } from 'node:tls'

export type Fields = readonly (readonly [name: string, value: string])[]

/** https://www.rfc-editor.org/rfc/rfc9113#section-6 */
const KIND = { data: 0, headers: 1, reset: 3, settings: 4, goAway: 7, continuation: 9 }
const END_STREAM = 1
const ACK = 1
const END_HEADERS = 4

/** What came of a stream: its answer's header block as it is, or how it ended without one. */
export interface StreamEnd {
  headers: Buffer | undefined
  data: string
  isReset: boolean
}

export interface Frames {
  /** Sends one request, its fields as given, then what `body` says. */
  request(fields: Fields, body?: { data?: string; trailers?: Fields; isUnfinished?: boolean }): number
  /** @param code - https://www.rfc-editor.org/rfc/rfc9113#section-7, by default CANCEL */
  reset(stream: number, code?: number): void
  /** A header block that is not over, of so many bytes. */
  endless(fields: Fields, bytes: number): number
  /** Resolves when the stream is over, or the connection. */
  end(stream: number): Promise<StreamEnd>
  readonly isClosed: boolean
  close(): void
}

export async function openFrames(origin: string): Promise<Frames> {
  const { port } = new URL(origin)
  const socket: TLSSocket = connectTls({
    port: Number(port),
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  })
  await once(socket, 'secureConnect')
  const streams = new Map<number, StreamEnd & { settle: Promise<StreamEnd>; done(): void }>()
  let next = 1
  let isClosed = false
  let rest = Buffer.alloc(0)

  const write = (kind: number, flags: number, stream: number, payload: Buffer): void => {
    const head = Buffer.alloc(9)
    head.writeUIntBE(payload.length, 0, 3)
    head.writeUInt8(kind, 3)
    head.writeUInt8(flags, 4)
    head.writeUInt32BE(stream, 5)
    if (!socket.destroyed) socket.write(Buffer.concat([head, payload]))
  }

  const open = (): number => {
    const stream = next
    next += 2
    const entry: StreamEnd = { headers: undefined, data: '', isReset: false }
    let done = (): void => {}
    const settle = new Promise<StreamEnd>((resolve) => (done = () => resolve(entry)))
    streams.set(stream, Object.assign(entry, { settle, done }))
    if (isClosed) done()
    return stream
  }

  socket.on('error', () => {})
  socket.on('close', () => {
    isClosed = true
    for (const { done } of streams.values()) done()
  })
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const length = rest.readUIntBE(0, 3)
      const [kind, flags] = [rest.readUInt8(3), rest.readUInt8(4)]
      const entry = streams.get(rest.readUInt32BE(5))
      const payload = rest.subarray(9, 9 + length)
      rest = rest.subarray(9 + length)
      if (kind === KIND.settings && (flags & ACK) === 0) write(KIND.settings, ACK, 0, Buffer.alloc(0))
      if (kind === KIND.goAway) socket.end()
      if (!entry) continue
      if (kind === KIND.headers) entry.headers ??= Buffer.from(payload)
      if (kind === KIND.data) entry.data += payload.toString('latin1')
      if (kind === KIND.reset) entry.isReset = true
      if (kind === KIND.reset || ((kind === KIND.headers || kind === KIND.data) && flags & END_STREAM)) entry.done()
    }
  })

  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  write(KIND.settings, 0, 0, Buffer.alloc(0))

  return {
    request(fields, { data, trailers, isUnfinished } = {}) {
      const stream = open()
      const isWhole = data === undefined && trailers === undefined
      write(KIND.headers, END_HEADERS | (isWhole ? END_STREAM : 0), stream, block(fields))
      if (data !== undefined)
        write(KIND.data, trailers || isUnfinished ? 0 : END_STREAM, stream, Buffer.from(data, 'latin1'))
      if (trailers) write(KIND.headers, END_HEADERS | END_STREAM, stream, block(trailers))
      return stream
    },
    reset(stream, code = 8) {
      const payload = Buffer.alloc(4)
      payload.writeUInt32BE(code)
      write(KIND.reset, 0, stream, payload)
    },
    endless(fields, bytes) {
      const stream = open()
      write(KIND.headers, END_STREAM, stream, block(fields))
      const part = block(Array.from({ length: 100 }, (_, i) => [`x-${i}`, 'y'.repeat(100)] as const))
      for (let sent = 0; sent < bytes; sent += part.length) write(KIND.continuation, 0, stream, part)
      return stream
    },
    end: (stream) => streams.get(stream)?.settle ?? Promise.reject(new Error('no such stream')),
    get isClosed() {
      return isClosed
    },
    close: () => socket.destroy(),
  }
}

/** https://www.rfc-editor.org/rfc/rfc7541#section-6.2.2: literal fields with new names, neither indexed nor compressed. */
function block(fields: Fields): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [
      Buffer.from([0]),
      literal(Buffer.from(name, 'latin1')),
      literal(Buffer.from(value, 'latin1')),
    ]),
  )
}

/** https://www.rfc-editor.org/rfc/rfc7541#section-5.1, with a prefix of seven bits. */
function literal(bytes: Buffer): Buffer {
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const length = [127]
  let left = bytes.length - 127
  for (; left >= 128; left >>= 7) length.push((left & 127) | 128)
  return Buffer.concat([Buffer.from([...length, left]), bytes])
}
