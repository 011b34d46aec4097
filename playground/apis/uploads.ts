import { createHash } from 'node:crypto'
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
    listener: async (request, response) => {
      const name = /^\/files\/([\w.-]+)$/.exec(request.url ?? '')?.[1]
      if (request.method !== 'PUT' || !name) {
        response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"there is only PUT /files/:name"}')
        return
      }
      const hash = createHash('sha256')
      const startedAt = performance.now()
      let bytes = 0
      try {
        for await (const chunk of request as AsyncIterable<Buffer>) {
          hash.update(chunk)
          bytes += chunk.length
          const early = bytes / BYTES_PER_MILLISECOND - (performance.now() - startedAt)
          if (early > 4) await wait(early)
        }
      } catch {
        return // The page went away in the middle.
      }
      response.writeHead(201, { 'content-type': 'application/json', location: request.url })
      response.end(JSON.stringify({ name, bytes, sha256: hash.digest('hex') }))
    },
  })
}
