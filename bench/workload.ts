import type { Bench } from './bench.ts'
import { type Outcome, type Series, summarize } from './rounds.ts'

export interface Figure {
  /** As a table's heading has it, with the unit. */
  name: string
  digits?: number
}

export interface Row {
  contestant: string
  /** What the workload was varied by: '50 connections'. */
  case?: string
  figures: Record<string, Series>
  /** Why there are no figures, or fewer. */
  failure?: string
  disturbed?: number
}

export interface Workload {
  name: string
  title: string
  /** The first is the one that contestants are compared by. */
  figures: readonly Figure[]
  rounds: number
  measure(bench: Bench, rounds: number): Promise<Row[]>
}

export function toRow(contestant: string, outcome: Outcome, inCase?: string): Row {
  const { measurements, failure, disturbed } = outcome
  const names = new Set(measurements.flatMap((measurement) => Object.keys(measurement)))
  const figures: Row['figures'] = {}
  for (const name of names) {
    figures[name] = summarize(measurements.map((one) => one[name]).filter((value) => value !== undefined))
  }
  return {
    contestant,
    ...(inCase !== undefined && { case: inCase }),
    figures,
    ...(failure !== undefined && { failure }),
    ...(disturbed > 0 && { disturbed }),
  }
}
