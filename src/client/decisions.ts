import {
  DECISION_ENDPOINT,
  decisionKey,
  type CallStack,
  type ClientConfig,
  type RequestShape,
  type RouteAnswer,
  type RouteQuestion,
} from '../exchange/wire'
import type { TargetUrl } from './to-dev-url'

export type Route = RouteAnswer['route']

/** How each shape of call travels. Known at once for most; otherwise the dev server is asked before the first call. */
export interface Decisions {
  known(target: TargetUrl, shape: RequestShape): Route | undefined
  ask(target: TargetUrl, shape: RequestShape): Promise<Route>
  /** For constructors and synchronous calls, which can't wait: stops the page until the dev server has answered. */
  askNow(target: TargetUrl, shape: RequestShape): Route
}

export function createDecisions(
  config: ClientConfig,
  prefix: string,
  post: {
    later(url: string, body: string): Promise<unknown>
    now(url: string, body: string): unknown
  },
  callStack: () => CallStack,
): Decisions {
  // What is learned here is known in the windows that are opened from here.
  const { decisions } = config
  const asked: Record<string, Promise<Route>> = {}
  const endpoint = prefix + DECISION_ENDPOINT

  const known: Decisions['known'] = ({ relay, origin }, shape) =>
    relay === 'always' ? 'relay' : decisions[decisionKey(origin, shape)]

  const question = ({ url, relay }: TargetUrl, shape: RequestShape): string =>
    JSON.stringify({
      ...shape,
      url: url.href,
      calledFrom: relay === 'unknown' ? callStack() : undefined,
    } satisfies RouteQuestion)

  function settle({ relay }: TargetUrl, key: string, answer: unknown): Route {
    delete asked[key]
    const route = (answer as RouteAnswer | undefined)?.route
    if (route) return (decisions[key] = route)
    // Whoever can't be asked is not remembered: the relay is the safe way, and the dev server may be back next time.
    return relay === 'unknown' ? 'direct' : 'relay'
  }

  return {
    known,
    ask(target, shape) {
      const key = decisionKey(target.origin, shape)
      return (asked[key] ??= post
        .later(endpoint, question(target, shape))
        .catch(() => undefined)
        .then((body) => settle(target, key, body)))
    },
    askNow(target, shape) {
      const route = known(target, shape)
      if (route) return route
      let answer: unknown
      try {
        answer = post.now(endpoint, question(target, shape))
      } catch {
        // Nobody answers, or the page is leaving.
      }
      return settle(target, decisionKey(target.origin, shape), answer)
    },
  }
}
