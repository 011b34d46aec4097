/** What is to be reached, in one table. All compare medians of one run. */
import {
  HPM_IN_VITE,
  PIPE_IN_VITE,
  PLUGIN_IN_VITE,
  PLUGIN_IN_WEBPACK,
  RELAY_IN_VITE,
  VITE_PROXY,
  WEBPACK_PROXY,
} from './contestants.ts'
import type { Row } from './workload.ts'
import { VITE_ALONE } from './workloads/startup.ts'

export interface Goal {
  workload: string
  case?: string
  figure: string
  of: string
  /** Compared with the best of these, by ratio; with nobody, the figure itself counts. */
  against?: readonly string[]
  /** Compared by difference instead. */
  by?: 'ratio' | 'difference'
  atLeast?: number
  atMost?: number
}

export interface Judgement extends Goal {
  /** `undefined` where there are no figures. */
  measured: number | undefined
  isMet: boolean
}

const BOTH_WAYS = [PLUGIN_IN_VITE, RELAY_IN_VITE]

const each = (contestants: readonly string[], goal: Omit<Goal, 'of'>): Goal[] =>
  contestants.map((of) => ({ ...goal, of }))

export const GOALS: readonly Goal[] = [
  ...each(BOTH_WAYS, {
    workload: 'small-json',
    case: '50 connections',
    figure: 'requests/s',
    against: [VITE_PROXY],
    atLeast: 5,
  }),
  ...each(BOTH_WAYS, {
    workload: 'small-json',
    case: '50 connections',
    figure: 'CPU µs/request',
    against: [VITE_PROXY],
    atMost: 0.22,
  }),
  ...each(BOTH_WAYS, {
    workload: 'small-json',
    case: '1 connection',
    figure: 'p50 ms',
    against: [VITE_PROXY],
    atMost: 0.75,
  }),
  ...each(BOTH_WAYS, {
    workload: 'small-json',
    case: '50 connections',
    figure: 'requests/s',
    against: [HPM_IN_VITE],
    atLeast: 1.9,
  }),
  {
    workload: 'small-json',
    case: '50 connections',
    figure: 'requests/s',
    of: PLUGIN_IN_WEBPACK,
    against: [WEBPACK_PROXY],
    atLeast: 3,
  },
  ...each(BOTH_WAYS, {
    workload: 'small-json',
    case: '50 connections',
    figure: 'requests/s',
    against: [PIPE_IN_VITE],
    atLeast: 0.85,
  }),
  ...each(BOTH_WAYS, {
    workload: 'small-json-tls',
    case: '50 connections',
    figure: 'requests/s',
    against: [VITE_PROXY],
    atLeast: 13,
  }),
  {
    workload: 'startup',
    figure: 'ready ms',
    of: PLUGIN_IN_VITE,
    against: [VITE_ALONE],
    by: 'difference',
    atMost: 15,
  },
]

/** Judges what was measured; goals of workloads that were not run are left out. */
export function judge(results: ReadonlyMap<string, readonly Row[]>): Judgement[] {
  return GOALS.filter(({ workload }) => results.has(workload)).map((goal) => {
    const measured = measuredFor(goal, results.get(goal.workload) ?? [])
    const { atLeast = -Infinity, atMost = Infinity } = goal
    return { ...goal, measured, isMet: measured !== undefined && measured >= atLeast && measured <= atMost }
  })
}

function measuredFor(goal: Goal, rows: readonly Row[]): number | undefined {
  const medianOf = (contestant: string): number | undefined =>
    rows.find((row) => row.contestant === contestant && row.case === goal.case)?.figures[goal.figure]?.median
  const ours = medianOf(goal.of)
  if (ours === undefined || !goal.against) return ours
  const theirs = goal.against.map(medianOf).filter((median) => median !== undefined)
  if (theirs.length === 0) return undefined
  const best = goal.atLeast === undefined ? Math.min(...theirs) : Math.max(...theirs)
  return goal.by === 'difference' ? ours - best : ours / best
}

export function describeGoal({
  workload,
  case: inCase,
  figure,
  of,
  against,
  by = 'ratio',
  atLeast,
  atMost,
}: Goal): string {
  const what = `${workload}${inCase === undefined ? '' : `, ${inCase}`}: ${figure} of ${of}`
  const limit = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
  if (!against) return `${what} ${limit}`
  const whom = against.length === 1 ? against[0] : `the best of ${against.join(', ')}`
  return by === 'ratio' ? `${what} ${limit} × ${whom}` : `${what} ${limit} above ${whom}`
}
