import { styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** How the terminal that is written to has to be spoken to. */
export interface Terminal {
  /** Columns that lines may fill. */
  width: number
  /** Whether it shows more than ASCII. */
  hasUnicode: boolean
  /** `text` in a style, if the stream shows styles. */
  paint(style: Style, text: string): string
}

/** Piped output is read somewhere else later: as wide as terminals are by habit. */
const USUAL_WIDTH = 80
const LEAST_WIDTH = 40
/** Longer lines of text are hard to read, and arrows across a wide screen tell no more. */
const MOST_WIDTH = 100

export function describeTerminal(
  stream: NodeJS.WriteStream,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Terminal {
  const columns = stream.columns > 0 ? stream.columns : USUAL_WIDTH
  return {
    width: Math.min(Math.max(columns, LEAST_WIDTH), MOST_WIDTH),
    hasUnicode: hasUnicode(env, platform),
    // It knows of NO_COLOR, FORCE_COLOR, dumb terminals and pipes.
    paint: (style, text) => styleText(style, text, { stream }),
  }
}

function hasUnicode(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): boolean {
  if (platform === 'win32') return Boolean(env['WT_SESSION'] || env['TERM_PROGRAM'] || env['CI'] || env['TERM'])
  if (env['TERM'] === 'linux' || env['TERM'] === 'dumb') return false
  // The first that is set decides (POSIX). With none set, pipelines and containers are UTF-8 all the same.
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG']
  return !locale || /utf-?8/i.test(locale)
}

/** C0 and C1 controls, and what is invisible or turns the direction of writing. Some of them steer a terminal. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu

/**
 * What servers send is shown, never obeyed: an escape sequence in a header value could clear the screen, set its title
 * or fake a verdict.
 */
export function neutralise(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter)
}

/** As {@link neutralise}, for JSON: the text stays JSON of the same value. */
export function neutraliseJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) =>
    // JSON.stringify's own line breaks.
    character === '\n'
      ? character
      : [...Array(character.length).keys()].map((i) => unicodeEscape(character, i)).join(''),
  )
}

function unicodeEscape(text: string, index: number): string {
  return `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}

const PLAIN: Record<string, string> = {
  '→': '->',
  '…': '...',
  '–': '-',
  '—': '-',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
}

/** For terminals that show ASCII alone. */
export function toAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (character) => PLAIN[character] ?? escapeCharacter(character))
}

/** Lines of at most `width` columns, broken at spaces where there are any. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (line.length > width) {
      lines.push(line.slice(0, width))
      line = line.slice(width)
    }
  }
  if (line !== '' || lines.length === 0) lines.push(line)
  return lines
}

/** The beginning of what nobody would read to its end: a server may send 256 KiB of anything. */
export function shortenEnd(text: string, most: number, ellipsis: string): string {
  return text.length <= most ? text : `${text.slice(0, most)}${ellipsis} (${text.length} characters)`
}

/** `text` in at most `width` columns: what identifies it is at its two ends. */
export function shortenMiddle(text: string, width: number, ellipsis: string): string {
  if (text.length <= width) return text
  const kept = Math.max(width - ellipsis.length, 0)
  return text.slice(0, Math.ceil(kept / 2)) + ellipsis + (kept > 1 ? text.slice(-Math.floor(kept / 2)) : '')
}
