/**
 * What is alive in a dev server's process, told on request. Loaded by `node --import` before the dev server; `look()` is
 * for the tests.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { isMainThread } from 'node:worker_threads'
import { runInNewContext } from 'node:vm'

export interface Inside {
  /** Bytes that are reachable. */
  heap: number
  /** Sockets, timers and the like, by kind, how many there are. */
  resources: Record<string, number>
  /** Errors that nobody caught. */
  uncaught: string[]
}

/** Environment variables for a process that is to be looked into. */
export const INSIDE_ENV = { NODE_OPTIONS: `--import ${new URL(import.meta.url).href}`, CORS_DEV_INSIDE: '1' }

/** Where a process listens to {@link look}, as it says itself. */
export const INSIDE_LINE = /^INSIDE (\d+)$/

export async function look(port: number): Promise<Inside> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
  return (await response.json()) as Inside
}

/** Of this process. */
export function lookInside(uncaught: string[] = []): Inside {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const { heapUsed, external } = process.memoryUsage()
  const resources: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  return { heap: heapUsed + external, resources, uncaught }
}

if (process.env.CORS_DEV_INSIDE === '1' && isMainThread) {
  const uncaught: string[] = []
  process.on('uncaughtExceptionMonitor', (error) => uncaught.push(error.stack ?? error.message))
  // Listeners that pile up are leaked.
  process.on('warning', ({ name, message }) => name.startsWith('MaxListeners') && uncaught.push(message))
  const server = createServer((_req, res) => res.end(JSON.stringify(lookInside(uncaught))))
  server.listen(0, '127.0.0.1', () => console.log(`INSIDE ${(server.address() as AddressInfo).port}`)).unref()
}
