import { mapCorsUrlsInCss } from '../standard/cors-css'

/** Where the page loads from instead; the URL itself where that is what is written. */
export type ResourceUrl = (url: string, credentials: boolean) => string

const ATTRIBUTES = `(?:"[^"]*"|'[^']*'|[^"'>])*`
/** Elements that are read as a whole: what they hold is no markup, or loads as the element says. */
const WHOLE = '(script|style|textarea|title|picture|video|audio)(?=[\\s/>])'
const TOKEN = new RegExp(
  `<!--[^]*?-->|<${WHOLE}${ATTRIBUTES}>[^]*?</\\1\\s*>|<(?!${WHOLE})[/!?]?[a-z]${ATTRIBUTES}>`,
  'iy',
)
const MAY_START = /<(?:[a-z/!?]|$)/gi
const TAG = new RegExp(`<[a-z]${ATTRIBUTES}>`, 'gi')
const ATTRIBUTE = /([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g
/** What `<link rel="preload" as>` loads the way that an element or a script asks for it later. */
const PRELOADED = /^(?:audio|fetch|font|image|track|video)$/i

/**
 * Rewrites a document while it passes: what its elements load with CORS, and its styles, come through the dev server. The
 * parser of the browser would load them before any script could see them. Text is taken and given as latin1, in which a
 * character is a byte.
 *
 * @returns takes the next piece, and gives all that is settled by then
 */
export function createMarkupRewriter(relay: ResourceUrl): (piece: string, isEnd: boolean) => string {
  let held = ''
  return (piece, isEnd) => {
    const text = held + piece
    let done = ''
    let position = 0
    for (;;) {
      MAY_START.lastIndex = position
      const start = MAY_START.exec(text)?.index ?? text.length
      done += text.slice(position, start)
      position = TOKEN.lastIndex = start
      const [token, name] = TOKEN.exec(text) ?? []
      if (token !== undefined) {
        done += rewriteToken(token, name?.toLowerCase(), relay)
        position += token.length
      } else if (isEnd && start < text.length) {
        // Whatever it was to become, it is text now.
        done += '<'
        position++
      } else break
    }
    held = text.slice(position)
    return done
  }
}

function rewriteToken(token: string, name: string | undefined, relay: ResourceUrl): string {
  switch (name) {
    case undefined:
      return token.startsWith('<!--') ? token : rewriteTag(token, relay)
    case 'style':
      return rewriteCss(token, relay)
    case 'picture':
    case 'video':
    case 'audio': {
      const tags = token.match(TAG) ?? []
      const owner = name === 'picture' ? tags.find((tag) => /^<img[\s/>]/i.test(tag)) : tags[0]
      const crossOrigin = attributesOf(owner ?? '').get('crossorigin')
      return token.replace(TAG, (tag) => rewriteTag(tag, relay, crossOrigin))
    }
    default:
      return token
  }
}

/** @param ownerCrossOrigin - The `crossorigin` of the element that a source or track belongs to. */
function rewriteTag(tag: string, relay: ResourceUrl, ownerCrossOrigin?: string): string {
  if (!/crossorigin|\sstyle|^<(?:source|track)/i.test(tag)) return tag
  const name = /^<([a-z]+)/i.exec(tag)?.[1]?.toLowerCase() ?? ''
  const attributes = attributesOf(tag)
  const isForOwner = name === 'source' || name === 'track'
  const crossOrigin = isForOwner ? ownerCrossOrigin : attributes.get('crossorigin')
  const relayed = (url: string): string => relay(url, crossOrigin?.toLowerCase() === 'use-credentials')
  const isPreload = /\bpreload\b/i.test(attributes.get('rel') ?? '') && PRELOADED.test(attributes.get('as') ?? '')
  const loads = crossOrigin !== undefined && (isForOwner || /^(?:img|video|audio)$/.test(name) || isPreload)

  function wanted(attribute: string, value: string): string {
    switch (attribute) {
      case 'style':
        return rewriteCss(value, relay)
      case 'src':
      case 'href':
        return loads ? relayed(value.trim()) : value
      case 'srcset':
      case 'imagesrcset':
        return loads ? value.replace(/\S*[^\s,]/g, relayed) : value
      default:
        return value
    }
  }

  const start = name.length + 1
  const changed = tag.slice(start).replace(ATTRIBUTE, (written, key: string, ...values: (string | undefined)[]) => {
    const value = decode(values.slice(0, 3).find((each) => each !== undefined) ?? '')
    const right = wanted(key.toLowerCase(), value)
    return right === value ? written : `${key}="${right.replace(/&/g, '&amp;').replace(/"/g, '&quot;')}"`
  })
  return tag.slice(0, start) + changed
}

export function rewriteCss(css: string, relay: ResourceUrl): string {
  return mapCorsUrlsInCss(css, (url) => relay(url, false))
}

/** The first of a name counts. */
function attributesOf(tag: string): Map<string, string> {
  const start = /^<[a-z]*/i.exec(tag)?.[0].length ?? 0
  const all = [...tag.slice(start).matchAll(ATTRIBUTE)]
  return new Map(
    all
      .reverse()
      .map(([, key = '', ...values]) => [key.toLowerCase(), decode(values.find((each) => each !== undefined) ?? '')]),
  )
}

const NAMED: Record<string, string> = { amp: '&', quot: '"', apos: "'", lt: '<', gt: '>' }

/** As far as URLs and style sheets need it. What is above latin1 stays a reference. */
function decode(value: string): string {
  return value.replace(/&(?:(amp|quot|apos|lt|gt)|#(\d+)|#x([\da-f]+));/gi, (reference, name, decimal, hex) => {
    if (name) return NAMED[String(name).toLowerCase()] ?? reference
    const code = decimal ? Number(decimal) : Number.parseInt(String(hex), 16)
    return code < 0x80 ? String.fromCharCode(code) : reference
  })
}
