import type { Exchange } from '../exchange/exchange'
import { perCall } from '../exchange/per-call'
import type { ExchangeRecord } from '../exchange/recorded-exchange'
import type { Advice } from '../options/advice'
import type { DirectResponse } from '../explain/direct-exchange'
import { explain } from '../explain/explain'
import { fromRecord } from '../explain/from-record'
import { unsafeNames } from '../explain/preflight'
import type { Reason } from '../explain/reasons'
import type { HopVerdict, Verdict } from '../explain/verdict'
import { OPAQUE_ORIGIN } from '../standard/origin'
import type { Target } from '../targets/target'
import { preflightHeaders } from './browser-headers'
import { createKindNames } from './kind'
import { notice } from './notice'
import type { PreflightAnswer, Preflights } from './preflights'
import { createRedirectChains } from './redirect-chains'
import { registrableDomain } from './registrable-domain'
import type { TargetLog } from './target-log'

/** Calls that a browser would block for the same reason. */
export interface Finding {
  /** The first of them. */
  exchange: Exchange
  verdict: Verdict
  /** How many there were. */
  count: number
}

export interface Explanations {
  /** A call is over. Costs it next to nothing: what there is to find out is found out later, once for all of its kind. */
  add(exchange: Exchange, record: ExchangeRecord, target: Target): void
  /** What would be blocked, in the order in which it was found. */
  findings(): readonly Finding[]
  close(): void
}

export interface ExplanationsInput {
  preflights: Preflights
  productionOrigin: string | undefined
  advice: Advice
  log: TargetLog
  /** Milliseconds since the epoch. */
  now(): number
}

/** An exchange on the way to its verdict. */
interface Link {
  exchange: Exchange
  record: ExchangeRecord
  target: Target
  /** The redirect that led here. */
  before: Link | undefined
  kind: Kind | undefined
}

interface Kind {
  key: string
  finding: Finding | undefined
  /** How many came while it was being judged. */
  waiting: number
  /** Until when nothing new can be found out. */
  until: number
  /** Whether a browser would have stopped here; settles once that is known. */
  isBlocked: Promise<boolean>
}

const MOST_KINDS = 1_000
/** A terminal full of notices is read by nobody. */
const MOST_FINDINGS = 100
/** Preflights on their way at the same time: a server under development may have one thread. */
const MOST_AT_ONCE = 4
const MOST_WAITING = 100
/** Where nobody could ask: the budget is for a minute. */
const RETRY_MS = 60_000
/** A second look at the same hop is one too many: it has been answered. */
const MOST_HOPS = 21

/** What the page's own browser stops behind the dev server, too: that is no news of production. */
const FAILS_HERE_TOO = new Set<Reason>([
  'CorsDisabledScheme',
  'InvalidRedirect',
  'RedirectOfStreamBody',
  'ResponseHeadersTooBig',
  'TooManyRedirects',
  'WebSocketHandshakeFailed',
])

