import type { Exchange } from '../exchange/exchange'
import type { Verdict } from '../explain/verdict'
import { withoutQuery } from './target-log'

export interface NoticeInput {
  exchange: Exchange
  /** Of outcome `blocked`. */
  verdict: Verdict
  productionOrigin: string | undefined
}

/** A header value of the server's, which the browser quotes, may be a quarter of a megabyte. */
const MOST_WORDS = 400
/** Whom the fix is for has to be able to read it whole. */
const MOST_CHARACTERS = 2_000

/** What the terminal says about a call that works here and will not work there: what, why, what to do. */
export function notice({ exchange, verdict, productionOrigin }: NoticeInput): string {
  const { way, method, pageUrl, upstreamUrl, pageOrigin } = exchange
  const called = way === 'path' ? `${withoutQuery(pageUrl)} → ` : ''
  const what = `${method} ${called}${withoutQuery(upstreamUrl)}`
  const where =
    productionOrigin === undefined
      ? `without the dev server, from ${pageOrigin}`
      : `in production, from ${productionOrigin}`
  const [fix] = verdict.fixes
  const orElse = way === 'path' ? 'Or have the server that serves the page pass it on, as this one does.' : ''
  return [`${what} would be blocked ${where}:`, cut(browsersWords(verdict), MOST_WORDS), fix?.sentence ?? '', orElse]
    .map((line) => printable(withoutQueries(cut(line, MOST_CHARACTERS))))
    .filter((line) => line !== '')
    .join('\n  ')
}

/** Chromium's console text after what it says about every call; where the console says nothing, the rule. */
function browsersWords({ problems: [problem] }: Verdict): string {
  return problem?.consoleText?.replace(ABOUT_THE_CALL, '') ?? problem?.sentence ?? ''
}

const ABOUT_THE_CALL = /^Access to .*? has been blocked by CORS policy: /s

/** Queries carry tokens. */
function withoutQueries(sentence: string): string {
  return sentence.replace(/((?:https?|wss?):\/\/[^\s?#]*)[?#]\S*?(?=[.,:;]?(?:\s|$))/g, '$1')
}

/** What a server sends is shown, never obeyed: some characters steer a terminal. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text
}
