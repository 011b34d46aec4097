/**
 * An upstream that takes whatever it is sent for as many requests as it can be read as: where the framing is doubtful it
 * believes the attacker. It keeps every byte, and answers each request that it finds.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface Seen {
  method: string
  target: string
  /** Lower-case names; lines of one name joined with `, `. */
  headers: Record<string, string>
  body: string
  /** Head and body as they came. */
  bytes: string
}

export interface LenientUpstream {
  port: number
  origin: string
  /** Every request that could be read out of what came, newest last. */
  seen: Seen[]
  /** How many connections hold the beginning of a request and wait for its rest. */
  halfway(): number
  close(): Promise<void>
}

/** @param answer bytes for a request, in place of the usual ones; `undefined` for these */
export async function startLenientUpstream(
  answer: (seen: Seen, socket: Socket) => string | Buffer | undefined = () => undefined,
): Promise<LenientUpstream> {
  const seen: Seen[] = []
  const open = new Set<Socket>()
  const halfway = new Set<Socket>()
  // What is written now is sent now, not with the next request.
  const server = createServer({ noDelay: true }, (socket) => {
    open.add(socket)
    let rest = ''
    socket.on('error', () => {}).on('close', () => [open, halfway].map((set) => set.delete(socket)))
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      rest += chunk
      for (let request = readRequest(rest); request; request = readRequest(rest)) {
        rest = rest.slice(request.bytes.length)
        seen.push(request)
        const given = answer(request, socket)
        if (socket.destroyed) return
        socket.write(given ?? usualAnswer(request), 'latin1')
      }
      if (rest === '') halfway.delete(socket)
      else halfway.add(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    seen,
    halfway: () => halfway.size,
    async close() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function usualAnswer({ method, target, headers, body }: Seen): string {
  if (headers['upgrade'] !== undefined) {
    return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${headers['upgrade']}\r\n\r\n`
  }
  const text = JSON.stringify({ method, target, headers, body })
  const length = Buffer.byteLength(text)
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${method === 'HEAD' ? '' : text}`
}

/** The first request in `text`, as the most credulous of servers reads it; `undefined` while there is none. */
function readRequest(text: string): Seen | undefined {
  const head = /^(?:\r?\n)*([^]*?)\r?\n\r?\n/.exec(text)
  if (!head) return undefined
  const [, lines = ''] = head
  const [requestLine = '', ...fields] = lines.split(/\r?\n/)
  const [method = '', target = ''] = requestLine.split(' ')
  const headers: Record<string, string> = {}
  for (const field of fields) {
    const [, name = '', value = ''] = /^\s*([^:]*?)\s*:\s*(.*?)\s*$/.exec(field) ?? []
    const key = name.toLowerCase()
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`
  }
  const rest = text.slice(head[0].length)
  const body = readBody(headers, rest)
  if (!body) return undefined
  const bytes = head[0] + rest.slice(0, body.size)
  return { method, target, headers, body: body.content, bytes }
}

/** `Content-Length` goes first, since that is what one who smuggles hopes for; without it a body is chunked or none. */
function readBody(headers: Record<string, string>, rest: string): { size: number; content: string } | undefined {
  const length = headers['content-length']
  if (length !== undefined) {
    const size = Number.parseInt(length, 10) || 0
    return rest.length < size ? undefined : { size, content: rest.slice(0, size) }
  }
  if (!/chunked/i.test(headers['transfer-encoding'] ?? '')) return { size: 0, content: '' }
  let at = 0
  let content = ''
  for (;;) {
    const line = /^([0-9a-f]+)[^\n]*\n/i.exec(rest.slice(at))
    if (!line) return undefined
    const size = Number.parseInt(line[1] ?? '', 16)
    at += line[0].length
    if (size === 0) {
      const end = rest.indexOf('\r\n', at)
      return end < 0 ? undefined : { size: end + 2, content }
    }
    if (rest.length < at + size + 2) return undefined
    content += rest.slice(at, at + size)
    at += size + 2
  }
}
