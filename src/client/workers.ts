import { CLIENT_SCRIPT } from '../exchange/wire'
import type { Runtime } from './runtime'

/** A worker made from a blob, whose script no server serves, loads the runtime first. The dev server gives it to others. */
export function patchWorkers({ scope, urls, patcher }: Runtime): void {
  const { Blob, URL } = scope
  const { createObjectURL, revokeObjectURL } = URL
  /** Each blob that has a URL; the URL of the script made from it, once a worker was: shared workers are known by it. */
  const made = new Map<unknown, Blob | string>()
  const runtime = `"${urls.devPrefix}${CLIENT_SCRIPT}"`

  patcher.after(URL, 'createObjectURL', (url: string, _, [blob]: Blob[]) => {
    made.set(url, blob as Blob)
    return url
  })
  patcher.after(URL, 'revokeObjectURL', (_, __, [url]) => {
    revokeObjectURL(made.get(url) as string)
    made.delete(url)
  })
  for (const name of ['Worker', 'SharedWorker']) {
    patcher.classConstructor(scope, name, (proceed, args) => {
      const [given, options] = args as [string, WorkerOptions?]
      const url = `${given}`
      let script = made.get(url)
      // The page's CSP may forbid it.
      const load = options?.type === 'module' ? `import${runtime};` : `try{importScripts(${runtime})}catch{}`
      if (typeof script === 'object') made.set(url, (script = createObjectURL(new Blob([load, script], script))))
      if (script) args[0] = script
      return proceed()
    })
  }
}
