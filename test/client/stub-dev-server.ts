import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { CLASSIC_SCRIPT_BASE, clientScript, MODULE_BASE } from '../../src/exchange/client-script'
import {
  CLIENT_SCRIPT,
  DECISION_ENDPOINT,
  FAILURE_ENDPOINT,
  HOP_SEGMENT,
  parseRelayPath,
  type RelayPath,
  toRelayPath,
  type ClientConfig,
  type FailureReport,
  type RouteAnswer,
  type RouteQuestion,
} from '../../src/exchange/wire'
import { readClientBundle } from '../../src/plugin/client-bundle'

/** The wire as the runtime sees it, and nothing else of a dev server. */
export interface StubDevServer {
  origin: string
  prefix: string
  /** Path and query of all that came down the reserved prefix, without the prefix. */
  seen: string[]
  questions: RouteQuestion[]
  /** Answers the questions; may take its time, or throw. */
  decide: (question: RouteQuestion) => RouteAnswer | Promise<RouteAnswer>
  /** Serves `text` at `path`. */
  serve(path: string, type: string, text: string): void
  close(): Promise<void>
}

export async function startStubDevServer(
  relays: ClientConfig['relays'],
  base = '/',
  discovers = false,
): Promise<StubDevServer> {
  const prefix = `${base}__cors-dev/`
  const config: ClientConfig = { prefix, relays, decisions: {}, ...(discovers && { others: 'unknown' }) }
  const bundled = readClientBundle()
  const files = new Map<string, { type: string; text: string }>()
  const failures = new Map<string, FailureReport>()
  const script = clientScript(bundled, config, CLASSIC_SCRIPT_BASE)
  files.set(prefix + CLIENT_SCRIPT, { type: 'text/javascript', text: script })
  files.set('/client.mjs', { type: 'text/javascript', text: clientScript(bundled, config, MODULE_BASE) })
  files.set('/', { type: 'text/html', text: `<!doctype html><script src="${prefix}${CLIENT_SCRIPT}"></script>` })

  const server = createServer((req, res) => {
    void answer(req, res).catch(() => res.destroy())
  })

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<unknown> {
    const { origin } = req.headers
    if (origin) {
      res.setHeader('access-control-allow-origin', origin)
      res.setHeader('access-control-allow-credentials', 'true')
      res.setHeader('access-control-expose-headers', 'x-total')
      res.setHeader('timing-allow-origin', origin)
    }
    if (req.method === 'OPTIONS' && req.headers['access-control-request-method']) {
      res.setHeader('access-control-allow-methods', req.headers['access-control-request-method'])
      res.setHeader('access-control-allow-headers', req.headers['access-control-request-headers'] ?? '')
      return res.writeHead(204).end()
    }
    const file = files.get(req.url ?? '')
    if (file) return res.writeHead(200, { 'content-type': file.type }).end(file.text)
    if (!req.url?.startsWith(prefix)) return res.writeHead(404).end('not here')

    const rest = req.url.slice(prefix.length)
    stub.seen.push(rest)
    if (rest === DECISION_ENDPOINT) {
      const question = JSON.parse(Buffer.concat(await req.toArray()).toString()) as RouteQuestion
      stub.questions.push(question)
      return res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(await stub.decide(question)))
    }
    if (rest.startsWith(`${FAILURE_ENDPOINT}?url=`)) {
      const report = failures.get(rest.slice(rest.indexOf('=') + 1).replace(/^ws/, 'http'))
      return res.writeHead(report ? 200 : 204, { 'content-type': 'application/json' }).end(JSON.stringify(report))
    }
    const path = parseRelayPath(rest)
    if (path) return relay(req, res, path, path.origin + path.pathAndQuery)
    return res.writeHead(404).end()
  }

  function relay(req: IncomingMessage, res: ServerResponse, { kind, redirect }: RelayPath, url: string): void {
    const up = request(
      url,
      { method: req.method, headers: { ...req.headers, host: new URL(url).host } },
      (answered) => {
        const headers = { ...answered.headers }
        delete headers['access-control-allow-origin']
        if (headers.location) {
          const location = new URL(headers.location, url)
          headers.location = `${prefix}${HOP_SEGMENT}/n0nce/${toRelayPath(kind, location)}`
        }
        res.writeHead(answered.statusCode ?? 500, headers)
        res.flushHeaders()
        answered.pipe(res)
        answered.on('error', () => {
          failures.set(url, { code: 'reset', message: 'the API broke off. Look into its log.' })
          res.destroy()
        })
      },
    )
    up.on('error', () => {
      if (res.headersSent) return res.destroy()
      failures.set(url, { code: 'refused', message: 'connection refused. Start the API.' })
      res
        .setHeader('location', redirect === 'manual' ? ['data:,', 'data:'] : 'data:,')
        .writeHead(302)
        .end()
    })
    res.on('close', () => up.destroy())
    req.pipe(up)
  }

  server.on('upgrade', (req: IncomingMessage, socket, head: Buffer) => {
    const rest = req.url?.slice(prefix.length) ?? ''
    stub.seen.push(rest)
    const path = parseRelayPath(rest)
    if (!path) return socket.destroy()
    const { hostname, port } = new URL(path.origin)
    const up = connect(Number(port), hostname, () => {
      const lines = req.rawHeaders.flatMap((name, at, all) => (at % 2 ? [] : [`${name}: ${all[at + 1]}`]))
      up.write([`GET ${path.pathAndQuery} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
      up.write(head)
      up.pipe(socket).pipe(up)
    })
    socket.on('error', () => up.destroy())
    up.on('error', () => {
      failures.set(path.origin + path.pathAndQuery, { code: 'refused', message: 'connection refused. Start the API.' })
      socket.destroy()
    })
  })

  const stub: StubDevServer = {
    origin: '',
    prefix,
    seen: [],
    questions: [],
    decide: () => ({ route: 'relay' }),
    serve: (path, type, text) => files.set(path, { type, text }),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stub.origin = `http://localhost:${(server.address() as AddressInfo).port}`
  return stub
}
