import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { serveApi, type Api } from './serve.ts'

/** About what a good home line uploads, so that the progress bar has something to show. */
const BYTES_PER_MILLISECOND = 12_000

/** An object store: `PUT /files/name`, answered with the digest of what arrived. */
export function startUploads(): Promise<Api> {
  return serveApi({
    name: 'uploads',
    title: 'Uploads',
    hostname: '127.0.0.1',
    listener: (request, response) => {
      // What breaks is the page going away in the middle: there is nobody left to tell.
      store(request, response).catch(() => response.destroy())
    },
  })
}

async function store(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const name = /^\/files\/([\w.-]+)$/.exec(request.url ?? '')?.[1]
  if (request.method !== 'PUT' || !name) {
    response.writeHead(404, { 'content-type': 'application/json' })
    response.end('{"error":"there is only PUT /files/:name"}')
    return
  }
  const hash = createHash('sha256')
  const startedAt = performance.now()
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
    const early = bytes / BYTES_PER_MILLISECOND - (performance.now() - startedAt)
    if (early > 4) await wait(early)
  }
  response.writeHead(201, { 'content-type': 'application/json', location: `/files/${name}` })
  response.end(JSON.stringify({ name, bytes, sha256: hash.digest('hex') }))
}
