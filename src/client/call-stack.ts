import type { CallStack } from '../exchange/wire'

/** Libraries stand between the runtime and whoever calls: axios has a dozen frames. */
const MOST_FRAMES = 40
const MOST_CHARACTERS = 20_000

/** To be called where the runtime starts, which is how its own frames are known. The dev server reads them. */
export function createCallStack({ Error }: typeof globalThis): () => CallStack {
  const stack = (): string => {
    const before = Error.stackTraceLimit
    // A hardened page forbids it, and then this does not throw.
    Reflect.set(Error, 'stackTraceLimit', MOST_FRAMES)
    const { stack } = new Error()
    Reflect.set(Error, 'stackTraceLimit', before)
    return `${stack}`.slice(0, MOST_CHARACTERS)
  }
  const runtime = stack()
  return () => ({ runtime, call: stack() })
}
