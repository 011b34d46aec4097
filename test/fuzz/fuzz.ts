/** Sends a dev server what nobody should, and finds what it must not do: fall, hang, or speak to whom it should not. */
import { exchange } from './connection.ts'
import { type Fuzzed, OURS, requestAt, toBytes } from './requests.ts'
import type { Upstreams } from './upstreams.ts'

export interface Finding {
  /** `--seed <seed> --at <index>` sends it again. */
  index: number
  what: string
  /** The smallest request of its kind that does the same. */
  request: string
}

export interface FuzzInput {
  /** Of the dev server. */
  origin: string
  upstreams: Upstreams
  seed: number
  from?: number
  count: number
  onProgress?(done: number): void
}

/** As many as a browser would never send; a dev server that takes them takes all. */
const PIPELINED = 40
const CONNECTIONS = 8
const MOST_ALONE = 100
const MOST_FINDINGS = 20

export async function fuzz({ origin, upstreams, seed, from = 0, count, onProgress }: FuzzInput): Promise<Finding[]> {
  const { host, port } = new URL(origin)
  const names = [...upstreams.authorities, host]
  const found = new Map<number, string>()
  /** What is sent in the place of a request, to find a smaller one. */
  let trial: { request: Fuzzed; problem?: string } | undefined
  upstreams.watch(
    (id, what) => {
      if (trial) trial.problem = what
      else found.set(id, what)
    },
    (id) => trial?.request ?? requestAt(seed, id),
    names,
  )
  /** Behind a spoiled request: whatever that waits for has come then, and what is left is closed. */
  const last = `GET /api/last HTTP/1.1\r\nHost: ${host}\r\nX-Long: ${'x'.repeat(2000)}\r\nConnection: close\r\n\r\n`
  let next = from
  const end = from + count

  /** Those that Node itself may refuse take the answers of all that wait before them along. */
  const isAlone = ({ spoil, target, fields }: Fuzzed): boolean =>
    spoil !== undefined ||
    !/^[/*][\x21-\x7e\u0100-\u0104]*$/.test(target) ||
    target.length > 2000 ||
    fields.some((field) => CLOSES.test(field))

  async function sendAlone(index: number, request = requestAt(seed, index)): Promise<void> {
    const what = await tryOne(request, index)
    if (what !== undefined) found.set(index, what)
  }

  /** What is wrong with how a request ends, on a connection of its own. */
  async function tryOne(request: Fuzzed, id: number, patience?: number): Promise<string | undefined> {
    const isSpoiled = request.spoil !== undefined
    const bytes = toBytes(request, id, names) + (isSpoiled ? last : '')
    const outcome = await exchange(Number(port), bytes, [request.method], isSpoiled, patience)
    if (outcome.end === 'hung') return `hung, after ${outcome.statuses.join(', ') || 'nothing'}`
    if (outcome.end === 'garbled' && !isSpoiled) return `garbled: ${JSON.stringify(outcome.rest.slice(0, 200))}`
    return outcome.statuses.map((status) => problemWith(request, status)).find((problem) => problem !== undefined)
  }

  async function sendTogether(indices: number[], requests: Fuzzed[]): Promise<void> {
    const bytes = requests.map((request, at) => toBytes(request, indices[at]!, names)).join('')
    const methods = requests.map(({ method }) => method)
    const { statuses, end } = await exchange(Number(port), bytes, methods)
    for (const [at, status] of statuses.entries()) {
      const problem = problemWith(requests[at]!, status)
      if (problem !== undefined) found.set(indices[at]!, problem)
    }
    // Whoever it was that ended the connection will do so again.
    if (end !== 'answered') for (const index of indices.slice(statuses.length)) await sendAlone(index)
  }

  /** Some of them take their time. */
  const onTheirOwn = new Set<Promise<void>>()

  async function work(): Promise<void> {
    while (next < end && found.size < MOST_FINDINGS) {
      const together: number[] = []
      const requests: Fuzzed[] = []
      while (next < end && together.length < PIPELINED && onTheirOwn.size < MOST_ALONE) {
        const index = next++
        const request = requestAt(seed, index)
        if (isAlone(request)) {
          const sending = sendAlone(index, request).finally(() => onTheirOwn.delete(sending))
          onTheirOwn.add(sending)
        } else {
          together.push(index)
          requests.push(request)
        }
      }
      if (together.length > 0) await sendTogether(together, requests)
      while (onTheirOwn.size >= MOST_ALONE) await Promise.race(onTheirOwn)
      onProgress?.(next - from)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
  await Promise.all(onTheirOwn)

  const findings: Finding[] = []
  for (const [index, what] of found) {
    const request = await shrink(requestAt(seed, index), async (less) => {
      trial = { request: less }
      const problem = await tryOne(less, index, 2000)
      return (trial.problem ?? problem) !== undefined
    })
    findings.push({ index, what, request: toBytes(request, index, names) })
  }
  return findings
}

const CLOSES = /^(?:connection|upgrade|expect):/i

function problemWith({ target, spoil }: Fuzzed, status: number): string | undefined {
  // What Vite makes of its own paths is Vite's.
  const isOurs = OURS.test(target) && !spoil
  return isOurs && status >= 500 && !MAY_FAIL.has(status) ? `status ${status}` : undefined
}

/** Of ours: 502, 504 and 508 are honest answers. */
const MAY_FAIL = new Set([501, 502, 504, 505, 508])

/** Leaves out what can be left out. */
async function shrink(request: Fuzzed, fails: (less: Fuzzed) => Promise<boolean>): Promise<Fuzzed> {
  if (request.spoil || !(await fails(request))) return request
  for (let size = Math.ceil(request.target.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < request.target.length;) {
      const less = { ...request, target: request.target.slice(0, at) + request.target.slice(at + size) }
      if (await fails(less)) request = less
      else at += size
    }
  }
  for (const field of request.fields) {
    const less = { ...request, fields: request.fields.filter((one) => one !== field) }
    if (!/^content-length/i.test(field) && (await fails(less))) request = less
  }
  return request
}
