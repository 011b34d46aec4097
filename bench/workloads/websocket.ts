import { randomBytes } from 'node:crypto'
import { PIPE, PIPE_IN_VITE } from '../contestants.ts'
import type { Running } from '../bench.ts'
import { compare, withCpu } from '../compare.ts'
import type { EchoResult, EchoSettings } from '../load/websocket.ts'
import type { Workload } from '../workload.ts'

/** Bytes of a frame of 1 KiB. */
const FRAME = 1024 + 8

export const websocket: Workload = {
  name: 'websocket',
  title: 'WebSocket messages (1 KiB), echoed',
  figures: [{ name: 'messages/s' }, { name: 'CPU µs/message', digits: 1 }, { name: 'round trip µs' }],
  rounds: 7,
  async measure(bench, rounds) {
    const origin = await bench.origin()
    const load = bench.load()
    const { running, failed } = await bench.startAll(
      bench.contestants.filter(({ name }) => name !== PIPE && name !== PIPE_IN_VITE),
      origin,
    )
    const rows = await compare(running, {
      rounds,
      warmUp: 2,
      async measure(one) {
        const request = upgradeRequest(one, '/api/echo')
        const ask = (window: number): Promise<EchoResult> => {
          const settings: EchoSettings = {
            port: one.port,
            tls: false,
            request,
            size: FRAME,
            window,
            duration: 300,
          }
          return load.ask('echo', settings)
        }
        const { result, cpu } = await withCpu(one, () => ask(64))
        const alone = await ask(1)
        return {
          'messages/s': result.messages / result.seconds,
          ...(cpu !== undefined && { 'CPU µs/message': (cpu * 1e6) / result.messages }),
          'round trip µs': (alone.seconds * 1e6) / alone.messages,
        }
      },
    })
    return [...failed, ...rows]
  },
}

/** A browser's handshake: it says where it is from by `Origin` alone. */
function upgradeRequest({ page, pathOf }: Running, path: string): string {
  const fields = {
    host: new URL(page.origin).host,
    connection: 'Upgrade',
    pragma: 'no-cache',
    'cache-control': 'no-cache',
    upgrade: 'websocket',
    origin: page.origin,
    'sec-websocket-version': '13',
    'accept-encoding': 'gzip, deflate, br, zstd',
    'accept-language': 'en-US,en;q=0.9',
    cookie: page.cookie,
    'sec-websocket-key': randomBytes(16).toString('base64'),
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  return [`GET ${pathOf(path)} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}
