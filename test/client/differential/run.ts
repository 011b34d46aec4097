/**
 * `node test/client/differential/run.ts --cases 5000 --seed 7`: random calls, each made directly of a server with perfect
 * CORS, and through the plugin of one with none. Prints where the two part, each with what brings it back, and ends with 1
 * if they do. `--at 123` runs one case alone and prints all of it; `--http2` has the page speak that. The package must be built.
 */
import { registerHooks } from 'node:module'
import { parseArgs } from 'node:util'

// The sources name no extensions: they are meant for bundlers.
registerHooks({
  resolve(specifier, context, next) {
    const isOurs = context.parentURL !== undefined && !/\/(node_modules|dist)\//.test(context.parentURL)
    const isBare = isOurs && specifier.startsWith('.') && !/\.\w+$/.test(specifier)
    return next(isBare ? `${specifier}.ts` : specifier, context)
  },
})

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '2000' },
    seed: { type: 'string' },
    at: { type: 'string' },
    http2: { type: 'boolean', default: false },
  },
})

const { main } = await import('./main.ts')
process.exitCode = await main({
  seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed),
  cases: Number(values.cases),
  at: values.at === undefined ? undefined : Number(values.at),
  protocol: values.http2 ? 'h2' : 'http/1.1',
})
