/**
 * `node test/soak/run.ts --minutes 10`: pages of a Vite that do everything at once while it restarts under them. Prints
 * what is reachable and open in its process after each round, and ends with 1 if that grows or an answer was wrong.
 *
 * `--host vite-https` (HTTP/2), `webpack` or `express` for another one, `--seed 7` for other pages.
 */
import { parseArgs } from 'node:util'
import type { HostKind } from '../e2e/hosts.ts'
import { growth, MOST_GROWTH, soak } from './soak.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    host: { type: 'string', default: 'vite' },
    seed: { type: 'string', default: '1' },
  },
})
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

const report = await soak({
  kind: values.host as HostKind,
  seconds: Number(values.minutes) * 60,
  seed: Number(values.seed),
  onRound: ({ calls, heap, handles }) => console.log(`${calls} calls, heap ${mib(heap)}, ${handles} handles`),
})
const grown = growth(report)
console.log(report.calls)
console.log(`${report.cut} cut off by restarts; grown by ${mib(grown.heap)} and ${grown.handles} handles`)
for (const problem of [...report.wrong, ...report.uncaught]) console.log(problem)
const isLevel = grown.heap <= MOST_GROWTH.heap && grown.handles <= MOST_GROWTH.handles
if (report.wrong.length + report.uncaught.length > 0 || !isLevel) process.exitCode = 1
