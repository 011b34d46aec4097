import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'
import type * as Tus from 'tus-js-client'
import { expect } from 'vitest'
import type { Client } from '../client'

export const client: Client<{ tus: typeof Tus }> = {
  imports: { tus: 'tus-js-client' },

  serve(server) {
    const directory = mkdtempSync(join(tmpdir(), 'cors-dev-tus-'))
    const tus = new Server({ path: '/files', datastore: new FileStore({ directory }), namingFunction: () => 'upload' })
    const seen: string[] = []
    server.on('request', (request, response) => {
      const { method, url, headers } = request
      seen.push([method, url, headers['upload-offset'], headers['x-http-method-override']].filter(Boolean).join(' '))
      // The network fails in the middle of the second part.
      if (seen.filter((line) => line === 'PATCH /files/upload 400000').length === 1 && method === 'PATCH') {
        request.once('data', () => request.socket.destroy())
        return
      }
      void tus.handle(request, response)
    })
    server.once('close', () => rmSync(directory, { recursive: true, force: true }))
    return () => {
      expect(seen).toEqual([
        'POST /files',
        'PATCH /files/upload 0',
        'PATCH /files/upload 400000',
        // By itself, after the failure.
        'HEAD /files/upload',
        'PATCH /files/upload 400000',
        // By the page, after a pause.
        'HEAD /files/upload',
        'PATCH /files/upload 800000',
      ])
      const bytes = readFileSync(join(directory, 'upload'))
      expect(bytes.equals(Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 251))).toBe(true)
    }
  },

  consoleErrors: /502|ERR_|\[cors-dev\]/,

  page: async ({ tus: { Upload }, api, equal }) => {
    const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 251)
    const file = new File([bytes], 'file.bin')
    const options = {
      endpoint: `${api}/files`,
      chunkSize: 400_000,
      retryDelays: [0, 0],
      metadata: { name: 'file.bin' },
    }

    await new Promise<void>((resolve, reject) => {
      const upload = new Upload(file, {
        ...options,
        onError: reject,
        onChunkComplete(_size, accepted) {
          if (accepted === 800_000) void upload.abort().then(resolve)
        },
      })
      upload.start()
    })

    const last = await new Promise<[string | null, number]>((resolve, reject) => {
      let sent = 0
      const upload = new Upload(file, {
        ...options,
        onError: reject,
        onProgress: (bytesSent) => (sent = bytesSent),
        onSuccess: () => resolve([upload.url, sent]),
      })
      void upload.findPreviousUploads().then(([previous]) => {
        upload.resumeFromPreviousUpload(previous!)
        upload.start()
      })
    })
    equal(last, [`${api}/files/upload`, 1_000_000])
  },
}
