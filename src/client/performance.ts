import type { Runtime } from './runtime'

/** Resource timing names the URL that was called: for the page that is the upstream's. */
export function patchPerformance({ scope, urls, patcher }: Runtime): void {
  const { PerformanceEntry, PerformanceResourceTiming, Performance, PerformanceObserverEntryList } = scope
  if (!PerformanceEntry || !PerformanceResourceTiming) return

  patcher.getter<string>(PerformanceEntry.prototype, 'name', urls.shown)
  patcher.override(PerformanceResourceTiming.prototype, 'toJSON', (native, self) => {
    const json = Reflect.apply(native, self, []) as { name: string }
    json.name = urls.shown(json.name)
    return json
  })
  for (const { prototype } of [Performance, PerformanceObserverEntryList]) {
    patcher.override(prototype, 'getEntriesByName', (native, self, args) => {
      const [name, type] = args
      if (!args.length || !urls.targetOf(name)) return Reflect.apply(native, self, args)
      return (self as Performance)
        .getEntries()
        .filter((entry) => entry.name === name && (type === undefined || entry.entryType === type))
    })
  }
}
