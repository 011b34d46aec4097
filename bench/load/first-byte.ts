/** Single calls of a page whose connection to the dev server stands already, and how long each takes. */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Address } from './address.ts'

export interface CallerSettings extends Address {
  http2: boolean
}

export interface CallSettings {
  path: string
  headers: Record<string, string>
}

interface Caller {
  call(settings: CallSettings): Promise<number>
  close(): void
}

let caller: Caller | undefined

/** Opens the connection that the page came by. */
export async function openCaller(settings: CallerSettings): Promise<void> {
  closeCaller()
  caller = settings.http2 ? await http2Caller(settings) : http1Caller(settings)
}

export function closeCaller(): void {
  caller?.close()
  caller = undefined
}

/** Milliseconds until the answer begins. */
export function timeCall(settings: CallSettings): Promise<number> {
  if (!caller) throw new Error('there is no page')
  return caller.call(settings)
}

function http1Caller({ port, tls }: Address): Caller {
  const agent = tls ? new HttpsAgent({ keepAlive: true, maxSockets: 1 }) : new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    async call({ path, headers }) {
      const start = performance.now()
      const send = tls ? httpsRequest : httpRequest
      const request = send({ host: '127.0.0.1', port, path, headers, agent, rejectUnauthorized: false }).end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      const milliseconds = performance.now() - start
      response.resume()
      await once(response, 'end')
      if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
      return milliseconds
    },
    close: () => agent.destroy(),
  }
}

export function http2Headers(headers: Record<string, string>, path: string): Record<string, string> {
  const { host, ...rest } = headers
  return { ':path': path, ...(host !== undefined && { ':authority': host }), ...rest }
}

export async function openSession(port: number): Promise<ClientHttp2Session> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  await once(session, 'connect')
  session.on('error', () => {})
  return session
}

async function http2Caller({ port }: Address): Promise<Caller> {
  const session = await openSession(port)
  return {
    async call({ path, headers }) {
      const start = performance.now()
      const stream = session.request(http2Headers(headers, path))
      const [answer] = (await once(stream, 'response')) as [Record<string, unknown>]
      const milliseconds = performance.now() - start
      stream.resume()
      await once(stream, 'end')
      if (answer[':status'] !== 200) throw new Error(`status ${String(answer[':status'])}`)
      return milliseconds
    },
    close: () => session.destroy(),
  }
}
