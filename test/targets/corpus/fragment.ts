/**
 * A file of the corpus: what of a package's source is needed to judge its URLs, each of them marked by hand.
 *
 * ```
 * === src/util.js
 *   | import axios from 'axios'
 * + | const api = axios.create({ baseURL: 'https://api.github.com' })
 * - | // see https://docs.github.com
 * ```
 *
 * `+` is a URL whose origin the page calls (fetch, XMLHttpRequest, EventSource, WebSocket, beacons, be it through a
 * library); `-` is any other. A line with several URLs has a mark for each of them. `?` has not been judged yet.
 */
export interface Fragment {
  file: string
  lines: readonly { marks: string; code: string }[]
}

/** Where a URL seems to begin. Only the corpus looks for URLs in this way. */
export const URL_START = /\b(?:https?|wss?):\/\//g

export const codeOf = ({ lines }: Fragment): string => lines.map(({ code }) => code + '\n').join('')

export function parseFragments(text: string): Fragment[] {
  return text
    .split(/^=== /m)
    .slice(1)
    .map((part) => {
      const [file = '', ...rest] = part.replace(/\n$/, '').split('\n')
      const lines = rest.map((line) => {
        const [, marks = '', code = ''] = /^([-+?]*) *\|(?: (.*))?$/.exec(line) ?? []
        return { marks, code }
      })
      return { file, lines }
    })
}

export function printFragments(fragments: readonly Fragment[]): string {
  return fragments
    .map(({ file, lines }) => {
      const width = Math.max(1, ...lines.map(({ marks }) => marks.length))
      return `=== ${file}\n${lines.map(({ marks, code }) => `${marks.padEnd(width)} | ${code}`.trimEnd() + '\n').join('')}`
    })
    .join('')
}
