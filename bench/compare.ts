import type { Running } from './bench.ts'
import type { Measurement } from './rounds.ts'
import { runRounds } from './rounds.ts'
import { type Row, toRow } from './workload.ts'

export interface Comparison {
  rounds: number
  case?: string
  /** Rounds that are not counted. */
  warmUp?: number
  measure(one: Running): Promise<Measurement>
}

/** Measures contestants that run, in turns. */
export async function compare(
  running: readonly Running[],
  { rounds, case: inCase, warmUp, measure }: Comparison,
): Promise<Row[]> {
  const variants = running.map((one) => ({
    name: one.contestant.name,
    pid: one.process?.pid,
    measure: () => measure(one),
  }))
  const outcomes = await runRounds(variants, rounds, { ...(warmUp !== undefined && { warmUp }) })
  return [...outcomes].map(([contestant, outcome]) => toRow(contestant, outcome, inCase))
}

/** CPU seconds of the contestant while `act` runs; `undefined` for the API itself. */
export async function withCpu<Result>(
  { usage }: Running,
  act: () => Promise<Result>,
): Promise<{ result: Result; cpu: number | undefined }> {
  const before = await usage()
  const result = await act()
  const after = await usage()
  return { result, cpu: before && after && after.cpu - before.cpu }
}
