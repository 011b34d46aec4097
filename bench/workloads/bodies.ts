import { setTimeout as pause } from 'node:timers/promises'
import type { Bench, Running } from '../bench.ts'
import { compare, withCpu } from '../compare.ts'
import type { BodyResult, DownloadSettings, UploadSettings } from '../load/bodies.ts'
import { memoryOf, resetPeakMemory } from '../machine.ts'
import type { BenchProcess } from '../processes/process.ts'
import type { Measurement } from '../rounds.ts'
import type { Row, Workload } from '../workload.ts'
import { callOf, warmUp } from './small-json.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30

const FIGURES = [{ name: 'MB/s' }, { name: 'CPU s/GiB', digits: 2 }]
const MEMORY_FIGURES = [{ name: 'idle MB' }, { name: 'peak MB' }, { name: 'peak above idle MB' }]

const TIMEOUT = 120_000

export const downloads: Workload = {
  name: 'downloads',
  title: 'Responses of 1 MiB, 16 at a time',
  figures: FIGURES,
  rounds: 9,
  measure: (bench, rounds) =>
    measureBodies(bench, rounds, (load, one) =>
      load.ask(
        'download',
        { connections: 16, times: 12, size: MIB, ...callOf(one, `/api/bytes?size=${MIB}`) } satisfies DownloadSettings,
        TIMEOUT,
      ),
    ),
}

export const largeDownload: Workload = {
  name: 'large-download',
  title: 'A response of 512 MiB',
  figures: [...FIGURES, ...MEMORY_FIGURES],
  rounds: 5,
  measure: (bench, rounds) =>
    measureBodies(bench, rounds, (load, one) =>
      load.ask(
        'download',
        {
          connections: 1,
          times: 1,
          size: 512 * MIB,
          ...callOf(one, `/api/bytes?size=${512 * MIB}`),
        } satisfies DownloadSettings,
        TIMEOUT,
      ),
    ),
}

export const largeUpload: Workload = {
  name: 'large-upload',
  title: 'An upload of 256 MiB',
  figures: [...FIGURES, ...MEMORY_FIGURES],
  rounds: 7,
  measure: (bench, rounds) =>
    measureBodies(bench, rounds, (load, one) => {
      const size = 256 * MIB
      const headers = { 'content-length': String(size), 'content-type': 'video/mp4' }
      return load.ask(
        'upload',
        { size, ...callOf(one, '/api/sink', { method: 'POST', headers }) } satisfies UploadSettings,
        TIMEOUT,
      )
    }),
}

async function measureBodies(
  bench: Bench,
  rounds: number,
  pass: (load: BenchProcess, one: Running) => Promise<BodyResult>,
): Promise<Row[]> {
  const origin = await bench.origin()
  const load = bench.load()
  const { running, failed } = await bench.startAll(bench.contestants, origin)
  // All that is loaded at the first request is there, and the heap is as large as small calls make it; no large body
  // has been yet.
  const warm = await warmUp(load, running, { connections: 50, requests: 10_000, duration: 4000 })
  const idle = new Map<Running, number>()
  await pause(1000)
  for (const one of warm.ready) {
    const memory = one.process && memoryOf(one.process.pid)
    if (memory) idle.set(one, memory.now)
  }
  const rows = await compare(warm.ready, {
    rounds,
    async measure(one) {
      if (one.process) resetPeakMemory(one.process.pid)
      const { result, cpu } = await withCpu(one, () => pass(load, one))
      const before = idle.get(one)
      const memory = one.process && memoryOf(one.process.pid)
      const measurement: Measurement = { 'MB/s': result.bytes / result.seconds / 1e6 }
      if (cpu !== undefined) measurement['CPU s/GiB'] = cpu / (result.bytes / GIB)
      if (before !== undefined && memory) {
        Object.assign(measurement, {
          'idle MB': before,
          'peak MB': memory.peak,
          'peak above idle MB': memory.peak - before,
        })
      }
      return measurement
    },
  })
  return [...failed, ...warm.failed, ...rows]
}
