export interface BodyReader {
  readonly isReading: boolean
  /** Of the request whose body is read. */
  readonly head: string
  /** Whether a body follows this head. */
  expects(head: string): boolean
  /** Passes over the body; what comes after it, once it has ended. */
  read(chunk: Buffer): Buffer | undefined
}

/** Counts the bytes of bodies, and keeps none. */
export function createBodyReader(onEnd: (size: number) => void): BodyReader {
  let head = ''
  let isReading = false
  let isChunked = false
  let size = 0
  /** Bytes until the body or the chunk ends; in chunks, its line break included. */
  let left = 0
  let line = ''

  function end(): void {
    isReading = false
    onEnd(size)
  }

  return {
    get isReading() {
      return isReading
    },
    get head() {
      return head
    },
    expects(given) {
      isChunked = /\r\ntransfer-encoding: *chunked\r\n/i.test(given)
      left = isChunked ? 0 : Number(/\r\ncontent-length: *(\d+)\r\n/i.exec(given)?.[1] ?? 0)
      isReading = isChunked || left > 0
      head = given
      size = 0
      line = ''
      return isReading
    },
    read(chunk) {
      let at = 0
      while (at < chunk.length) {
        if (left > 0) {
          const taken = Math.min(left, chunk.length - at)
          left -= taken
          at += taken
          if (!isChunked) size += taken
        } else if (isChunked) {
          const stop = chunk.indexOf('\n', at)
          line += chunk.toString('latin1', at, stop === -1 ? chunk.length : stop + 1)
          at = stop === -1 ? chunk.length : stop + 1
          if (!line.endsWith('\n')) break
          const length = Number.parseInt(line, 16)
          line = ''
          left = length + 2
          size += length
          isChunked = length > 0
        }
        if (left === 0 && !isChunked) {
          end()
          return chunk.subarray(at)
        }
      }
      return undefined
    },
  }
}
