/** Many requests on one connection, one behind the other, and how far their answers came. */
import { connect, type Socket } from 'node:net'

export interface Outcome {
  /** Status of each answer, in order. */
  statuses: number[]
  /** `hung` is the only one that is wrong. */
  end: 'answered' | 'closed' | 'hung' | 'garbled'
  /** What could not be read as an answer. */
  rest: string
}

/** A machine may be busy; a dev server that leaves a connection for that long has forgotten it. */
const PATIENCE_MS = 20_000

/** A server may wait for the rest of what was spoiled; the page that sent it gives up then. */
const REST_MS = 500

/**
 * Sends bytes, and is over when as many answers have come as `methods` has, or the server closes.
 *
 * @param isSpoiled whether nobody knows how many answers there will be: the server has to close after the last of them
 */
export function exchange(
  port: number,
  bytes: string,
  methods: readonly string[],
  isSpoiled = false,
  patience = PATIENCE_MS,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const statuses: number[] = []
    let rest = ''
    const settle = (end: Outcome['end']): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ statuses, end, rest })
    }
    const timer = setTimeout(() => settle('hung'), patience)
    // A server that closes before it has read all answers with a reset.
    socket.on('error', () => settle('closed')).on('close', () => settle('closed'))
    socket.on('end', () => settle('closed'))
    if (isSpoiled) socket.setTimeout(REST_MS, () => socket.end())
    socket.setEncoding('latin1').on('data', (text: string) => {
      rest += text
      for (;;) {
        const read = readAnswer(rest, methods[statuses.length] ?? 'GET')
        if (read === 'garbled') return settle('garbled')
        if (!read) break
        rest = rest.slice(read.size)
        if (read.status >= 200) statuses.push(read.status)
        if (statuses.length === methods.length && !isSpoiled) return settle('answered')
      }
    })
    socket.write(bytes, 'latin1')
  })
}

function readAnswer(text: string, method: string): { status: number; size: number } | 'garbled' | undefined {
  if (text === '') return undefined
  if (!'HTTP/1.1 '.startsWith(text.slice(0, 9))) return 'garbled'
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = text.slice(0, headEnd)
  const status = Number(/^HTTP\/1\.1 (\d{3})(?: |\r|$)/.exec(head)?.[1])
  if (!status) return 'garbled'
  const start = headEnd + 4
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') return { status, size: start }
  const length = /^content-length: (\d+)$/im.exec(head)?.[1]
  if (length !== undefined) {
    const size = start + Number(length)
    return text.length < size ? undefined : { status, size }
  }
  // Until the end, which is told by 'closed'.
  if (!/^transfer-encoding: chunked$/im.test(head)) return undefined
  for (let at = start; ;) {
    const line = text.indexOf('\r\n', at)
    if (line < 0) return undefined
    const size = Number.parseInt(text.slice(at, line), 16)
    if (Number.isNaN(size)) return 'garbled'
    at = line + 2 + size + 2
    if (text.length < at) return undefined
    if (size === 0) return { status, size: at }
  }
}
