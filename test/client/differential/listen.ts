import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { constants, createSecureServer, type Http2ServerResponse, type Http2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Tls } from '../../e2e/api'
import { closerOf } from '../../setup/close-server'

export type { Tls }

export interface Listening {
  origin: string
  onUpgrade(upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void): void
  close(): Promise<void>
}

type Answerer = (req: IncomingMessage, res: ServerResponse) => void

/** Speaks HTTP/2 where it has a certificate, and HTTP/1.1 to who does not: WebSockets, and the dev server's proxy. */
export async function listen(answer: Answerer, tls?: Tls): Promise<Listening> {
  const server = tls ? createSecureServer({ ...tls, allowHTTP1: true }, answer as never) : createServer(answer)
  const close = closerOf(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    onUpgrade: (upgrade) => void server.on('upgrade', upgrade),
    close,
  }
}

/** Breaks an answer off. Over HTTP/2, the page's or the server's, that overtakes what was sent just before. */
export async function reset(res: ServerResponse): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50))
  const stream = streamOf(res)
  if (stream) stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  else res.destroy()
}

/** Over HTTP/2, a response to HEAD does not say that it was given up. */
export function streamOf(res: ServerResponse): Http2Stream | undefined {
  return (res as unknown as Partial<Http2ServerResponse>).stream
}
