import { runningPids } from './processes/process.ts'
import { watchForeignLoad } from './machine.ts'

export type Measurement = Record<string, number>

export interface Variant {
  name: string
  /** The process that has a core to itself. */
  pid?: number | undefined
  /** One run from nothing to nothing: figure → value. */
  measure(): Promise<Measurement>
}

export interface Outcome {
  measurements: Measurement[]
  /** Why it was measured no further. */
  failure?: string
  /** How many of the measurements had to share the machine with others. */
  disturbed: number
}

export interface Series {
  median: number
  min: number
  max: number
  /** Half of all values lie within it. */
  quartiles: [number, number]
  values: number[]
}

/** Share of one core that others may take before a measurement is taken again. */
const TOLERATED_LOAD = 0.05
const MAX_TRIES = 3

/**
 * Runs every variant once a round, in turns that begin with another variant each time, so that a machine that slows
 * down slows all of them; one warm-up round is not counted. A variant that fails is out.
 */
export async function runRounds(
  variants: readonly Variant[],
  rounds: number,
  { warmUp = 1 }: { warmUp?: number } = {},
): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>(variants.map(({ name }) => [name, { measurements: [], disturbed: 0 }]))
  // On a machine that never rests, repeating helps nobody.
  let repeats = Math.ceil((variants.length * rounds) / 2)
  for (let round = 1 - warmUp; round <= rounds; round++) {
    const first = Math.max(0, round) % variants.length
    for (const { name, pid, measure } of [...variants.slice(first), ...variants.slice(0, first)]) {
      const outcome = outcomes.get(name)
      if (!outcome || outcome.failure !== undefined) continue
      showProgress(`round ${round} of ${rounds}: ${name}`)
      try {
        for (let tries = 1; ; tries++) {
          const foreignLoad = watchForeignLoad({ pids: runningPids(), alone: pid === undefined ? [] : [pid] })
          const measurement = await measure()
          if (round < 1) break
          const isDisturbed = foreignLoad() > TOLERATED_LOAD
          if (isDisturbed && tries < MAX_TRIES && repeats-- > 0) continue
          if (isDisturbed) outcome.disturbed++
          outcome.measurements.push(measurement)
          break
        }
      } catch (error) {
        outcome.failure = (error as Error).message
      }
    }
  }
  showProgress('')
  return outcomes
}

export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`)
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
