/**
 * How fast calls are explained, and that no server's answer makes it slow:
 *
 *     node bench/explain.ts
 *
 * Figures are CPU time, so that what else the machine does hardly counts. Ends with 1 when a goal is missed.
 */
import { registerHooks } from 'node:module'
import type { DirectExchange, DirectHop, DirectRequest } from '../src/explain.ts'

// The sources name no extensions: they are meant for bundlers.
registerHooks({
  resolve(specifier, context, next) {
    return next(/^\.(?!.*\.ts$)/.test(specifier) ? `${specifier}.ts` : specifier, context)
  },
})
const { explain } = await import('../src/explain.ts')

/** Verdicts a second, of the mix. */
const GOAL = 100_000
/** Milliseconds, for the worst megabyte. */
const HOSTILE_GOAL = 1
const SECONDS = 1
const ROUNDS = 5
/** Verdicts between two looks at the clock. */
const BATCH = 64

const PAGE = 'http://localhost:5173'
type Lines = [name: string, value: string][]

const exact: Lines = [
  ['access-control-allow-origin', PAGE],
  ['access-control-allow-credentials', 'true'],
  ['vary', 'Origin'],
]
const usual: Lines = [
  ['date', 'Tue, 24 Nov 2026 02:00:00 GMT'],
  ['content-type', 'application/json; charset=utf-8'],
  ['content-length', '1234'],
  ['etag', '"abc"'],
  ['x-request-id', '5f2d'],
  ['cache-control', 'no-store'],
]
const lists: Lines = [
  ['access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE'],
  ['access-control-allow-headers', 'authorization, content-type, x-requested-with'],
  ['access-control-max-age', '600'],
]
const call = (request: Partial<DirectRequest>, ...hops: DirectHop[]): DirectExchange => ({
  request: { url: 'https://api.example.com/v1/users?page=2', origin: PAGE, ...request },
  hops,
})
const put: Partial<DirectRequest> = {
  method: 'PUT',
  credentials: 'include',
  headers: [
    ['Authorization', 'Bearer abc'],
    ['Content-Type', 'application/json'],
  ],
}

/** What a page does all day, and what goes wrong with it. */
const CASES: Record<string, DirectExchange> = {
  'GET, allowed': call({}, { response: { status: 200, headers: [...exact, ...usual] } }),
  'GET, nothing allowed': call({}, { response: { status: 200, headers: usual } }),
  'PUT, preflight passed': call(put, {
    preflight: { status: 204, headers: [...exact, ...lists] },
    response: { status: 200, headers: [...exact, ...usual] },
  }),
  'PUT, preflight refused': call(put, { preflight: { status: 404, headers: usual } }),
  'PUT, not asked': call(put),
  'GET, redirected twice': call(
    {},
    { response: { status: 302, headers: [...exact, ['location', '/v2/users']] } },
    { response: { status: 301, headers: [...exact, ['location', 'https://cdn.example.net/users']] } },
    { response: { status: 200, headers: [['access-control-allow-origin', '*'], ...usual] } },
  ),
  'GET, credentials unknown': call(
    { credentials: 'unknown' },
    { response: { status: 200, headers: [['access-control-allow-origin', '*'], ...usual] } },
  ),
}

const MEGABYTE = 2 ** 20
const response = (name: string, value: string): DirectExchange =>
  call(
    {},
    {
      response: {
        status: 200,
        headers: [
          ['access-control-allow-origin', PAGE],
          [name, value],
        ],
      },
    },
  )
const preflight = (name: string, value: string): DirectExchange =>
  call(put, { preflight: { status: 204, headers: [...exact, [name, value]] } })

/** A megabyte of what could be slow to read: what a server sends, and what it would be asked to allow. */
const HOSTILE: Record<string, DirectExchange> = {
  'ACAH of commas': preflight('access-control-allow-headers', ','.repeat(MEGABYTE)),
  'ACAH of names': preflight('access-control-allow-headers', 'x-a,'.repeat(MEGABYTE / 4)),
  'ACAH of spaces': preflight('access-control-allow-headers', `a${' '.repeat(MEGABYTE)}b`),
  'ACAM of one method': preflight('access-control-allow-methods', 'P'.repeat(MEGABYTE)),
  'ACAO of spaces': response('access-control-allow-origin', ' '.repeat(MEGABYTE)),
  'ACAO of a URL': response('access-control-allow-origin', `http://${'ä'.repeat(MEGABYTE)}`),
  'ACEH of names': response('access-control-expose-headers', 'x-a, '.repeat(MEGABYTE / 5)),
  'Location of dots': call({}, { response: { status: 302, headers: [['location', '../'.repeat(MEGABYTE / 3)]] } }),
  'ACRH of names': call({
    headers: Array.from({ length: MEGABYTE / 8 }, (_, index) => [`x-${index.toString(36).padStart(6, '0')}`, '1']),
  }),
  'ACRH of one name': call({ headers: [['x'.repeat(MEGABYTE), '1']] }),
  'ACRH for a value': call({ headers: [['Accept', ' a'.repeat(MEGABYTE / 2)]] }),
}

let isGood = true
console.log(`Node ${process.version}\n`)
console.log('verdicts a second                standard    chromium')
for (const [name, exchange] of [...Object.entries(CASES), ['all in turn', undefined] as const]) {
  const exchanges = exchange ? [exchange] : Object.values(CASES)
  const rates = (['standard', 'chromium'] as const).map((dialect) => best(() => rate(exchanges, dialect)))
  if (!exchange && Math.min(...rates) < GOAL) isGood = false
  console.log(name.padEnd(28) + rates.map((each) => Math.round(each).toLocaleString('en').padStart(12)).join(''))
}

console.log('\na megabyte of                          ms')
for (const [name, exchange] of Object.entries(HOSTILE)) {
  const time = 1000 / best(() => rate([exchange], 'chromium', 0.1))
  if (time > HOSTILE_GOAL) isGood = false
  console.log(name.padEnd(28) + time.toFixed(4).padStart(13))
}
console.log(isGood ? '\nAll goals met.' : `\nMissed: ${GOAL} verdicts a second, ${HOSTILE_GOAL} ms a megabyte.`)
process.exitCode = isGood ? 0 : 1

/** What the machine can do when it is left alone. */
function best(measure: () => number): number {
  return Math.max(...Array.from({ length: ROUNDS }, measure))
}

function rate(
  exchanges: readonly DirectExchange[],
  dialect: 'standard' | 'chromium',
  seconds = SECONDS / ROUNDS,
): number {
  let count = 0
  const before = process.cpuUsage()
  for (;;) {
    for (let left = BATCH; left > 0; left -= exchanges.length) {
      for (const exchange of exchanges) explain(exchange, { dialect })
      count += exchanges.length
    }
    const { user, system } = process.cpuUsage(before)
    const used = (user + system) / 1e6
    if (used > seconds) return count / used
  }
}
