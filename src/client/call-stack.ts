import type { CodePlace } from '../exchange/wire'

/** Libraries stand between the runtime and whoever calls: axios has a dozen frames. */
const MOST_FRAMES = 40
const MOST_PLACES = 30
const MOST_CHARACTERS = 1_000
/** `at call (https://…/main.js:3:9)`, `at async https://…`, `call@https://…`: V8, SpiderMonkey and JavaScriptCore. */
const FRAME = /((?:https?|webpack-internal|webpack|blob|file):.*?):(\d+):(\d+)\)?$/

/** To be called where the runtime starts: yields where the page's code stands that called it, innermost first. */
export function createCallStack(scope: typeof globalThis): () => CodePlace[] {
  const { Error } = scope
  const places = (): CodePlace[] => {
    const before = Error.stackTraceLimit
    try {
      Error.stackTraceLimit = MOST_FRAMES
      return read(String(new Error().stack))
    } catch {
      // A hardened page forbids it.
      return []
    } finally {
      Reflect.set(Error, 'stackTraceLimit', before)
    }
  }
  // The runtime is on one line, also where it is part of a file with other code.
  const own = places()[0]
  return () => {
    const frames = places()
    const first = frames.findIndex(({ url, line }) => url !== own?.url || line !== own.line)
    return first === -1 ? [] : frames.slice(first, first + MOST_PLACES)
  }
}

function read(stack: string): CodePlace[] {
  return stack.split('\n').flatMap((frame) => {
    const [, url = '', line, column] = FRAME.exec(frame.trim()) ?? []
    return url !== '' && url.length <= MOST_CHARACTERS ? { url, line: Number(line), column: Number(column) } : []
  })
}
