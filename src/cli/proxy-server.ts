import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { printable, withoutQuery } from '../exchange/printable'
import type { Advice } from '../options/advice'
import { CorsDevError, LOG_PREFIX } from '../options/errors'
import type { ResolvedOptions } from '../options/types'
import { createContext, type Logger } from '../plugin/context'
import { ownOrigins } from '../plugin/own-origins'
import { guardRequest, type GuardPolicy } from '../proxy/guard'
import { refuse } from '../proxy/refusal'
import { refuseUpgrade } from '../proxy/upgrade'
import type { Target } from '../targets/target'
import { argumentIssue } from './arguments'
import { type Address, listeningError, ownNames } from './listening'

export interface ProxyServerInput {
  options: ResolvedOptions
  target: Target
  /** Of its route. */
  path: string
  address: Address
  advice: Advice
  logger: Logger
}

export interface ProxyServer {
  /** Where pages reach it, the best one first. */
  origins: readonly [string, ...string[]]
  close(): Promise<void>
}

/** The engine behind a server of its own. Listens when it is there. */
export async function startProxyServer(input: ProxyServerInput): Promise<ProxyServer> {
  const { options, target, path, address, advice, logger } = input
  const allowedHosts = ownNames(address)
  const context = createContext({
    options,
    targets: [target],
    // Logins are kept as those of the project are that this is started in.
    root: process.cwd(),
    base: '/',
    allowedHosts,
    advice,
    logger,
  })
  const answerElsewhere = elsewhere({ origins: options.origins, allowedHosts, advice }, { path, target, logger })
  const server = createServer((req, res) => context.middleware(req, res, () => answerElsewhere(req, res)))
  server.on('upgrade', (req, socket, head) => {
    if (!context.upgrade(req, socket, head)) refuseUpgrade(socket, 404)
  })
  // Node forgets those that were upgraded, which would keep the process from ending.
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const close = async (): Promise<void> => {
    server.close()
    for (const socket of sockets) socket.destroy()
    await context.close()
  }

  const { host = '127.0.0.1' } = address
  try {
    server.listen({ port: address.port, ...(host !== true && { host }) })
    await once(server, 'listening')
  } catch (error) {
    throw listeningError(error, address)
  }
  const own = ownOrigins(server, allowedHosts)
  if (own.includes(target.origin)) {
    await close()
    const why = 'is this proxy itself: its requests would come round for ever'
    throw new CorsDevError([
      argumentIssue('<url>', target.origin, why, 'Write the address of the API, or another --port'),
    ])
  }
  context.noteListening(own)
  const { port } = server.address() as AddressInfo
  const local = originOf(typeof address.host === 'string' ? address.host : 'localhost', port)
  const others = host === true ? own.filter((origin) => origin !== local && !/\/\/(?:127\.|\[)/.test(origin)) : []
  return { origins: [local, ...others], close }
}

function originOf(host: string, port: number): string {
  return new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`).origin
}

const MOST_SAID = 20

/**
 * Answers what is no path of the proxy: to pages that may call, in a way that they can read, since a missing prefix would
 * look like a missing CORS header to them.
 */
function elsewhere(
  policy: GuardPolicy,
  { path, target, logger }: Pick<ProxyServerInput, 'path' | 'target' | 'logger'>,
): (req: IncomingMessage, res: ServerResponse) => void {
  const said = new Set<string>()
  return (req, res) => {
    const { method = 'GET', url = '/', headers } = req
    const admission = guardRequest(
      {
        method,
        url,
        headers,
        authority: headers.host,
        isEncrypted: false,
        isUpgrade: false,
        way: 'path',
        injectsHeaders: false,
        hasSession: false,
      },
      policy,
    )
    if (!admission.allowed) return refuse(res, admission.status, admission.code)
    if (url === '/' && headers['sec-fetch-mode'] === 'navigate') {
      res.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
      return res.end(`${admission.ownOrigin}${path} leads to ${target.origin}${target.basePath}\n`)
    }
    const asked = printable(withoutQuery(url)).slice(0, 120)
    // An icon is asked for by the browser itself.
    if (!said.has(asked) && said.size < MOST_SAID && headers['sec-fetch-dest'] !== 'image') {
      said.add(asked)
      logger.warn(
        `${LOG_PREFIX} ${printable(method)} ${asked} is no path of this proxy: its paths begin with ${path}. Call ${path}${asked}.`,
      )
    }
    refuse(res, 404, 'not-found', admission)
  }
}