/** Works out what a browser would have made of each call without the dev server, and says what it would have blocked. */
export function createExplanations({
  preflights,
  productionOrigin,
  advice,
  log,
  now,
}: ExplanationsInput): Explanations {
  const kinds = new Map<string, Kind>()
  const findings = new Map<string, Finding>()
  const chains = createRedirectChains<Link>()
  const nameKind = createKindNames()
  const inTurn = createTurns()
  let batch: Link[] = []
  let isClosed = false

  function sortBatch(): void {
    const links = batch
    batch = []
    if (isClosed) return
    const time = now()
    for (const link of links) sort(link, time)
  }

  function sort(link: Link, time: number): void {
    const { record, target } = link
    // From the record: an exchange takes its secrets out when it is looked at.
    link.before = chains.cameFrom(record)
    const own = nameKind(record, target)
    const key = link.before?.kind ? `${link.before.kind.key}\n→ ${own}` : own
    const known = kinds.get(key)
    if (known?.finding) known.finding.count++
    else if (known) known.waiting++
    link.kind = known && known.until > time ? known : newKind(key, link)
    chains.leads(record, link)
  }

  function newKind(key: string, link: Link): Kind {
    const finding = kinds.get(key)?.finding
    const kind: Kind = { key, finding, waiting: 0, until: Infinity, isBlocked: undefined as never }
    kind.isBlocked = settle(kind, link)
    kinds.delete(key)
    kinds.set(key, kind)
    for (const [oldest] of kinds) {
      if (kinds.size <= MOST_KINDS) break
      kinds.delete(oldest)
    }
    return kind
  }

  async function settle(kind: Kind, link: Link): Promise<boolean> {
    try {
      // Where a browser would not have come, there is nothing to say.
      if (await link.before?.kind?.isBlocked) return true
      const { verdict, until } = await judge(chainOf(link))
      kind.until = until
      if (isClosed || verdict?.outcome !== 'blocked') return false
      if (verdict.problems.some(({ reason }) => FAILS_HERE_TOO.has(reason))) return true
      kind.finding ??= find(link, verdict)
      if (kind.finding) kind.finding.count += kind.waiting
      kind.waiting = 0
      return true
    } catch (error) {
      log.once(`a call to ${link.target.origin} could not be explained: ${(error as Error).message}`)
      return false
    }
  }

  async function judge(chain: readonly Link[]): Promise<{ verdict: Verdict | undefined; until: number }> {
    const answers: (DirectResponse | undefined)[] = []
    const exchanges = chain.map(({ exchange }) => exchange)
    let until = Infinity
    for (let asked = 0; ; asked++) {
      const direct = fromRecord({ exchanges, productionOrigin, preflights: answers })
      if (!direct) return { verdict: undefined, until }
      const verdict = explain(direct, { dialect: 'chromium', registrableDomain })
      const index = unasked(verdict)
      const hop = index === undefined ? undefined : verdict.hops[index]
      const link = index === undefined ? undefined : chain[index]
      if (index === undefined || !hop || !link || asked >= MOST_HOPS) return { verdict, until }

      const answer = await ask(hop, link.target)
      until = Math.min(until, answer.kind === 'over-budget' ? now() + RETRY_MS : answer.until)
      if (isClosed || answer.kind !== 'answered') return { verdict, until }
      answers[index] = answer.response
    }
  }

  function ask(hop: HopVerdict, target: Target): Promise<PreflightAnswer> {
    const { url, method, origin = OPAQUE_ORIGIN } = hop
    const names = unsafeNames(hop.preflight.causes)
    return inTurn(async () => {
      if (isClosed) return { kind: 'no-answer', until: Infinity }
      return preflights.ask({ target, url, origin, method, names, headers: preflightHeaders(hop) })
    })
  }

  function find(link: Link, verdict: Verdict): Finding | undefined {
    const { exchange, target } = link
    const [problem] = verdict.problems
    const hop = verdict.hops[problem?.hop ?? 0]
    const names = hop ? unsafeNames(hop.preflight.causes).join(',') : ''
    const key = [
      target.origin,
      exchange.pageOrigin,
      exchange.method,
      exchange.credentials,
      names,
      problem?.reason,
    ].join(' ')
    const before = findings.get(key)
    if (before) {
      before.count++
      return before
    }
    if (findings.size >= MOST_FINDINGS) return undefined
    const finding: Finding = { exchange, verdict, count: 1 }
    findings.set(key, finding)
    log.blocked(notice({ exchange: chainOf(link)[0]?.exchange ?? exchange, verdict, productionOrigin }))
    if (productionOrigin === undefined) {
      log.once(
        `calls are judged as those of a page on ${exchange.pageOrigin}. With ${advice.productionOrigin} they are judged as those of the page in production.`,
      )
    }
    return finding
  }

  return {
    add(exchange, record, target) {
      if (isClosed || !isAnswered(record)) return
      if (batch.length === 0) setImmediate(sortBatch)
      batch.push(perCall({ exchange, record, target, before: undefined, kind: undefined }))
    },
    findings: () => [...findings.values()],
    close() {
      isClosed = true
      batch = []
    },
  }
}

/** What failed tells nothing of CORS. A page that left has its answer all the same: that is how event streams end. */
function isAnswered({ failure, upstreamResponse }: ExchangeRecord): boolean {
  return upstreamResponse !== undefined && (failure === undefined || failure.code === 'aborted')
}

function chainOf(link: Link): Link[] {
  return link.before ? [...chainOf(link.before), link] : [link]
}

/** The hop where a browser would have asked first and nobody has, unless it would have stopped before. */
function unasked({ hops, problems }: Verdict): number | undefined {
  const index = hops.findIndex(({ preflight }) => preflight.result === 'unknown')
  const isStopped = problems.some(({ hop, at }) => hop < index || (hop === index && at === 'request'))
  return index === -1 || isStopped ? undefined : index
}

/** Lets {@link MOST_AT_ONCE} ask at a time, the others when it is their turn. */
function createTurns(): (ask: () => Promise<PreflightAnswer>) => Promise<PreflightAnswer> {
  const waiting: (() => void)[] = []
  let running = 0

  return async (ask) => {
    if (running < MOST_AT_ONCE) running++
    else if (waiting.length < MOST_WAITING) await new Promise<void>((resolve) => waiting.push(resolve))
    else return { kind: 'over-budget', budget: MOST_WAITING }
    try {
      return await ask()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
