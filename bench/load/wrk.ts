/** Asks as a page does, by wrk: https://github.com/wg/wrk */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pinned } from '../machine.ts'
import type { LoadResult, LoadSettings } from './requests.ts'

interface Summary {
  requests: number
  /** Microseconds. */
  duration: number
  p50: number
  p99: number
  errors: Record<'connect' | 'read' | 'write' | 'status' | 'timeout', number>
}

/** The request as it is given, and the figures as JSON on a line of their own. */
function script(request: string): string {
  return `
wrk.format = function() return ${quoted(request)} end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('\\n{"requests":%d,"duration":%d,"p50":%d,"p99":%d,', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99)))
  io.write(string.format('"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\\n',
    e.connect, e.read, e.write, e.status, e.timeout))
end
`
}

/** A string of Lua: its decimal escapes are all three digits long. */
function quoted(text: string): string {
  return `"${text.replace(/[^ !#-[\]-~]/g, (char) => `\\${String(char.charCodeAt(0)).padStart(3, '0')}`)}"`
}

/** Asks on all connections for some time, whole seconds. */
export async function runWrk({ port, tls, connections, duration, request }: LoadSettings): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'wrk-'))
  try {
    const file = join(folder, 'request.lua')
    writeFileSync(file, script(request))
    const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}/`
    const seconds = Math.max(1, Math.round(duration / 1000))
    const words = ['wrk', '-t', '1', '-c', String(connections), '-d', `${seconds}s`, '-s', file, url]
    const [command, ...args] = pinned('helpers', words)
    const { stdout } = await promisify(execFile)(command, args)
    const line = stdout.split('\n').find((one) => one.startsWith('{'))
    if (line === undefined) throw new Error(`wrk said: ${stdout}`)
    const { requests, duration: took, p50, p99, errors } = JSON.parse(line) as Summary
    const failures = Object.values(errors).reduce((sum, count) => sum + count, 0)
    return { requests, seconds: took / 1e6, p50, p99, failures, ...(failures > 0 && { failure: stdout }) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
