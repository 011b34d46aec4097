import { nativeGetter } from './patch'
import type { Runtime } from './runtime'

/** Resource timing names the URL that was called: for the page that is the upstream's. */
export function patchPerformance({ scope, urls, patcher }: Runtime): void {
  const { PerformanceEntry, PerformanceResourceTiming, Performance } = scope
  if (!PerformanceEntry || !PerformanceResourceTiming) return
  const nameOf = nativeGetter<string>(PerformanceEntry.prototype, 'name')

  patcher.getter<string>(PerformanceEntry.prototype, 'name', urls.shown)
  patcher.method(PerformanceResourceTiming.prototype, 'toJSON', (native, self) => {
    const json = Reflect.apply(native, self, []) as { name: string }
    json.name = urls.shown(json.name)
    return json
  })
  patcher.method(Performance.prototype, 'getEntriesByName', (native, self, args) => {
    const [name, type] = args
    const entries = Reflect.apply(native, self, args) as PerformanceEntryList
    if (!args.length || !urls.targetOf(name)) return entries
    const relayed = (self as Performance)
      .getEntriesByType('resource')
      .filter((entry) => urls.toUpstreamUrl(nameOf(entry)) === name && (type ?? 'resource') === 'resource')
    return [...entries, ...relayed].sort((a, b) => a.startTime - b.startTime)
  })
}
