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
      url: url.href.split('#', 1)[0] as string,
      ...(relay === 'unknown' && { calledFrom: callStack() }),
    } satisfies RouteQuestion)

  /** Whoever can't be asked is not remembered: the relay is the safe way, and the dev server may be back next time. */
  const unasked = ({ relay }: TargetUrl): Route => (relay === 'unknown' ? 'direct' : 'relay')

  function settle(target: TargetUrl, key: string, answer: unknown): Route {
    const route = (answer as RouteAnswer | undefined)?.route
    return route ? (decisions[key] = route) : unasked(target)
  }

  return {
    known,
    ask(target, shape) {
      const key = decisionKey(target.origin, shape)
      return (asked[key] ??= post
        .later(endpoint, question(target, shape))
        .then(
          (body) => settle(target, key, body),
          () => unasked(target),
        )
        .finally(() => delete asked[key]))
    },
    askNow(target, shape) {
      const route = known(target, shape)
      if (route) return route
      try {
        return settle(target, decisionKey(target.origin, shape), post.now(endpoint, question(target, shape)))
      } catch {
        return unasked(target)
      }
    },
  }
}
