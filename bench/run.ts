/**
 * How fast, against others in the same run on the same machine.
 *
 *     npm run bench                                             everything
 *     npm run bench -- small-json stale                         some workloads
 *     npm run bench -- small-json 30                            … in thirty rounds
 *     npm run bench -- small-json --only "plugin in vite,pipe"  … of contestants with such names
 *     npm run bench -- --readme                                 the table of the last whole run into README.md
 *
 * Small calls are made by wrk where it is installed: Node's own way slows down what it measures.
 *
 * Results go to bench/results/: JSON, and a Markdown table for each workload. Ends with 1 when a goal is missed.
 */
import { parseArgs } from 'node:util'
import { type Bench, withBench } from './bench.ts'
import { CONTESTANTS } from './contestants.ts'
import { judge } from './goals.ts'
import { stopAll } from './processes/process.ts'
import { writeReadme } from './readme.ts'
import { describeJudgement, RESULTS, saveRun, terminalTables, toRun, type WorkloadResult } from './report.ts'
import type { Row, Workload } from './workload.ts'
import { WORKLOADS } from './workloads.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, readme: { type: 'boolean' } },
})

try {
  if (values.readme) await writeReadme()
  else process.exitCode = (await measure()) ? 0 : 1
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 2
}

/** Whether all goals were met. */
async function measure(): Promise<boolean> {
  const names = positionals.filter((word) => !/^\d+$/.test(word))
  const givenRounds = positionals.find((word) => /^\d+$/.test(word))
  const unknown = names.filter((name) => !WORKLOADS.some((workload) => workload.name === name))
  if (unknown.length > 0) {
    const known = WORKLOADS.map(({ name }) => name).join(', ')
    throw new Error(`There is no workload ${unknown.join(', ')}. There are: ${known}.`)
  }
  const only = values.only?.toLowerCase().split(',')
  const contestants = CONTESTANTS.filter(({ name }) => only?.some((part) => name.toLowerCase().includes(part)) ?? true)

  const results: WorkloadResult[] = []
  await withBench(contestants, async (bench) => {
    for (const workload of WORKLOADS.filter(({ name }) => names.length === 0 || names.includes(name))) {
      results.push(await measureWorkload(bench, workload, givenRounds ? Number(givenRounds) : workload.rounds))
    }
  })

  const judged = judge(new Map(results.map(({ name, rows }) => [name, rows])))
  const goals = only ? judged.filter(({ measured }) => measured !== undefined) : judged
  // What the README shows is a whole run.
  const isWhole = names.length === 0 && !only
  saveRun(isWhole ? 'bench' : 'part', toRun(results, goals))
  if (goals.length > 0) console.log(`\nGoals\n${goals.map(describeJudgement).join('\n')}`)
  console.log(`\nWritten to ${RESULTS}`)
  return goals.every(({ isMet }) => isMet)
}

async function measureWorkload(bench: Bench, workload: Workload, rounds: number): Promise<WorkloadResult> {
  const { name, title, figures } = workload
  const start = performance.now()
  let rows: Row[]
  try {
    rows = await workload.measure(bench, rounds)
  } catch (error) {
    rows = [{ contestant: 'the bench itself', figures: {}, failure: (error as Error).message }]
  } finally {
    await stopAll()
  }
  const result: WorkloadResult = { name, title, rounds, figures, rows }
  console.log(terminalTables(result).trimEnd())
  for (const { contestant, failure } of rows) if (failure !== undefined) console.log(`! ${contestant}: ${failure}`)
  if (rows.some(({ disturbed }) => disturbed)) console.log('* shared the machine with other programs')
  console.log(`(${((performance.now() - start) / 1000).toFixed(0)} s)`)
  return result
}
