/**
 * `node test/explain/oracle/run.ts --cases 20000 --seed 7`: random cases, asked of Chromium and of explain(). Prints
 * where the two part, each with what brings it back, and ends with 1 if they do.
 *
 * `--at 123` runs one case alone, prints all of it, and shrinks it if it is judged wrong. `--policies` tries what explain() proposes, too. `--record` writes
 * the truth of a choice of the cases to `recorded.jsonl`.
 */
import { registerHooks } from 'node:module'
import { parseArgs } from 'node:util'

// The sources name no extensions: they are meant for bundlers.
registerHooks({
  resolve(specifier, context, next) {
    const isOurs = context.parentURL !== undefined && !context.parentURL.includes('/node_modules/')
    const isBare = isOurs && specifier.startsWith('.') && !/\.\w+$/.test(specifier)
    return next(isBare ? `${specifier}.ts` : specifier, context)
  },
})

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '20000' },
    seed: { type: 'string' },
    at: { type: 'string' },
    policies: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)

const { main } = await import('./main.ts')
process.exitCode = await main({
  seed,
  cases: Number(values.cases),
  at: values.at === undefined ? undefined : Number(values.at),
  policies: values.policies,
  record: values.record,
})
