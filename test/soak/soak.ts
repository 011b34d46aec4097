/** Pages that do everything at once, for as long as one likes, while the dev server restarts under them. */
import { WebSocket } from 'ws'
import { type HostKind, startHost } from '../e2e/hosts.ts'
import { openPage, type Page } from '../faults/page.ts'
import { createRandom, type Random } from '../setup/random.ts'
import { INSIDE_ENV, INSIDE_LINE, look } from '../setup/inside.ts'
import { bodyOf, digest, type NumberedApi, startNumberedApi } from './api.ts'

export interface Soak {
  kind: HostKind
  seconds: number
  seed: number
  onRound?(round: Round): void
}

export interface Round {
  calls: number
  /** Bytes that are reachable in the dev server's process when nothing is under way. */
  heap: number
  /** What is open there then. */
  handles: number
}

export interface SoakReport {
  rounds: Round[]
  /** How many there were of each kind of call. */
  calls: Record<string, number>
  /** Calls that a restart cut off. */
  cut: number
  /** Answers that were lost or another's, and calls that never ended. */
  wrong: string[]
  uncaught: string[]
}

const PAGES = 12
const ROUND_SECONDS = 5
/** For a call that is quick; a machine may be busy. */
const PATIENCE_MS = 30_000

export async function soak({ kind, seconds, seed, onRound }: Soak): Promise<SoakReport> {
  const api = await startNumberedApi()
  const host = await startHost(kind, {
    options: { explain: false, targets: { '/api': api.origin } },
    env: INSIDE_ENV,
    files: { '.env': 'ROUND=0\n' },
  })
  const inside = Number(INSIDE_LINE.exec(await host.waitForLog(INSIDE_LINE))?.[1])
  const report: SoakReport = { rounds: [], calls: {}, cut: 0, wrong: [], uncaught: [] }
  const version = kind === 'vite-https' ? 2 : 1
  let restarts = 0
  let callCount = 0

  async function restart(): Promise<void> {
    const from = host.logs().length
    restarts++
    host.write('.env', `ROUND=${restarts}\n`)
    await host.waitForLog(/server restarted/, from)
    restarts++
  }

  async function visit(number: number, until: number): Promise<void> {
    const random = createRandom(seed, number)
    const page = openPage(host.origin, version)
    for (let first = ACTS[number % PAGES]?.[1]; Date.now() < until && report.wrong.length < 20; first = undefined) {
      // Each round has some of everything.
      const [name, act] = first ?? random.weighted(ACTS)
      const id = String(++callCount)
      const base = random.chance(0.5) ? '/api' : `/__cors-dev/to/${api.origin.replace('://', '/')}`
      const before = restarts
      report.calls[name] = (report.calls[name] ?? 0) + 1
      let timer: NodeJS.Timeout | undefined
      const hung = new Promise<string>((resolve) => {
        timer = setTimeout(() => resolve('never ended'), PATIENCE_MS)
      })
      const problem = await Promise.race([hung, act({ page, origin: host.origin, base, id, random })])
      clearTimeout(timer)
      if (problem === undefined) continue
      // What was under way while the dev server went down was cut off, and nothing worse.
      if (problem.startsWith(LOST) && (restarts !== before || before % 2 === 1)) report.cut++
      else report.wrong.push(`${name} ${id} by ${base}: ${problem}`)
    }
    page.close()
  }

  try {
    const end = Date.now() + seconds * 1000
    for (let round = 0; Date.now() < end && report.wrong.length < 20; round++) {
      const calls = callCount
      const until = Math.min(end, Date.now() + ROUND_SECONDS * 1000)
      const visits = Array.from({ length: PAGES }, (_, page) => visit(round * PAGES + page, until))
      if (kind.startsWith('vite')) await restart()
      await Promise.all(visits)
      await settle(api)
      const looks = [await look(inside), await look(inside), await look(inside)]
      const { resources, uncaught } = looks.at(-1)!
      // What buffers held is free some time after nobody holds them.
      const heap = Math.min(...looks.map((one) => one.heap))
      const handles = Object.entries(resources).reduce(
        (sum, [name, count]) => sum + (OWN_PACE.has(name) ? 0 : count),
        0,
      )
      report.rounds.push({ calls: callCount - calls, heap, handles })
      report.uncaught = uncaught
      onRound?.(report.rounds.at(-1)!)
    }
    report.uncaught.push(...host.logs().filter((line) => /uncaught|unhandled|\bat .*\.js:\d/i.test(line)))
  } finally {
    await Promise.all([host.close(), api.close()])
  }
  return report
}

/** Vite's watcher has timers that come and go by themselves. */
const OWN_PACE = new Set(['Timeout', 'Immediate', 'FSReqCallback', 'FSReqPromise'])

async function settle(api: NumberedApi): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; api.busy() > 0 && Date.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  if (api.busy() > 0) throw new Error(`${api.busy()} calls are still open at the API, and no page waits for them`)
}

// --- What pages do --------------------------------------------------------------------------------------------------

interface Acting {
  page: Page
  origin: string
  base: string
  id: string
  random: Random
}

/** Resolves with what was wrong. */
type Act = (acting: Acting) => Promise<string | undefined>

const LOST = 'lost'
const expectBody = (answer: { status: number; body: string; isWhole: boolean }, body: string): string | undefined => {
  if (!answer.isWhole || answer.status >= 500) return `${LOST}: ${answer.status} ${answer.body.slice(0, 80)}`
  return answer.status === 200 && answer.body === body ? undefined : `${answer.status} ${answer.body.slice(0, 80)}`
}

