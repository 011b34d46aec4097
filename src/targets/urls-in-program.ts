import { indexProgram, type SyntaxIndex } from './syntax-index'
import { field, type SyntaxNode } from './syntax-tree'
import { roleOf } from './url-role'
import { isBareOrigin, scoreShape } from './url-shape'

/** A URL that a program calls, or will. */
export interface CalledUrl {
  /** What of it is known without running the program: its origin and the beginning of its path. */
  url: string
  /** What it is called by or stands under: `fetch(…)`, `API_URL`. */
  name: string
  /** Where it stands, as an index into the code. */
  start: number
}

/** Whether code is worth parsing: most modules mention no URL at all. */
export function mentionsUrl(code: string): boolean {
  return /\b(?:https?|wss?):\/\//i.test(code)
}

/** The beginning of a string, as it is written; what stands right behind `href:` is a link and no more. */
const BEGINS_A_STRING = /(?<!\bhref["']?\s*[:=]\s*)["'`](?:\s|\\[nrt])*(?:https?|wss?):\/\//i

/**
 * Whether a program is worth parsing, which takes most of the time that looking for URLs takes: most of those that
 * mention one do it in a comment, in a text, or link to it.
 */
export function mayCallUrl(code: string): boolean {
  return BEGINS_A_STRING.test(code)
}

/** How much a role and the URL itself have to say for it, together. */
const ENOUGH = 2

/**
 * The absolute http(s) and ws(s) URLs that a program calls, judged by what it does with each: an argument of `fetch` is
 * called, a link is not. What can't be told is left out: a target too few is found when it is called, one too many is
 * told to the developer for nothing.
 *
 * @param program ESTree; Vite and webpack have parsers at hand
 */
export function urlsInProgram(program: SyntaxNode): CalledUrl[] {
  const index = indexProgram(program)
  const judged: { url: CalledUrl; score: number; isUsed: boolean; slot: SyntaxNode }[] = []
  for (const node of index.strings) {
    if (!/^\s*(?:https?|wss?):\/\//i.test(beginningOf(node))) continue
    const text = knownBeginning(wholeOf(node, index), index)
    const url = parseCalledUrl(text)
    if (!url) continue
    const role = roleOf(node, index)
    const bonus = role.score === 1 && isBareOrigin(url) ? 1 : 0
    judged.push({
      url: { url: text.known.trim(), name: role.name ?? 'URL', start: node.start },
      score: role.score + bonus + scoreShape(url, text.known),
      isUsed: role.score < 0,
      slot: slotOf(node, index),
    })
  }
  const slots = new Set(judged.flatMap(({ score, slot }) => (score < ENOUGH ? [] : [slot])))
  return judged.flatMap(({ url, score, isUsed, slot }) =>
    score >= ENOUGH || (slots.has(slot) && !isUsed) ? [url] : [],
  )
}

/** `isProduction ? 'https://api.example.com' : 'https://staging.example.com'` are one thing in two places. */
function slotOf(node: SyntaxNode, { parentOf }: SyntaxIndex): SyntaxNode {
  let slot = node
  for (let parent = parentOf(slot); parent; slot = parent, parent = parentOf(slot)) {
    const isChoice = parent.type === 'ConditionalExpression' || parent.type === 'LogicalExpression'
    if (!isChoice || field(parent, 'test') === slot) return slot
  }
  return slot
}

function beginningOf(node: SyntaxNode): string {
  if (node.type === 'Literal') return field<string>(node, 'value')
  const [quasi] = field<SyntaxNode[]>(node, 'quasis')
  const value = quasi && field<{ cooked?: string; raw: string }>(quasi, 'value')
  return value?.cooked ?? value?.raw ?? ''
}

/** The concatenation or template that a string begins. */
function wholeOf(node: SyntaxNode, { parentOf }: SyntaxIndex): SyntaxNode {
  const parent = parentOf(node)
  if (parent?.type !== 'BinaryExpression' || field(parent, 'operator') !== '+' || field(parent, 'left') !== node)
    return node
  return wholeOf(parent, { parentOf } as SyntaxIndex)
}

interface Beginning {
  known: string
  /** Whether the expression says nothing more behind it. */
  isWhole: boolean
}

/** What of a string is known without running the program. */
function knownBeginning(node: SyntaxNode, index: SyntaxIndex, depth = 0): Beginning {
  const unknown: Beginning = { known: '', isWhole: false }
  if (depth > 8) return unknown
  const join = (parts: readonly (() => Beginning)[]): Beginning => {
    let known = ''
    for (const part of parts) {
      const next = part()
      known += next.known
      if (!next.isWhole) return { known, isWhole: false }
    }
    return { known, isWhole: true }
  }
  switch (node.type) {
    case 'Literal': {
      const value = field(node, 'value')
      return typeof value === 'string' || typeof value === 'number' ? { known: String(value), isWhole: true } : unknown
    }
    case 'TemplateLiteral': {
      const expressions = field<SyntaxNode[]>(node, 'expressions')
      return join(
        field<SyntaxNode[]>(node, 'quasis').flatMap((quasi, position) => {
          const { cooked, raw } = field<{ cooked?: string; raw: string }>(quasi, 'value')
          const expression = expressions[position]
          const text = (): Beginning => ({ known: cooked ?? raw, isWhole: true })
          return expression ? [text, () => knownBeginning(expression, index, depth + 1)] : [text]
        }),
      )
    }
    case 'BinaryExpression':
      if (field(node, 'operator') !== '+') return unknown
      return join([
        () => knownBeginning(field(node, 'left'), index, depth + 1),
        () => knownBeginning(field(node, 'right'), index, depth + 1),
      ])
    case 'Identifier': {
      const constant = index.constantOf(node)
      return constant ? knownBeginning(constant, index, depth + 1) : unknown
    }
    default:
      return unknown
  }
}

/** The URL, if its origin is known for certain. */
function parseCalledUrl({ known, isWhole }: Beginning): URL | undefined {
  const [, authority = '', rest = ''] = /^\s*(?:https?|wss?):\/\/([^/?#\s\\]*)([^]*)$/i.exec(known) ?? []
  // `https://api.` + name: what comes next may still belong to the host. A domain or a port that is whole won't go on.
  const host = authority.replace(/^.*@/, '')
  const isHostWhole = isWhole || rest !== '' || /(?:\.[a-z]{2,}|:\d{2,})$/i.test(host)
  // `https://{s}.tile.example.com` is a pattern that page code fills in.
  if (!isHostWhole || !/^(?:\[[\da-f:.]+\]|[\w.-]*[\w])(?::\d+)?$/i.test(host)) return undefined
  const text = known.trim().split(/\s/, 1)[0] ?? ''
  // A sentence that begins with a URL is a text for people.
  if (/\s/.test(known.trim())) return undefined
  return URL.canParse(text) ? new URL(text) : undefined
}
