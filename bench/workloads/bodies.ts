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
  measure: (bench, rounds) => measureBodies(bench, rounds, downloadMany),
}

export const largeDownload: Workload = {
  name: 'large-download',
  title: 'A response of 512 MiB',
  figures: [...FIGURES, ...MEMORY_FIGURES],
  rounds: 5,
  measure: (bench, rounds) =>
    measureBodies(bench, rounds, (load, one) => downloadFrom(load, one, { connections: 1, times: 1, size: 512 * MIB })),
}

export const largeUpload: Workload = {
  name: 'large-upload',
  title: 'An upload of 256 MiB',
  figures: [...FIGURES, ...MEMORY_FIGURES],
  rounds: 7,
  measure: (bench, rounds) => measureBodies(bench, rounds, (load, one) => uploadTo(load, one, 256 * MIB)),
}

type Pass = (load: BenchProcess, one: Running) => Promise<BodyResult>

const downloadMany: Pass = (load, one) => downloadFrom(load, one, { connections: 16, times: 12, size: MIB })

function downloadFrom(
  load: BenchProcess,
  one: Running,
  bodies: Pick<DownloadSettings, 'connections' | 'times' | 'size'>,
): Promise<BodyResult> {
  const settings: DownloadSettings = { ...bodies, ...callOf(one, `/api/bytes?size=${bodies.size}`) }
  return load.ask('download', settings, TIMEOUT)
}

function uploadTo(load: BenchProcess, one: Running, size: number): Promise<BodyResult> {
  const headers = { 'content-length': String(size), 'content-type': 'video/mp4' }
  const settings: UploadSettings = { size, ...callOf(one, '/api/sink', { method: 'POST', headers }) }
  return load.ask('upload', settings, TIMEOUT)
}

async function measureBodies(bench: Bench, rounds: number, pass: Pass): Promise<Row[]> {
  const origin = await bench.origin()
  const load = bench.load()
  const { running, failed } = await bench.startAll(bench.contestants, origin)
  const warm = await warmUp(load, running, { connections: 50, requests: 5000, duration: 3000 })
  const rows = await compare(warm.ready, { rounds, measure: (one) => measureBody(load, one, pass) })
  return [...failed, ...warm.failed, ...rows]
}

async function measureBody(load: BenchProcess, one: Running, pass: Pass): Promise<Measurement> {
  const pid = one.process?.pid
  // Idle is who has served bodies of usual size just now: V8 gives memory back after a while, and takes it again with
  // whatever comes first. Flat is what does not grow with the size of a body.
  await downloadMany(load, one)
  for (let count = 0; count < 16; count++) await uploadTo(load, one, MIB)
  const idle = pid === undefined ? undefined : memoryOf(pid)?.now
  if (pid !== undefined) resetPeakMemory(pid)
  const { result, cpu } = await withCpu(one, () => pass(load, one))
  const peak = pid === undefined ? undefined : memoryOf(pid)?.peak
  return {
    'MB/s': result.bytes / result.seconds / 1e6,
    ...(cpu !== undefined && { 'CPU s/GiB': cpu / (result.bytes / GIB) }),
    ...(idle !== undefined &&
      peak !== undefined && { 'idle MB': idle, 'peak MB': peak, 'peak above idle MB': peak - idle }),
  }
}
