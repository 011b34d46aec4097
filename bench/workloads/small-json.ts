import type { Bench, Running } from '../bench.ts'
import { compare, withCpu } from '../compare.ts'
import type { LoadResult, LoadSettings } from '../load/requests.ts'
import { runWrk } from '../load/wrk.ts'
import { HAS_WRK } from '../machine.ts'
import { requestBytes } from '../page.ts'
import type { BenchProcess } from '../processes/process.ts'
import { type Measurement, showProgress } from '../rounds.ts'
import type { Row, Workload } from '../workload.ts'

/** Compiled code settles after so many; before, figures are up to three times as high. */
const WARM_UP = { connections: 50, requests: 20_000, duration: 6000 }

/**
 * Milliseconds of one measurement: short, and many of them, since machines are fast in one second and slow in the next.
 * wrk knows whole seconds only.
 */
export const DURATION = HAS_WRK ? 1000 : 300

export const REQUEST_FIGURES = [
  { name: 'requests/s' },
  { name: 'p50 ms', digits: 3 },
  { name: 'p99 ms', digits: 2 },
  { name: 'CPU µs/request', digits: 1 },
]

/** A page's call of a path of the API. */
export function callOf({ port, page, pathOf }: Running, path: string, options?: Parameters<typeof requestBytes>[2]) {
  return { port, request: requestBytes(page, pathOf(path), options), tls: page.origin.startsWith('https:') }
}

/** Lets contestants serve for a while; those that can't are told in rows. */
export async function warmUp(
  load: BenchProcess,
  running: readonly Running[],
  settings = WARM_UP,
): Promise<{ ready: Running[]; failed: Row[] }> {
  const ready: Running[] = []
  const failed: Row[] = []
  for (const one of running) {
    const { name } = one.contestant
    showProgress(`warming up: ${name}`)
    const asked = { ...settings, ...callOf(one, '/api/json') } satisfies LoadSettings
    const { failures, failure = '' } = await load
      .ask<LoadResult>('run', asked)
      .catch((error: Error) => ({ failures: 1, failure: error.message }))
    if (failures === 0) ready.push(one)
    else failed.push({ contestant: name, figures: {}, failure })
  }
  return { ready, failed }
}

/** Requests as fast as answers come, and what they cost. */
export async function measureRequests(one: Running, load: BenchProcess, settings: LoadSettings): Promise<Measurement> {
  await load.ask('prime', settings)
  const run = (): Promise<LoadResult> => (HAS_WRK ? runWrk(settings) : load.ask('run', settings))
  return measurementOf(await withCpu(one, run))
}

export function measurementOf({ result, cpu }: { result: LoadResult; cpu: number | undefined }): Measurement {
  const { requests, seconds, p50, p99, failures, failure } = result
  if (failures > 0) throw new Error(`${failures} of ${requests} requests failed: ${failure}`)
  return {
    'requests/s': requests / seconds,
    'p50 ms': p50 / 1000,
    'p99 ms': p99 / 1000,
    ...(cpu !== undefined && { 'CPU µs/request': (cpu * 1e6) / requests }),
  }
}

export const smallJson: Workload = {
  name: 'small-json',
  title: 'Small JSON (200 B)',
  figures: REQUEST_FIGURES,
  rounds: 9,
  measure: (bench, rounds) => measureSmallJson(bench, rounds, { tls: false }),
}

export const smallJsonTls: Workload = {
  name: 'small-json-tls',
  title: 'Small JSON from an HTTPS upstream',
  figures: REQUEST_FIGURES,
  rounds: 9,
  measure: (bench, rounds) => measureSmallJson(bench, rounds, { tls: true }),
}

async function measureSmallJson(bench: Bench, rounds: number, { tls }: { tls: boolean }): Promise<Row[]> {
  const origin = await bench.origin({ tls })
  const load = bench.load()
  const { running, failed } = await bench.startAll(bench.contestants, origin)
  const warm = await warmUp(load, running)
  const rows = [...failed, ...warm.failed]
  for (const connections of [1, 50]) {
    const of = await compare(warm.ready, {
      rounds,
      case: connections === 1 ? '1 connection' : `${connections} connections`,
      warmUp: 0,
      measure: (one) => measureRequests(one, load, { connections, duration: DURATION, ...callOf(one, '/api/json') }),
    })
    rows.push(...of)
  }
  return rows
}
