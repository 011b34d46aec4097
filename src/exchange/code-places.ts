import type { CallStack, CodePlace } from './wire'

const MOST_PLACES = 30
const MOST_CHARACTERS = 1_000
/** `at call (https://…/main.js:3:9)`, `at async https://…`, `call@https://…`: V8, SpiderMonkey and JavaScriptCore. */
const FRAME = /((?:https?|webpack-internal|webpack|blob|file):.*?):(\d+):(\d+)\)?$/

/** Where the page's code stands that called the runtime, innermost first. */
export function codePlaces({ runtime, call }: CallStack): CodePlace[] {
  // The runtime is on one line, also where it is part of a file with other code.
  const [own] = read(runtime)
  const frames = read(call)
  const first = frames.findIndex(({ url, line }) => url !== own?.url || line !== own.line)
  return first === -1 ? [] : frames.slice(first, first + MOST_PLACES)
}

function read(stack: string): CodePlace[] {
  return stack.split('\n').flatMap((frame) => {
    if (frame.length > MOST_CHARACTERS) return []
    const [, url, line, column] = FRAME.exec(frame.trim()) ?? []
    return url === undefined ? [] : { url, line: Number(line), column: Number(column) }
  })
}
