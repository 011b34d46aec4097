import type { Visit } from './arrivals'
import type { Decisions } from './decisions'
import type { ExplainFailure } from './failures'
import type { Patcher } from './patch'
import type { DevUrls } from './to-dev-url'

/** What each patched API is given. */
export interface Runtime {
  /** The window or worker, whose natives may differ from those of this script's own realm. */
  scope: typeof globalThis
  urls: DevUrls
  decisions: Decisions
  explainFailure: ExplainFailure
  patcher: Patcher
  onArrival(visit: Visit): void
  /** In another window of the page's. */
  installIn(scope: typeof globalThis): void
}
