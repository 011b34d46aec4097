import type { IncomingMessage, ServerResponse } from 'node:http'
import { corsResponseHeaders } from '../cors/response-headers'
import { codePlaces } from '../exchange/code-places'
import type { CallStack, CodePlace, RouteAnswer, RouteQuestion } from '../exchange/wire'
import type { Advice } from '../options/advice'
import { matchRelay } from '../routes/match'
import type { RouteTable } from '../routes/table'
import { provenanceLabel, type Target } from '../targets/target'
import type { Admission } from './guard'
import type { Preflights } from './preflights'
import { createProbe, type Probe } from './probe'
import { refuse } from './refusal'
import type { TargetLog } from './target-log'

export interface Decisions {
  /** Whether a page can call directly: found out before the first call, never by failing. */
  decide(question: RouteQuestion, page: Pick<Admission, 'pageOrigin' | 'otherOrigin'>): Promise<RouteAnswer>
  /** What was decided before for pages of this origin: they need not ask again. */
  known: Probe['known']
}

export interface DecisionsInput {
  table: RouteTable
  log: TargetLog
  preflights: Preflights
  advice: Advice
  now(): number
  /** Told of each target whose calls of some kind need no relay. */
  calledDirectly(target: Target): void
  /** Makes a target of an origin that the page calls and the table does not know, if it may be one. */
  learn(origin: string, calledFrom: readonly CodePlace[]): Promise<void>
}

export function createDecisions(input: DecisionsInput): Decisions {
  const { table, log, preflights, advice, now, calledDirectly, learn } = input
  const probe = createProbe(preflights, now)

  return {
    async decide(asked, { pageOrigin, otherOrigin }) {
      const isSocket = asked.url.startsWith('ws')
      const question = { ...asked, url: asked.url.replace(/^ws/, 'http') }
      const { origin } = new URL(question.url)
      // No CORS check stands between a page and a socket. And only the dev server's own pages tell what they call.
      if (!matchRelay(table, origin) && !isSocket && otherOrigin === undefined) {
        await learn(origin, asked.calledFrom ? codePlaces(asked.calledFrom) : [])
      }
      const target = matchRelay(table, origin)
      if (!target || target.relay === 'never') return { route: 'direct' }
      const isNamed = target.provenance.source !== 'page'
      if (isSocket && !isNamed) return { route: 'direct' }
      if (target.relay === 'always' && (isNamed || !question.credentials)) return { route: 'relay' }
      const { route, reason, remedy } = await probe.decide(question, pageOrigin, target)
      if (route === 'direct') calledDirectly(target)
      const found = `${origin} (${provenanceLabel(target.provenance)})`
      log.once(
        route === 'direct'
          ? `${found} is called directly: ${reason}. ${remedy ?? `${advice.target(origin)} would send it through here.`}`
          : `${found} is called through the relay: ${reason}. ${advice.target(origin)} makes that permanent.`,
      )
      return { route }
    },
    known: probe.known,
  }
}

/** A question names a method, a URL and some header names. */
const MOST_BYTES = 64 * 1024

/** The endpoint that the runtime asks. */
export function answerDecision(
  req: IncomingMessage,
  res: ServerResponse,
  admission: Admission,
  decisions: Decisions,
): void {
  if (req.method !== 'POST') return refuse(res, 405, 'method-not-allowed', admission)
  const answer = (question: RouteQuestion | undefined): void => {
    if (!question) return refuse(res, 400, 'malformed-question', admission)
    decisions
      .decide(question, admission)
      // Relaying works wherever asking failed.
      .catch((): RouteAnswer => ({ route: 'relay' }))
      .then((decided) => sendJson(res, admission, decided))
      .catch(() => res.destroy())
  }
  if (req.readableDidRead || req.readableEnded) {
    // A body parser of the host's came first.
    const { body } = req as { body?: unknown }
    return answer(typeof body === 'string' ? parseQuestion(body) : asQuestion(body))
  }
  let text = ''
  req.setEncoding('utf8')
  req.on('data', (chunk: string) => {
    if (text.length <= MOST_BYTES) text += chunk
  })
  req.on('end', () => answer(text.length <= MOST_BYTES ? parseQuestion(text) : undefined))
}

function parseQuestion(text: string): RouteQuestion | undefined {
  try {
    return asQuestion(JSON.parse(text))
  } catch {
    return undefined
  }
}

function asQuestion(given: unknown): RouteQuestion | undefined {
  const value = given as Partial<RouteQuestion> | null | undefined
  const isQuestion =
    typeof value === 'object' &&
    value !== null &&
    typeof value.url === 'string' &&
    URL.canParse(value.url) &&
    typeof value.method === 'string' &&
    TOKEN.test(value.method) &&
    Array.isArray(value.headers) &&
    value.headers.every((name) => typeof name === 'string' && TOKEN.test(name)) &&
    typeof value.credentials === 'boolean' &&
    typeof value.forcesPreflight === 'boolean' &&
    (value.calledFrom === undefined || isCallStack(value.calledFrom))
  return isQuestion ? (value as RouteQuestion) : undefined
}

function isCallStack(given: unknown): given is CallStack {
  const { runtime, call } = (given ?? {}) as Partial<Record<keyof CallStack, unknown>>
  return typeof runtime === 'string' && typeof call === 'string'
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-tokens: what goes into the header of a probe must be nothing else. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** An answer of the dev server's own to a page that was admitted. */
export function sendJson(res: ServerResponse, { otherOrigin }: Admission, value: unknown): void {
  if (otherOrigin !== undefined) {
    for (const [name, line] of corsResponseHeaders(otherOrigin, ['content-type'])) res.setHeader(name, line)
    res.setHeader('vary', 'Origin')
  }
  res.setHeader('cache-control', 'no-store')
  res.setHeader('x-content-type-options', 'nosniff')
  if (value === undefined) {
    res.writeHead(204).end()
    return
  }
  res.setHeader('content-type', 'application/json')
  res.writeHead(200).end(JSON.stringify(value))
}
