import { once } from 'node:events'
import { createServer, IncomingMessage, ServerResponse } from 'node:http'
import type { OutgoingHttpHeader, OutgoingHttpHeaders, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { closerOf } from '../setup/close-server'

const isOfCors = (name: string): boolean => /^access-control-/i.test(name)

/** Some servers can't be told to leave CORS out. */
class ResponseWithoutCors extends ServerResponse {
  override setHeader(name: string, value: number | string | readonly string[]): this {
    return isOfCors(name) ? this : super.setHeader(name, value)
  }

  override appendHeader(name: string, value: string | readonly string[]): this {
    return isOfCors(name) ? this : super.appendHeader(name, value)
  }

  override writeHead(status: number, ...rest: unknown[]): this {
    const kept = rest.map((part) => (typeof part === 'object' && part !== null ? withoutCors(part) : part))
    return super.writeHead(status, ...(kept as [OutgoingHttpHeaders]))
  }
}

/** Headers are given as an object, as a list of pairs, or as names and values in turn. */
function withoutCors(headers: object): OutgoingHttpHeaders | OutgoingHttpHeader[] {
  if (!Array.isArray(headers)) return Object.fromEntries(Object.entries(headers).filter(([name]) => !isOfCors(name)))
  const pairs: unknown[][] = Array.isArray(headers[0])
    ? headers
    : headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]]] : []))
  return pairs.filter(([name]) => !isOfCors(String(name))).flat() as OutgoingHttpHeader[]
}

export async function serveWithoutCors(): Promise<{ server: Server; origin: string; close(): Promise<void> }> {
  const server = createServer({ ServerResponse: ResponseWithoutCors })
  // The dev server asks for what a browser would have been told. That is no part of the client's talk with its server.
  const emit = server.emit.bind(server) as (...args: unknown[]) => boolean
  server.emit = (...args: unknown[]) => {
    const [, request, response] = args
    const isPreflight = request instanceof IncomingMessage && 'access-control-request-method' in request.headers
    if (!isPreflight || !(response instanceof ServerResponse)) return emit(...args)
    response.writeHead(404).end()
    return true
  }
  const close = closerOf(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    server,
    origin: `http://127.0.0.1:${port}`,
    close,
  }
}
