/** Clients that send what no HTTP library would. */
import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export interface Raw {
  status: number
  /** Lower-case names; lines of one name joined with `, `. */
  headers: Record<string, string>
  /** Everything that came, the head included. */
  text: string
}

/** Nobody waits that long; a test that does has found a server that hangs. */
const PATIENCE_MS = 10_000

export function open(origin: string): Socket {
  const { protocol, port } = new URL(origin)
  return protocol === 'https:'
    ? connectTls({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    : connect(Number(port), '127.0.0.1')
}

/**
 * Sends bytes, and resolves with what comes back: when the server closes, or when an answer's end has come that its
 * head announced.
 */
export async function sendBytes(origin: string, bytes: string): Promise<Raw> {
  const socket = open(origin)
  let text = ''
  let timer: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no end after ${JSON.stringify(text.slice(0, 200))}`)), PATIENCE_MS)
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk
        if (isWhole(text)) resolve()
      })
      // A server that closes before it has read all answers with a reset.
      socket.on('error', () => resolve()).on('close', () => resolve())
      socket.write(bytes, 'latin1')
    })
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
  return read(text)
}

function isWhole(text: string): boolean {
  const { status, headers } = read(text)
  if (status === 101) return true
  if (status < 200) return false
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  const length = headers['content-length']
  if (length !== undefined) return body.length >= Number(length)
  return headers['transfer-encoding'] === 'chunked' && body.endsWith('0\r\n\r\n')
}

export function read(text: string): Raw {
  const final = text.replace(/^(?:HTTP\/1\.1 1(?!01)\d\d[^]*?\r\n\r\n)+/, '')
  const headers: Record<string, string> = {}
  const end = final.indexOf('\r\n\r\n')
  for (const line of end < 0 ? [] : final.slice(0, end).split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return { status: end < 0 ? 0 : Number(/^HTTP\/1\.1 (\d{3})/.exec(final)?.[1] ?? 0), headers, text: final }
}

/** One request over HTTP/2, pseudo-header fields as given. */
export async function sendHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string,
): Promise<Raw> {
  const stream = session.request(headers, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  let answered: Record<string, unknown> = {}
  let text = ''
  stream.on('response', (received) => (answered = received))
  stream.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  const signal = AbortSignal.timeout(PATIENCE_MS)
  await once(stream, 'close', { signal }).catch((error: unknown) => {
    if (signal.aborted) throw error
  })
  const fields = Object.entries(answered).filter(([name]) => !name.startsWith(':'))
  return {
    status: Number(answered[':status'] ?? 0),
    headers: Object.fromEntries(fields.map(([name, value]) => [name, [value].flat().join(', ')])),
    text: fields.length === 0 ? text : JSON.stringify(answered) + text,
  }
}

export async function openHttp2(origin: string): Promise<ClientHttp2Session> {
  const session = connectHttp2(origin.replace('localhost', '127.0.0.1'), { rejectUnauthorized: false })
  session.on('error', () => {})
  await once(session, 'connect')
  return session
}
