import { http2Headers, openSession } from './first-byte.ts'
import { type LoadResult, percentiles } from './requests.ts'

export interface Http2Settings {
  port: number
  path: string
  headers: Record<string, string>
  /** How many requests are on their way at a time. */
  streams: number
  /** Milliseconds. */
  duration: number
  /** Ends sooner after so many. */
  requests?: number
}

/** As `run`, over the one connection that an HTTP/2 page has. */
export async function runHttp2(settings: Http2Settings): Promise<LoadResult> {
  const { port, path, headers, streams, duration, requests = Infinity } = settings
  const session = await openSession(port)
  const sent = http2Headers(headers, path)
  const latencies: number[] = []
  let failures = 0
  let failure: string | undefined
  const start = performance.now()
  const isOver = (): boolean => performance.now() - start >= duration || latencies.length >= requests || session.closed

  const ask = (): Promise<void> => {
    return new Promise((resolve) => {
      const sentAt = performance.now()
      const stream = session.request(sent)
      stream.on('response', (answer) => {
        if (answer[':status'] === 200) return
        failures++
        failure ??= `status ${answer[':status']}`
      })
      stream.on('error', (error) => {
        failures++
        failure ??= error.message
      })
      stream.on('close', () => {
        latencies.push(performance.now() - sentAt)
        resolve()
      })
      stream.resume()
    })
  }
  await Promise.all(
    Array.from({ length: streams }, async () => {
      while (!isOver()) await ask()
    }),
  )
  const seconds = (performance.now() - start) / 1000
  session.destroy()
  return { requests: latencies.length, seconds, ...percentiles(latencies), failures, ...(failure && { failure }) }
}
