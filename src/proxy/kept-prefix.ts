import { provenanceLabel, type Target } from '../targets/target'
import type { Call } from './call'
import type { TargetLog } from './target-log'

/**
 * A path route keeps its path, as the same line in `server.proxy` does, which surprises whoever has an API without it. If
 * the first answer of a target is a 404, this is the likely reason.
 */
export function createKeptPrefixHint(log: TargetLog): (call: Call) => void {
  const hasAnswered = new WeakSet<Target>()
  return ({ target, route, exchange }) => {
    const status = exchange.upstreamResponse?.status
    if (!route || status === undefined || hasAnswered.has(target)) return
    hasAnswered.add(target)
    const { path } = target
    if (status !== 404 || target.stripPrefix || target.proxy.pathRewrite || path === undefined || !/^\/./.test(path))
      return
    log.once(
      `${target.origin} answered 404 to the first call of ${path}: the path is kept. If the API has no ${path}, write { url: '${target.origin}${target.basePath}', stripPrefix: true } in ${provenanceLabel(target.provenance)}.`,
    )
  }
}
