import type { Dispatcher } from 'undici'
import type { Failure, HeaderLines } from '../exchange/exchange'
import type { DirectResponse } from '../explain/direct-exchange'
import type { Target } from '../targets/target'
import { UpstreamError } from './errors'
import { recordLines } from './upstream-request'

/** The preflight of one call, as a browser would send it. */
export interface PreflightQuestion {
  target: Target
  /** Absolute http(s) URL on the target. */
  url: string
  /** Serialized. */
  origin: string
  /** Of the actual request. */
  method: string
  /** CORS-unsafe request-header names: lower-case, sorted. */
  names: readonly string[]
  /** The whole header. */
  headers: HeaderLines
}

export interface PreflightRequest {
  target: Target
  method: 'OPTIONS'
  url: string
  headers: HeaderLines
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal
}

export type PreflightAnswer =
  | { kind: 'answered'; response: DirectResponse; until: number }
  /** Why, the call itself will say, should it fail too. */
  | { kind: 'no-answer'; until: number }
  /** Its address is one that this target may not lead to, so nothing was sent. */
  | { kind: 'refused'; failure: Failure; until: number }
  | { kind: 'over-budget'; budget: number }

export interface Preflights {
  /**
   * What the target answers: asked once for all URLs of the target, whoever wants to know, unless one path was answered
   * that there is nothing of the kind. Credentials make no difference, since no preflight carries any. Never rejects.
   */
  ask(question: PreflightQuestion): Promise<PreflightAnswer>
}

/** Per target and minute. A page has a handful of request shapes; more than this is a page gone wild. */
const DEFAULT_BUDGET = 30
const MINUTE = 60_000
const DEFAULT_TIMEOUT = 5_000
/** A server that is being configured should not need a restart of the dev server to be believed. */
const LIFETIME = 10 * MINUTE
/** No answer says nothing about CORS: it is asked again soon. */
const LIFETIME_WITHOUT_ANSWER = 30_000
const MOST_ANSWERS = 500

export interface PreflightsInput {
  dispatch(request: PreflightRequest): Promise<DirectResponse>
  /** Milliseconds since the epoch. */
  now(): number
  /** Preflights per target and minute. */
  budget?: number
  /** Milliseconds. */
  timeout?: number
}

interface Entry {
  path: string
  answer: Promise<PreflightAnswer>
  until: number
}

/** The one request that is safe to send unasked: a preflight changes nothing and carries no credentials. */
export function createPreflights(input: PreflightsInput): Preflights {
  const { dispatch, now, budget = DEFAULT_BUDGET, timeout = DEFAULT_TIMEOUT } = input
  const answers = new Map<string, Entry>()
  /** By target's origin: when its preflights of the last minute were sent. */
  const sentAt = new Map<string, number[]>()

  function takeFromBudget(origin: string): boolean {
    const recent = (sentAt.get(origin) ?? []).filter((time) => time > now() - MINUTE)
    sentAt.set(origin, recent)
    if (recent.length >= budget) return false
    recent.push(now())
    return true
  }

  async function send({ target, url, headers }: PreflightQuestion): Promise<PreflightAnswer> {
    const controller = new AbortController()
    let timer: NodeJS.Timeout | undefined
    try {
      const response = await Promise.race([
        dispatch({ target, method: 'OPTIONS', url: withoutFragment(url), headers, signal: controller.signal }),
        new Promise<never>((_resolve, reject) => {
          timer = setTimeout(() => reject(new Error('timeout')), timeout)
          timer.unref()
        }),
      ])
      return { kind: 'answered', response, until: now() + LIFETIME }
    } catch (error) {
      const until = now() + LIFETIME_WITHOUT_ANSWER
      const failure = error instanceof UpstreamError ? error.failure : undefined
      return failure?.code === 'address' ? { kind: 'refused', failure, until } : { kind: 'no-answer', until }
    } finally {
      clearTimeout(timer)
      controller.abort()
    }
  }

  function known(key: string): Entry | undefined {
    const entry = answers.get(key)
    return entry && entry.until > now() ? entry : undefined
  }

  async function askFor(key: string, path: string, question: PreflightQuestion): Promise<PreflightAnswer> {
    if (!takeFromBudget(question.target.origin)) return { kind: 'over-budget', budget }
    const entry: Entry = { path, answer: send(question), until: Infinity }
    void entry.answer.then((answer) => {
      if (answer.kind !== 'over-budget') entry.until = answer.until
    })
    answers.delete(key)
    answers.set(key, entry)
    for (const [oldest] of answers) {
      if (answers.size <= MOST_ANSWERS) break
      answers.delete(oldest)
    }
    return entry.answer
  }

  return {
    async ask(question) {
      const { target, url, origin, method, names } = question
      const path = new URL(url).pathname
      const shape = [target.origin, origin, method, ...names].join(' ')
      const first = known(shape)
      if (!first) return askFor(shape, path, question)
      const answer = await first.answer
      if (first.path === path || !isOfItsPath(answer)) return answer
      const own = `${shape} ${path}`
      return known(own)?.answer ?? askFor(own, path, question)
    },
  }
}

/** A redirect to the path with a slash, or a 404, says nothing of how the target treats other paths. */
function isOfItsPath(answer: PreflightAnswer): boolean {
  return answer.kind === 'answered' && (answer.response.status < 200 || answer.response.status > 299)
}

function withoutFragment(url: string): string {
  const parsed = new URL(url)
  parsed.hash = ''
  return parsed.href
}

/** Sends a preflight on the target's own connections. Only the header of its answer is wanted. */
export function dispatchPreflight(
  dispatcher: Dispatcher,
  { url, method, headers, signal }: PreflightRequest,
): Promise<DirectResponse> {
  return new Promise((resolve, reject) => {
    const { origin, pathname, search } = new URL(url)
    dispatcher.dispatch(
      { origin, path: pathname + search, method, headers: headers.flat() },
      {
        onRequestStart(controller) {
          const giveUp = (): void => controller.abort(new Error('the preflight took too long'))
          if (signal.aborted) giveUp()
          else signal.addEventListener('abort', giveUp)
        },
        onResponseStart(_, status, received) {
          if (status >= 200) resolve({ status, headers: recordLines(received) })
        },
        onResponseData() {},
        onResponseEnd() {},
        onResponseError: (_, error) => reject(error),
      },
    )
  })
}
