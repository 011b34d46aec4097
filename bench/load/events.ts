import { request as httpRequest } from 'node:http'
import type { Readable } from 'node:stream'
import { constants, createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib'

export interface EventSettings {
  port: number
  path: string
  headers: Record<string, string>
  /** How many the API sends, and how long to wait for all of them. */
  count: number
  timeout: number
}

export interface EventResult {
  delivered: number
  /** Milliseconds; absent where nothing was delivered. */
  median?: number
}

const DECODERS: Record<string, (body: Readable) => Readable> = {
  gzip: (body) => body.pipe(createGunzip({ flush: constants.Z_SYNC_FLUSH })),
  br: (body) => body.pipe(createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH })),
  zstd: (body) => body.pipe(createZstdDecompress({ flush: constants.ZSTD_e_flush })),
}

/** An event is the time at which it was sent, by the clock that all processes of a machine share. */
export function readEvents({ port, path, headers, count, timeout }: EventSettings): Promise<EventResult> {
  return new Promise((resolve, reject) => {
    const delays: number[] = []
    const request = httpRequest({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      if (response.statusCode !== 200) return void request.destroy(new Error(`status ${response.statusCode}`))
      const decode = DECODERS[response.headers['content-encoding'] ?? '']
      const body = decode ? decode(response) : response
      let rest = ''
      body.setEncoding('latin1').on('data', (text: string) => {
        const now = process.hrtime.bigint()
        const events = (rest + text).split('\n\n')
        rest = events.pop() ?? ''
        for (const event of events) delays.push(Number(now - BigInt(event.slice('data: '.length))) / 1e6)
        if (delays.length >= count) finish()
      })
      body.on('error', reject)
      response.on('error', reject)
    })
    const finish = (): void => {
      clearTimeout(timer)
      request.off('error', reject).on('error', () => {})
      request.destroy()
      const sorted = delays.toSorted((a, b) => a - b)
      const median = sorted[Math.floor(sorted.length / 2)]
      resolve({ delivered: delays.length, ...(median !== undefined && { median }) })
    }
    const timer = setTimeout(finish, timeout)
    request.on('error', reject).end()
  })
}
