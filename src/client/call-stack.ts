import type { CallStack } from '../exchange/wire'

/** Libraries stand between the runtime and whoever calls: axios has a dozen frames. */
const MOST_FRAMES = 40
const MOST_CHARACTERS = 20_000

/** To be called where the runtime starts, which is how its own frames are known. The dev server reads them. */
export function createCallStack({ Error }: typeof globalThis): () => CallStack {
  const stack = (): string => {
    const before = Error.stackTraceLimit
    try {
      Error.stackTraceLimit = MOST_FRAMES
      return `${new Error().stack}`.slice(0, MOST_CHARACTERS)
    } catch {
      // A hardened page forbids it.
      return ''
    } finally {
      Reflect.set(Error, 'stackTraceLimit', before)
    }
  }
  const runtime = stack()
  return () => ({ runtime, call: stack() })
}
