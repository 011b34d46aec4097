/** Rows as tables: for the terminal, for Markdown. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { VITE_PROXY } from './contestants.ts'
import { describeGoal, type Judgement } from './goals.ts'
import { describeMachine } from './machine.ts'
import type { Series } from './rounds.ts'
import type { Figure, Row } from './workload.ts'

export const RESULTS = join(import.meta.dirname, 'results')

export interface WorkloadResult {
  name: string
  title: string
  rounds: number
  figures: readonly Figure[]
  rows: Row[]
}

/** A result file. */
export interface Run {
  at: string
  commit: string | undefined
  machine: Record<string, string | number | boolean>
  workloads: WorkloadResult[]
  goals: Judgement[]
}

export function toRun(workloads: WorkloadResult[], goals: Judgement[]): Run {
  return { at: new Date().toISOString(), commit: commit(), machine: describeMachine(), workloads, goals }
}

function commit(): string | undefined {
  try {
    const git = (...words: string[]): string =>
      execFileSync('git', words, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim()
    return (
      git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--', '../src') === '' ? '' : ' and changes')
    )
  } catch {
    return undefined
  }
}

/** Keeps a run as JSON, and a Markdown table for each workload. */
export function saveRun(name: string, run: Run): void {
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(join(RESULTS, `${name}.json`), `${JSON.stringify(run, undefined, 2)}\n`)
  for (const workload of run.workloads) {
    const about = `${run.at.slice(0, 10)}, ${run.machine.cpu}, ${run.machine.cores} cores, Node ${run.machine.node}, small calls by ${run.machine.calls}; medians of ${workload.rounds} rounds, half of the values within the range in brackets`
    writeFileSync(join(RESULTS, `${workload.name}.md`), `# ${workload.title}\n\n${about}\n${markdownTables(workload)}`)
  }
}

/** One table for each case. */
export function markdownTables(workload: WorkloadResult): string {
  return tables(workload)
    .map(({ caption, heading, lines }) => {
      const rule = heading.map((_, index) => (index === 0 ? '---' : '--:'))
      const text = [heading, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
      return `\n${caption === undefined ? '' : `## ${caption}\n\n`}${text}\n`
    })
    .join('')
}

export function terminalTables(workload: WorkloadResult): string {
  return tables(workload)
    .map(({ caption, heading, lines }) => {
      const widths = heading.map((_, column) =>
        Math.max(...[heading, ...lines].map((cells) => cells[column]?.length ?? 0)),
      )
      const text = [heading, ...lines]
        .map((cells) =>
          cells
            .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
            .join('  '),
        )
        .join('\n')
      return `\n${workload.title}${caption === undefined ? '' : `, ${caption}`}\n${text}\n`
    })
    .join('')
}

interface Table {
  caption: string | undefined
  heading: string[]
  lines: string[][]
}

function tables({ figures, rows }: WorkloadResult): Table[] {
  const cases = [
    ...new Set(
      rows.filter((row) => row.case !== undefined || Object.keys(row.figures).length > 0).map((row) => row.case),
    ),
  ]
  const captions = cases.length === 0 ? [undefined] : cases
  return captions.map((caption) => {
    // What did not even start belongs to every case.
    const shown = rows.filter((row) => row.case === caption || (row.case === undefined && row.failure !== undefined))
    const present = figures.filter(({ name }) => shown.some((row) => name in row.figures))
    const [first] = present
    const base = first && shown.find(({ contestant }) => contestant === VITE_PROXY)?.figures[first.name]?.median
    return {
      caption,
      heading: ['', ...present.flatMap(({ name }, index) => (index === 0 && base ? [name, '× Vite'] : [name]))],
      lines: shown.map((row) => [
        row.contestant +
          (row.failure === undefined ? '' : `: failed (${firstLine(row.failure)})`) +
          (row.disturbed ? ' *' : ''),
        ...present.flatMap(({ name, digits = 0 }, index) => {
          const series = row.figures[name]
          const cell = series ? formatSeries(series, digits) : '–'
          return index === 0 && base ? [cell, series ? (series.median / base).toFixed(2) : '–'] : [cell]
        }),
      ]),
    }
  })
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.replaceAll('|', '¦').slice(0, 160) ?? ''
}

export function formatNumber(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

function formatSeries({ median, quartiles: [low, high], values }: Series, digits: number): string {
  const format = (value: number): string => formatNumber(value, digits)
  const spread = format(low) === format(high) || values.length < 2 ? '' : ` (${format(low)}–${format(high)})`
  return format(median) + spread
}

export function describeJudgement(judgement: Judgement): string {
  const { measured, isMet } = judgement
  const figure = measured === undefined ? 'no figures' : measured.toFixed(Math.abs(measured) < 10 ? 2 : 1)
  return `${isMet ? 'met   ' : 'MISSED'}  ${figure.padStart(10)}  ${describeGoal(judgement)}`
}
