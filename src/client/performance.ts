import type { Runtime } from './runtime'

/** Resource timing names the URL that was called: for the page that is the upstream's. */
export function patchPerformance({ scope, urls, patcher }: Runtime): void {
  const { PerformanceEntry, PerformanceResourceTiming, Performance, PerformanceObserverEntryList } = scope
  patcher.getter<string>(PerformanceEntry?.prototype, 'name', urls.shown)
  patcher.after(PerformanceResourceTiming?.prototype, 'toJSON', (json: { name: string }) => {
    json.name = urls.shown(json.name)
    return json
  })
  for (const owner of [Performance, PerformanceObserverEntryList]) {
    patcher.override(owner?.prototype, 'getEntriesByName', (proceed, self, args) => {
      const [name, type] = args
      if (!urls.targetOf(name)) return proceed()
      return (self as Performance)
        .getEntries()
        .filter((entry) => entry.name === name && [undefined, entry.entryType].includes(type as string))
    })
  }
}
