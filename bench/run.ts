/**
 * How fast, against others in the same run on the same machine.
 *
 * `npm run bench` measures everything, `npm run bench -- small-json` one workload, `npm run bench -- small-json 10` in ten
 * rounds, `npm run bench -- small-json --only "plugin in vite,server.proxy"` only contestants with such names. Results go to bench/results/. Ends with 1 when a goal is missed.
 */
import { parseArgs } from 'node:util'
import { withBench } from './bench.ts'
import { CONTESTANTS } from './contestants.ts'
import { judge } from './goals.ts'
import { describeJudgement, RESULTS, saveRun, terminalTables, toResult, toRun, type WorkloadResult } from './report.ts'
import type { Row } from './workload.ts'
import { WORKLOADS } from './workloads.ts'
import { stopAll } from './processes/process.ts'

const { positionals, values } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } })
const wanted = positionals.filter((word) => !/^\d+$/.test(word))
const givenRounds = positionals.find((word) => /^\d+$/.test(word))
const unknown = wanted.filter((name) => !WORKLOADS.some((workload) => workload.name === name))
if (unknown.length > 0) {
  console.error(`No workload ${unknown.join(', ')}. There are: ${WORKLOADS.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}
const workloads = WORKLOADS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))

const results: WorkloadResult[] = []
const only = values.only?.toLowerCase().split(',')
const contestants = CONTESTANTS.filter(({ name }) => only?.some((part) => name.toLowerCase().includes(part)) ?? true)

await withBench(contestants, async (bench) => {
  for (const workload of workloads) {
    const rounds = givenRounds === undefined ? workload.rounds : Number(givenRounds)
    const start = performance.now()
    let rows: Row[]
    try {
      rows = await workload.measure(bench, rounds)
    } catch (error) {
      rows = [{ contestant: 'the bench itself', figures: {}, failure: (error as Error).message }]
    } finally {
      await stopAll()
    }
    const result = toResult(workload, rounds, rows)
    results.push(result)
    console.log(terminalTables(result).trimEnd())
    for (const { contestant, failure } of rows) if (failure !== undefined) console.log(`! ${contestant}: ${failure}`)
    if (rows.some(({ disturbed }) => disturbed)) console.log('* shared the machine with other load')
    console.log(`(${((performance.now() - start) / 1000).toFixed(0)} s)`)
  }
})

const goals = judge(new Map(results.map(({ name, rows }) => [name, rows])))
const run = toRun(results, goals)
saveRun(wanted.length === 0 ? 'bench' : wanted.join('+'), run)
console.log(`\nGoals\n${goals.map(describeJudgement).join('\n')}\n\nWritten to ${RESULTS}`)
process.exitCode = goals.every(({ isMet }) => isMet) ? 0 : 1
