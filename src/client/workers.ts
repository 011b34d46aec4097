import { CLIENT_SCRIPT } from '../exchange/wire'
import type { Runtime } from './runtime'

/** A worker made from a blob, whose script no server serves, loads the runtime first. The dev server gives it to others. */
export function patchWorkers({ scope, urls, patcher }: Runtime): void {
  const { Blob, URL } = scope
  const { createObjectURL, revokeObjectURL } = URL
  const made = new Map<unknown, Blob>()
  const script = `"${urls.prefix}${CLIENT_SCRIPT}"`

  patcher.after(URL, 'createObjectURL', (url: string, _, [blob]: Blob[]) => {
    made.set(url, blob as Blob)
    return url
  })
  patcher.after(URL, 'revokeObjectURL', (_, __, [url]) => void made.delete(url))
  patcher.classConstructor(scope, 'Worker', (native, [url, ...rest], newTarget) => {
    const blob = made.get(`${url as string}`)
    if (!blob) return Reflect.construct(native, [url, ...rest], newTarget) as object
    const [options] = rest as WorkerOptions[]
    // The page's CSP may forbid it.
    const load = options?.type === 'module' ? `import${script};` : `try{importScripts(${script})}catch{}`
    const led = createObjectURL(new Blob([load, blob], blob))
    const worker = Reflect.construct(native, [led, ...rest], newTarget) as object
    revokeObjectURL(led)
    return worker
  })
}
