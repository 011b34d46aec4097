/** What is to be reached, in one table. All compare medians of one run. */
import {
  DIRECT,
  HPM_IN_VITE,
  PIPE,
  PIPE_IN_VITE,
  PLUGIN_IN_VITE,
  PLUGIN_IN_WEBPACK,
  RELAY_IN_VITE,
  VITE_PROXY,
  WEBPACK_PROXY,
} from './contestants.ts'
import type { Row } from './workload.ts'

/** What is looked at: a figure of a workload, in one of its cases. */
interface Place {
  case?: string
  figure: string
}

interface Reference extends Partial<Place> {
  /** The best of them counts. */
  contestants: readonly string[]
}

export interface Goal extends Place {
  workload: string
  of: string
  /** With nobody, the figure itself counts. What it leaves out is as in the goal. */
  against?: Reference
  /** `'ratio'` unless said otherwise. */
  by?: 'ratio' | 'difference'
  /** The worst of all rounds counts, and not their median. */
  always?: boolean
  atLeast?: number
  atMost?: number
}

export interface Judgement extends Goal {
  /** `undefined` where there are no figures. */
  measured: number | undefined
  isMet: boolean
}

const IN_VITE = [PLUGIN_IN_VITE, RELAY_IN_VITE]
const EVERYWHERE = [...IN_VITE, PLUGIN_IN_WEBPACK]
const NODE_PROXIES = [PIPE, PIPE_IN_VITE, VITE_PROXY, WEBPACK_PROXY, HPM_IN_VITE]

const vite: Reference = { contestants: [VITE_PROXY] }
const many = { workload: 'small-json', case: '50 connections' }
const alone = { workload: 'small-json', case: '1 connection' }

export const GOALS: readonly Goal[] = [
  ...each(IN_VITE, { ...many, figure: 'requests/s', against: vite, atLeast: 5 }),
  ...each(IN_VITE, { ...many, figure: 'CPU µs/request', against: vite, atMost: 0.22 }),
  ...each(IN_VITE, { ...alone, figure: 'p50 ms', against: vite, atMost: 0.75 }),
  ...each(IN_VITE, { ...many, figure: 'requests/s', against: { contestants: [HPM_IN_VITE] }, atLeast: 1.9 }),
  ...each([PLUGIN_IN_WEBPACK], {
    ...many,
    figure: 'requests/s',
    against: { contestants: [WEBPACK_PROXY] },
    atLeast: 3,
  }),
  ...each(IN_VITE, { ...many, figure: 'requests/s', against: { contestants: [PIPE_IN_VITE] }, atLeast: 0.85 }),
  ...each(IN_VITE, { ...many, workload: 'small-json-tls', figure: 'requests/s', against: vite, atLeast: 13 }),

  ...each(EVERYWHERE, {
    workload: 'stale',
    case: 'closed as the next request comes',
    figure: 'failures',
    always: true,
    atMost: 0,
  }),
  ...each(EVERYWHERE, {
    workload: 'stale',
    case: 'gone without a word',
    figure: 'failures',
    always: true,
    atMost: 0,
  }),

  ...each(IN_VITE, {
    workload: 'downloads',
    figure: 'MB/s',
    against: { contestants: NODE_PROXIES },
    atLeast: 0.95,
  }),
  ...each(IN_VITE, {
    workload: 'large-download',
    figure: 'MB/s',
    against: { contestants: NODE_PROXIES },
    atLeast: 0.95,
  }),
  ...each(IN_VITE, {
    workload: 'large-upload',
    figure: 'MB/s',
    against: { contestants: [HPM_IN_VITE] },
    atLeast: 0.95,
  }),
  ...each(IN_VITE, { workload: 'large-download', figure: 'peak above idle MB', atMost: 30 }),
  ...each(IN_VITE, { workload: 'large-upload', figure: 'peak above idle MB', atMost: 30 }),

  ...['HTTP/1.1 page', 'HTTP/2 page'].flatMap((inCase) =>
    ['warm ms', 'first call ms'].flatMap((figure) =>
      each(IN_VITE, {
        workload: 'distance',
        case: inCase,
        figure,
        // One round trip.
        against: { contestants: [DIRECT], case: 'HTTP/1.1 page', figure: 'warm ms' },
        by: 'difference',
        atMost: 4,
      }),
    ),
  ),

  // Two waves would take two seconds.
  ...each(EVERYWHERE, { workload: 'wave', figure: 'all answered s', atMost: 1.9 }),
  ...each(EVERYWHERE, { workload: 'aborts', figure: 'sockets left', always: true, atMost: 0 }),
  ...each(EVERYWHERE, { workload: 'aborts', figure: 'RSS kept MB', atMost: 30 }),
  ...each(EVERYWHERE, { workload: 'aborts', figure: 'in use kept MB', atMost: 10 }),

  ...each(EVERYWHERE, { workload: 'events', figure: 'lost', always: true, atMost: 0 }),
  ...each(EVERYWHERE, { workload: 'events', figure: 'delay ms', atMost: 1 }),

  ...each([PLUGIN_IN_VITE], {
    workload: 'startup',
    figure: 'ready ms',
    against: { contestants: ['Vite alone'] },
    by: 'difference',
    atMost: 15,
  }),
  ...each(['with the runtime'], {
    workload: 'runtime',
    figure: 'same-origin µs',
    against: { contestants: ['without the runtime'] },
    by: 'difference',
    atMost: 2,
  }),
  ...['all of one API', 'of 4 APIs'].flatMap((inCase) =>
    each(IN_VITE, {
      workload: 'parallel',
      case: inCase,
      figure: 'all answered ms',
      against: { contestants: [DIRECT] },
      atMost: 1.1,
    }),
  ),
]

