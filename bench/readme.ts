/** The README's table: figures of the last whole run, and nothing else. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import {
  HPM_IN_VITE,
  PIPE_IN_VITE,
  PLUGIN_IN_VITE,
  PLUGIN_IN_WEBPACK,
  VITE_PROXY,
  WEBPACK_PROXY,
} from './contestants.ts'
import { formatNumber, RESULTS, type Run } from './report.ts'

const README = join(import.meta.dirname, '../README.md')
const BEGIN = '<!-- bench: written by `npm run bench -- --readme` -->'
const END = '<!-- /bench -->'

/** Contestant → heading. */
const COLUMNS: Record<string, string> = {
  [VITE_PROXY]: "Vite's `server.proxy`",
  [WEBPACK_PROXY]: "webpack-dev-server's `proxy`",
  [HPM_IN_VITE]: 'http-proxy-middleware in Vite',
  [PIPE_IN_VITE]: 'undici by hand in Vite',
  [PLUGIN_IN_VITE]: '**this plugin in Vite**',
  [PLUGIN_IN_WEBPACK]: '**this plugin in webpack**',
}

interface Line {
  text: string
  workload: string
  case?: string
  figure: string
  digits?: number
}

const LINES: readonly Line[] = [
  {
    text: 'small JSON, 50 at a time: requests/s',
    workload: 'small-json',
    case: '50 connections',
    figure: 'requests/s',
  },
  {
    text: '… CPU time of the dev server per request, µs',
    workload: 'small-json',
    case: '50 connections',
    figure: 'CPU µs/request',
  },
  {
    text: '… one at a time: median, ms',
    workload: 'small-json',
    case: '1 connection',
    figure: 'p50 ms',
    digits: 2,
  },
  { text: '… from an HTTPS API: requests/s', workload: 'small-json-tls', case: '50 connections', figure: 'requests/s' },
  { text: '… to an HTTP/2 page: requests/s', workload: 'http2', figure: 'requests/s' },
  { text: '16 responses of 1 MiB at a time: MB/s', workload: 'downloads', figure: 'MB/s' },
  { text: 'a response of 512 MiB: MB/s', workload: 'large-download', figure: 'MB/s' },
  { text: 'an upload of 256 MiB: MB/s', workload: 'large-upload', figure: 'MB/s' },
  { text: 'WebSocket messages of 1 KiB, echoed: messages/s', workload: 'websocket', figure: 'messages/s' },
  { text: '100 server-sent events: delivered', workload: 'events', figure: 'delivered' },
  { text: '1,000 calls at once that take 1 s each: s', workload: 'wave', figure: 'all answered s', digits: 1 },
  {
    text: '400 GETs on connections that the API just closes: failed',
    workload: 'stale',
    case: 'closed as the next request comes',
    figure: 'failures',
  },
  {
    text: 'HTTPS API 50 ms away: first byte, ms',
    workload: 'distance',
    case: 'HTTP/1.1 page',
    figure: 'warm ms',
  },
  { text: '… first call after a restart, ms', workload: 'distance', case: 'HTTP/1.1 page', figure: 'first call ms' },
]

/** Puts the table of the last whole run between the README's markers. */
export async function writeReadme(): Promise<void> {
  const run = lastRun()
  const readme = readFileSync(README, 'utf8')
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (begin === -1 || end < begin) throw new Error(`README.md has no place for the table. Put in:\n${BEGIN}\n${END}`)
  const text = `${readme.slice(0, begin)}${BEGIN}\n\n${readmeTable(run)}\n\n${readme.slice(end)}`
  writeFileSync(README, await format(text, { ...(await resolveConfig(README)), filepath: README }))
}

function lastRun(): Run {
  const file = join(RESULTS, 'bench.json')
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Run
  } catch {
    throw new Error(`There is no whole run in ${file}: run \`npm run bench\` first.`)
  }
}

function readmeTable({ at, commit, machine, workloads }: Run): string {
  const cell = ({ workload, case: inCase, figure, digits = 0 }: Line, contestant: string): string => {
    const row = workloads
      .find(({ name }) => name === workload)
      ?.rows.find((one) => one.contestant === contestant && one.case === inCase)
    if (row?.failure !== undefined) return 'fails'
    const median = row?.figures[figure]?.median
    return median === undefined ? '–' : formatNumber(median, digits)
  }
  const lines = LINES.map((line) => [line.text, ...Object.keys(COLUMNS).map((contestant) => cell(line, contestant))])
  const table = [['', ...Object.values(COLUMNS)], ['---', ...Object.keys(COLUMNS).map(() => '--:')], ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
  const isDisturbed = workloads.some(({ rows }) => rows.some(({ disturbed }) => disturbed))
  const versions = commit === undefined ? '' : `, commit ${commit}`
  const where = `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, small calls by ${machine.calls}${versions}`
  const caveat = isDisturbed ? ' Other programs ran on the machine meanwhile.' : ''
  return `Measured on ${at.slice(0, 10)}: ${where}. Medians of interleaved rounds.${caveat}\n\n${table}`
}
