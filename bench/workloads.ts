import type { Workload } from './workload.ts'
import { smallJson, smallJsonTls } from './workloads/small-json.ts'
import { startup } from './workloads/startup.ts'

/** A new workload is a module in `workloads/` and one more entry here. */
export const WORKLOADS: readonly Workload[] = [smallJson, smallJsonTls, startup]