function each(contestants: readonly string[], goal: Omit<Goal, 'of'>): Goal[] {
  return contestants.map((of) => ({ ...goal, of }))
}

/** Judges what was measured; goals of workloads that were not run are left out. */
export function judge(results: ReadonlyMap<string, readonly Row[]>): Judgement[] {
  return GOALS.filter(({ workload }) => results.has(workload)).map((goal) => {
    const measured = measuredFor(goal, results.get(goal.workload) ?? [])
    const { atLeast = -Infinity, atMost = Infinity } = goal
    return { ...goal, measured, isMet: measured !== undefined && measured >= atLeast && measured <= atMost }
  })
}

function measuredFor(goal: Goal, rows: readonly Row[]): number | undefined {
  const seriesOf = (contestant: string, { case: inCase, figure }: Place) =>
    rows.find((row) => row.contestant === contestant && row.case === inCase && row.failure === undefined)?.figures[
      figure
    ]
  const { of, against, by = 'ratio', always = false, atLeast } = goal
  const series = seriesOf(of, goal)
  const worst = atLeast === undefined ? series?.max : series?.min
  const ours = always ? worst : series?.median
  if (ours === undefined || !against) return ours
  const theirs = against.contestants
    .map((contestant) => seriesOf(contestant, { ...goal, ...against })?.median)
    .filter((median) => median !== undefined)
  if (theirs.length === 0) return undefined
  const best = atLeast === undefined ? Math.min(...theirs) : Math.max(...theirs)
  return by === 'difference' ? ours - best : ours / best
}

export function describeGoal(goal: Goal): string {
  const { workload, case: inCase, figure, of, against, by = 'ratio', always = false, atLeast, atMost } = goal
  const where = inCase === undefined ? workload : `${workload}, ${inCase}`
  const what = `${where}: ${of}: ${figure} ${always ? 'always ' : ''}`
  const limit = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
  if (!against) return what + limit
  const { contestants, figure: theirFigure } = against
  const whom = contestants.length === 1 ? contestants[0] : 'the best Node proxy'
  const whose = theirFigure === undefined || theirFigure === figure ? whom : `${theirFigure} of ${whom}`
  return `${what}${limit} ${by === 'ratio' ? '×' : 'above'} ${whose}`
}