const until = async (isSo: () => boolean, over: Promise<unknown>): Promise<void> => {
  let isOver = false
  void over.then(() => (isOver = true))
  while (!isSo() && !isOver) await new Promise((resolve) => setTimeout(resolve, 1))
}

const item: Act = async ({ page, base, id, random }) => {
  const size = 1 + random.int(random.chance(0.1) ? 500_000 : 2000)
  const answer = await page.call(`${base}/item/${id}?size=${size}`).over
  return expectBody(answer, bodyOf(id, size))
}

const upload: Act = async ({ page, base, id, random }) => {
  const call = page.call(`${base}/upload/${id}`, { method: 'POST', body: true })
  const parts = Array.from({ length: random.int(5) }, (_, part) => bodyOf(`${id}/${part}`, random.int(50_000)))
  for (const part of parts) if (part !== '') call.send(part)
  call.finish()
  return expectBody(await call.over, `${id} ${digest(parts.join(''))}`)
}

const events: Act = async ({ page, base, id, random }) => {
  const count = 1 + random.int(20)
  const answer = await page.call(`${base}/events/${id}?size=${count}`).over
  return expectBody(answer, eventsOf(id, count))
}

const eventsOf = (id: string, count: number): string =>
  Array.from({ length: count }, (_, event) => `data: ${id} ${event}\n\n`).join('')

const abandonedDownload: Act = async ({ page, base, id }) => {
  const size = 3_000_000
  const call = page.call(`${base}/item/${id}?size=${size}`)
  await until(() => call.answer.body !== '', call.over)
  call.leave()
  const { status, body } = await call.over
  if (status === 0 || status >= 500) return `${LOST}: ${status}`
  return bodyOf(id, size).startsWith(body) ? undefined : body.slice(0, 80)
}

const abandonedStream: Act = async ({ page, base, id }) => {
  const call = page.call(`${base}/events/${id}`)
  await until(() => call.answer.body.length > 100, call.over)
  call.leave()
  const { status, body } = await call.over
  if (status === 0 || status >= 500) return `${LOST}: ${status}`
  return eventsOf(id, 1000).startsWith(body) ? undefined : body.slice(0, 80)
}

const abandonedUpload: Act = async ({ page, base, id, random }) => {
  const call = page.call(`${base}/upload/${id}`, { method: 'POST', body: true })
  call.send(bodyOf(id, 1 + random.int(300_000)))
  call.leave()
  await call.over
  return undefined
}

const socket: Act = ({ origin, base, id, random }) =>
  new Promise((resolve) => {
    const url = `${origin.replace('http', 'ws')}${base}/socket/${id}`
    const connection = new WebSocket(url, { origin, rejectUnauthorized: false })
    const count = 1 + random.int(10)
    const isAbrupt = random.chance(0.5)
    let received = 0
    connection.on('error', () => {})
    connection.on('open', () => {
      for (let message = 0; message < count; message++) connection.send(`message ${message}`)
    })
    connection.on('message', (data) => {
      const text = String(data)
      if (text !== `${id}: message ${received++}`) resolve(text.slice(0, 80))
      if (received < count) return
      if (isAbrupt) connection.terminate()
      else connection.close()
    })
    connection.on('close', () => resolve(received === count ? undefined : `${LOST}: ${received} of ${count} messages`))
  })

const reset: Act = async ({ page, base, id }) => {
  const { status, headers } = await page.call(`${base}/reset/${id}`).over
  if (status === 0) return LOST
  return headers['cors-dev-failure'] === 'reset' ? undefined : `${status} ${headers['cors-dev-failure']}`
}

const half: Act = async ({ page, base, id, random }) => {
  const size = 10 + random.int(5000)
  const { status, body, isWhole } = await page.call(`${base}/half/${id}?size=${size}`).over
  if (status === 0 || status >= 500) return `${LOST}: ${status}`
  return !isWhole && bodyOf(id, size).startsWith(body) ? undefined : `${status} ${body.slice(0, 80)}`
}

const ACTS: readonly (readonly [number, readonly [name: string, act: Act]])[] = [
  [12, ['item', item]],
  [3, ['upload', upload]],
  [3, ['events', events]],
  [3, ['WebSocket', socket]],
  [2, ['abandoned download', abandonedDownload]],
  [2, ['abandoned stream', abandonedStream]],
  [2, ['abandoned upload', abandonedUpload]],
  [1, ['reset by the API', reset]],
  [1, ['cut off by the API', half]],
]

/** What counts as level. */
export const MOST_GROWTH = { heap: 8 * 2 ** 20, handles: 0 }

/**
 * Whether the dev server is as full at the end as it was once it was warm. Each restart of Vite loads its configuration
 * anew, and Node keeps what it has loaded.
 */
export function growth({ rounds }: SoakReport): { heap: number; handles: number } {
  const warm = rounds.slice(0, Math.ceil(rounds.length / 3))
  const last = rounds.slice(-Math.ceil(rounds.length / 3))
  const least = (list: Round[], of: (round: Round) => number): number => Math.min(...list.map(of))
  return {
    heap: least(last, ({ heap }) => heap) - Math.max(...warm.map(({ heap }) => heap)),
    handles: least(last, ({ handles }) => handles) - Math.max(...warm.map(({ handles }) => handles)),
  }
}
