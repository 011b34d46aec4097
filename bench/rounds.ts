/** What the benchmarks share: interleaved rounds, so that all variants meet the same noise, and their statistics. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'

export type Measurement = Record<string, number>

export interface Variant {
  name: string
  /** One run from nothing to nothing: figure → value. */
  measure(): Promise<Measurement>
}

export interface Series {
  median: number
  min: number
  max: number
  /** Half of all values lie within it. */
  quartiles: [number, number]
  values: number[]
}

/** Runs every variant once a round, in turns that begin with another variant each time; one warm-up round is not counted. */
export async function runRounds(variants: readonly Variant[], rounds: number): Promise<Map<string, Measurement[]>> {
  const measured = new Map(variants.map(({ name }) => [name, [] as Measurement[]]))
  for (let round = 0; round <= rounds; round++) {
    const first = round % variants.length
    for (const variant of [...variants.slice(first), ...variants.slice(0, first)]) {
      const measurement = await variant.measure()
      if (round > 0) measured.get(variant.name)?.push(measurement)
    }
    if (process.stderr.isTTY) process.stderr.write(`\rround ${round} of ${rounds}`)
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K')
  return measured
}

/** The value below which a share of all values lies, interpolated. */
function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}

export function summarize(values: readonly number[]): Series {
  const sorted = values.toSorted((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
    quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)],
    values: [...values],
  }
}

/** Keeps the figures with the machine they were taken on; returns the file. */
export function saveResults(name: string, results: object): string {
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}.json`)
  const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version }
  writeFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), machine, ...results }, undefined, 2)}\n`)
  return file
}
