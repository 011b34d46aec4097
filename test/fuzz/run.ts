/**
 * `node test/fuzz/run.ts --targets 1000000 --seed 7`: random requests to a Vite and to the middleware alone, half of
 * them each. Prints what went wrong, each with the smallest request that does it, and ends with 1 if anything did.
 *
 * `--host vite` or `--host express` asks one of them alone; `--at 123` sends a single request.
 */
import { parseArgs } from 'node:util'
import { startHost } from '../e2e/hosts.ts'
import { INSIDE_ENV, INSIDE_LINE, look } from '../setup/inside.ts'
import { fuzz } from './fuzz.ts'
import { startUpstreams } from './upstreams.ts'

const { values } = parseArgs({
  options: {
    targets: { type: 'string', default: '1000000' },
    seed: { type: 'string' },
    host: { type: 'string' },
    at: { type: 'string' },
  },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const kinds = (['vite', 'express'] as const).filter((kind) => values.host === undefined || values.host === kind)
const total = values.at === undefined ? Number(values.targets) : kinds.length

for (const [turn, kind] of kinds.entries()) {
  const upstreams = await startUpstreams()
  const host = await startHost(kind, { options: upstreams.options, env: INSIDE_ENV })
  const inside = Number(INSIDE_LINE.exec(await host.waitForLog(INSIDE_LINE))?.[1])
  const count = Math.floor(total / kinds.length)
  const from = values.at === undefined ? turn * count : Number(values.at)
  const started = Date.now()
  let said = 0
  const findings = await fuzz({
    ...{ origin: host.origin, upstreams, seed, from, count },
    onProgress(done) {
      if (done - said < 50_000) return
      said = done
      console.log(`${kind}: ${done} of ${count}, ${((Date.now() - started) / 1000).toFixed()} s`)
    },
  })
  const { heap, uncaught } = await look(inside).catch(() => ({ heap: 0, uncaught: host.logs().slice(-20) }))
  for (const { index, what, request } of findings) {
    console.log(`${kind} --seed ${seed} --at ${index}: ${what}\n  ${JSON.stringify(request)}`)
  }
  for (const error of uncaught) console.log(`${kind}: not caught: ${error}`)
  console.log(
    `${kind}, seed ${seed}: ${count} requests, ${upstreams.contacts()} of them reached an API, in ${((Date.now() - started) / 1000).toFixed()} s; heap ${(heap / 2 ** 20).toFixed()} MiB; ${findings.length + uncaught.length} findings`,
  )
  if (findings.length + uncaught.length > 0) process.exitCode = 1
  await Promise.all([host.close(), upstreams.close()])
}
