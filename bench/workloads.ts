import type { Workload } from './workload.ts'
import { aborts } from './workloads/aborts.ts'
import { parallel, runtime } from './workloads/browser.ts'
import { downloads, largeDownload, largeUpload } from './workloads/bodies.ts'
import { distance } from './workloads/distance.ts'
import { events } from './workloads/events.ts'
import { http2 } from './workloads/http2.ts'
import { preflights } from './workloads/preflights.ts'
import { smallJson, smallJsonTls } from './workloads/small-json.ts'
import { stale } from './workloads/stale.ts'
import { startup } from './workloads/startup.ts'
import { transform } from './workloads/transform.ts'
import { wave } from './workloads/wave.ts'
import { websocket } from './workloads/websocket.ts'

/** A new workload is a module in `workloads/` and one more entry here. */
export const WORKLOADS: readonly Workload[] = [
  smallJson,
  smallJsonTls,
  http2,
  downloads,
  largeDownload,
  largeUpload,
  events,
  websocket,
  preflights,
  wave,
  aborts,
  stale,
  distance,
  startup,
  transform,
  runtime,
  parallel,
]
