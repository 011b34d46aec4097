export interface HtmlScript {
  /** Its `type`, in lower case; empty if there is none. */
  type: string
  code: string
  /** Where the code begins, as an index into the document. */
  start: number
}

export interface HtmlAttribute {
  element: string
  name: string
  value: string
  start: number
  /** The element's other attributes, by their names. */
  siblings: ReadonlyMap<string, string>
}

/** What is in them is text, not markup. */
const RAW_TEXT = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes', 'plaintext'])
/** What a document has before the next tag: text, comments, doctypes, end tags. */
const TO_NEXT_TAG = /<(?:!--(?:>|->|[^]*?--!?>|[^]*$)|[!?/][^>]*>?|([a-z][^\s/>]*))/gi
const ATTRIBUTE = /[\s/]*(?:([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?|(>))/y

/**
 * The scripts and attributes of a document. Reads tags as the standard's tokenizer does, comments and raw text included,
 * and builds no tree.
 *
 * @see https://html.spec.whatwg.org/multipage/parsing.html#tokenization
 */
export function readHtml(html: string): { scripts: HtmlScript[]; attributes: HtmlAttribute[] } {
  const scripts: HtmlScript[] = []
  const attributes: HtmlAttribute[] = []
  TO_NEXT_TAG.lastIndex = 0
  for (let tag = TO_NEXT_TAG.exec(html); tag; tag = TO_NEXT_TAG.exec(html)) {
    const element = tag[1]?.toLowerCase()
    if (element === undefined) continue
    const siblings = new Map<string, string>()
    ATTRIBUTE.lastIndex = TO_NEXT_TAG.lastIndex
    let end = ATTRIBUTE.lastIndex
    for (let match = ATTRIBUTE.exec(html); match; match = ATTRIBUTE.exec(html)) {
      end = ATTRIBUTE.lastIndex
      const [whole, written, double, single, bare] = match
      if (written === undefined) break
      const name = written.toLowerCase()
      const value = double ?? single ?? bare ?? ''
      if (siblings.has(name)) continue
      siblings.set(name, value)
      const isQuoted = bare === undefined && value !== ''
      attributes.push({
        element,
        name,
        value,
        start: match.index + whole.length - value.length - (isQuoted ? 1 : 0),
        siblings,
      })
    }
    TO_NEXT_TAG.lastIndex = end
    if (!RAW_TEXT.has(element)) continue
    const close = new RegExp(`</${element}(?=[\\s/>])`, 'gi')
    close.lastIndex = end
    const stop = close.exec(html)?.index ?? html.length
    if (element === 'script' && !siblings.has('src')) {
      scripts.push({ type: (siblings.get('type') ?? '').trim().toLowerCase(), code: html.slice(end, stop), start: end })
    }
    TO_NEXT_TAG.lastIndex = stop
  }
  return { scripts, attributes }
}
