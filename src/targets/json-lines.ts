/** Path of a value in a JSON text: keys and indexes from the outside in. */
export type JsonPath = readonly (string | number)[]

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+|\n/g

/**
 * 1-based line of each value in a JSON text (that of its key, in an object), for messages that say where to look.
 *
 * @param text valid JSON
 */
export function locateJsonValues(text: string): (path: JsonPath) => number | undefined {
  const lines = new Map<string, number>()
  /** What is open: the key or index that is being read, and whether it is an array. */
  const open: { step: string | number; isArray: boolean }[] = []
  let line = 1
  let expectsKey = false
  const note = (): void => {
    const key = JSON.stringify(open.map(({ step }) => step))
    if (!lines.has(key)) lines.set(key, line)
  }

  for (const [token] of text.matchAll(TOKEN)) {
    const top = open.at(-1)
    switch (token) {
      case '\n':
        line++
        break
      case '{':
      case '[':
        if (top?.isArray) note()
        open.push({ step: token === '[' ? 0 : '', isArray: token === '[' })
        expectsKey = token === '{'
        break
      case '}':
      case ']':
        open.pop()
        expectsKey = false
        break
      case ':':
        break
      case ',':
        if (top?.isArray) top.step = Number(top.step) + 1
        else expectsKey = true
        break
      default:
        if (top && !top.isArray && expectsKey) {
          top.step = JSON.parse(token) as string
          expectsKey = false
          note()
        } else if (top?.isArray) {
          note()
        }
    }
  }
  return (path) => lines.get(JSON.stringify(path))
}
