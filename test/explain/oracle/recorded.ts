/** The truth of one run, kept: what a test without a browser compares with. One case a line. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case } from './case.ts'
import type { Seen, Truth } from './truth.ts'

export interface Recorded {
  /** Version of the Chromium that was asked: texts are its own. */
  version: string
  truths: { given: Case; truth: Truth }[]
}

const FILE = join(import.meta.dirname, 'recorded.jsonl')

export function readRecorded(): Recorded {
  const [first, ...lines] = readFileSync(FILE, 'utf8').trimEnd().split('\n')
  const { version } = JSON.parse(first!) as { version: string }
  return { version, truths: lines.map((line) => JSON.parse(line) as Recorded['truths'][number]) }
}

export function writeRecorded({ version, truths }: Recorded): void {
  const lines = [{ version }, ...truths].map((line) => JSON.stringify(line))
  writeFileSync(FILE, `${lines.join('\n')}\n`)
}

/** Of many truths one of each ending, then those that show the most in the fewest bytes. */
export function chooseTruths(all: Recorded['truths'], bytes: number): Recorded['truths'] {
  const left = all.map(({ given, truth }) => {
    const short = {
      given: reached(given, truth),
      truth: { ...truth, seen: truth.seen.map((seen) => told(given, seen)) },
    }
    return { ...short, size: JSON.stringify(short).length, shows: [...showing(given, truth)] }
  })
  const shown = new Set<string>()
  const chosen: Recorded['truths'] = []
  for (let size = 0; ;) {
    const worth = ({ shows: [end = '', ...more], size: own }: (typeof left)[number]): number =>
      ((shown.has(end) ? 0 : MANY) + more.filter((feature) => !shown.has(feature)).length) / own ** 2
    const best = left.reduce((a, b) => (worth(a) >= worth(b) ? a : b))
    if (worth(best) === 0 || size + best.size > bytes) return chosen
    chosen.push({ given: best.given, truth: best.truth })
    for (const feature of best.shows) shown.add(feature)
    size += best.size + 1
    left.splice(left.indexOf(best), 1)
  }
}

/** More than any one case shows. */
const MANY = 1000

/** The case without the answers that nobody asked for. */
export function reached(given: Case, { seen }: Truth): Case {
  const hops = given.exchange.hops
    .map(({ addressSpace, preflight, response }, index) => {
      const requests = seen.filter(({ hop }) => hop === index)
      const wasAsked = requests.some(isPreflight)
      const wasCalled = requests.some((request) => !isPreflight(request))
      // From a page on this machine every address may be called.
      const space = given.exchange.request.addressSpace === 'loopback' ? {} : { addressSpace }
      return { ...space, ...(wasAsked && { preflight }), ...(wasCalled && { response }) }
    })
    // Where nothing was asked, what is known of the address still decides.
    .filter((hop, index) => hop.preflight || hop.response || index <= (seen.at(-1)?.hop ?? -1) + 1)
  return { ...given, exchange: { ...given.exchange, hops } }
}

const isPreflight = ({ method, headers }: Seen): boolean =>
  method === 'OPTIONS' && headers.some(([name]) => name === 'access-control-request-method')

const PREFLIGHTS_OWN = [
  ...['access-control-request-method', 'access-control-request-headers', 'referer'],
  ...['sec-fetch-mode', 'sec-fetch-site', 'sec-fetch-dest'],
]

/** A request without what a browser adds to any. */
function told({ exchange }: Case, seen: Seen): Seen {
  const names = new Set(['origin', 'accept', 'cookie', ...(isPreflight(seen) ? PREFLIGHTS_OWN : [])])
  for (const [name] of exchange.request.headers ?? []) names.add(name.toLowerCase())
  return { ...seen, headers: seen.headers.filter(([name]) => names.has(name)) }
}

/** What a case shows, said shortly: each of it should be in some recorded case. */
function* showing({ page, exchange: { request } }: Case, truth: Truth): Generator<string> {
  const { corsError, netError, blockedReason, failedParameter, response, seen, texts, outcome, thrown } = truth
  const end = [outcome, corsError ?? netError, blockedReason, response?.type, thrown?.slice(0, 60)].join()
  const { initiator, mode, credentials, redirect, headers = [] } = request
  yield end
  yield [end, page, initiator].join()
  yield [end, mode, credentials, redirect].join()
  yield [end, seen.length].join()
  yield [corsError, failedParameter].join().replaceAll(/\/c\d+[a-z]*\//g, '/')
  yield texts.join().replaceAll(/'[^']*'|\S+:\/\/\S+/g, '…')
  yield `read ${response?.headers.join()}`
  yield `status ${response?.status}`
  const asked = seen.filter(isPreflight).flatMap(({ headers }) => headers)
  const names = asked
    .filter(([name]) => name === 'access-control-request-headers')
    .join()
    .split(',')
  for (const [name, value] of headers)
    yield `${name.toLowerCase()}: ${value.slice(0, 20)} ${value.length} ${names.includes(name.toLowerCase())}`
  for (const { hop, method, headers: sent } of seen)
    yield [hop, method, request.method, sent.find(([name]) => name === 'origin')?.[1]].join()
}
