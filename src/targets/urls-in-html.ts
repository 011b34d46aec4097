import { readHtml } from './html-syntax'
import { hintOf } from './name-words'
import type { SyntaxNode } from './syntax-tree'
import { type CalledUrl, mayCallUrl, mentionsUrl, urlsInProgram } from './urls-in-program'

/** Makes a program of JavaScript; `undefined` for what is none. */
export type Parse = (code: string) => SyntaxNode | undefined

/** `htmx` and its extensions call what stands there. */
const CALLING_ATTRIBUTE = /^(?:data-)?(?:hx-(?:get|post|put|patch|delete)|(?:sse|ws)-connect)$/
const JAVASCRIPT = /^(?:|module|(?:text|application)\/(?:x-)?(?:java|ecma)script)$/
/** Previews and the like are read by other services. */
const READ_ELSEWHERE = /^(?:og|twitter|fb|article|al|msapplication|theme)[:-]/i

/**
 * The URLs that a document calls: in its inline scripts and handlers, in data blocks of JSON, in attributes by which
 * libraries and scripts are told what to call. What the document itself loads, links to or submits is none of them.
 *
 * @param skipsModules for hosts that make modules of them, which are read as such
 */
export function urlsInHtml(html: string, parse: Parse, { skipsModules = false } = {}): CalledUrl[] {
  if (!mentionsUrl(html)) return []
  const { scripts, attributes } = readHtml(html)
  const found: CalledUrl[] = []
  const readCode = (code: string, start: number, wrap = ''): void => {
    if (!mayCallUrl(code)) return
    const program = parse(wrap === '' ? code : `${wrap}${code})`)
    if (!program) return
    for (const url of urlsInProgram(program)) found.push({ ...url, start: url.start - wrap.length + start })
  }

  for (const { type, code, start } of scripts) {
    if (type === 'module' && skipsModules) continue
    if (JAVASCRIPT.test(type)) readCode(code, start)
    else if (/^application\/json$/.test(type)) readCode(code, start, '(')
  }
  for (const { element, name, value, start, siblings } of attributes) {
    if (name.startsWith('on')) {
      readCode(value, start)
      continue
    }
    const url = value.trim()
    if (!/^(?:https?|wss?):\/\//i.test(url) || !URL.canParse(url)) continue
    const told = element === 'meta' && name === 'content' ? (siblings.get('name') ?? siblings.get('property')) : name
    if (told === undefined || READ_ELSEWHERE.test(told)) continue
    const isForScripts = element === 'meta' || told.startsWith('data-')
    const isCalled = CALLING_ATTRIBUTE.test(told) || (isForScripts && hintOf(told.replace(/^data-/, '')) === 'called')
    if (isCalled) found.push({ url, name: told, start })
  }
  return found.sort((one, other) => one.start - other.start)
}
