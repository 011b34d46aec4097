import { policyHeaders } from '../cors/policy-headers'
import type { Fix, Problem, Verdict } from '../explain/verdict'
import type { DirectFetchResult } from '../proxy/direct-fetch'
import { capitalizeName, drawExchange } from './diagram'
import { exchangeWithoutSecrets, verdictWithoutSecrets } from './secrets'
import { neutralise, neutraliseJson, type Style, type Terminal, toAscii, wrap } from './terminal'

export interface CheckReport extends DirectFetchResult {
  /** Given headers that a browser lets no script set. */
  dropped: readonly string[]
  /** Whether nobody said which page calls. */
  isUsualOrigin: boolean
}

/** The diagram, the verdict, and what to change. */
export function reportCheck(report: CheckReport, terminal: Terminal): string {
  const { exchange, verdict, failure } = report
  const page = new Page(terminal)
  page.rows.push(...drawExchange({ exchange, verdict, failure }, terminal), '')
  headline(report, page)
  if (verdict.consoleText !== undefined) {
    page.text('In the console of Chromium:', 0, 'dim')
    page.text(verdict.consoleText, 2)
    page.space()
  }
  if (verdict.problems.length > 0) {
    page.title(verdict.problems.length === 1 ? 'What is wrong' : `What is wrong: ${verdict.problems.length} things`)
    verdict.problems.forEach((problem, index) => describeProblem(problem, index + 1, page))
    page.space()
  }
  if (verdict.fixes.length > 0) {
    page.title('What to change')
    for (const fix of verdict.fixes) describeFix(fix, report, page)
  }
  describeAnswer(verdict, page)
  page.title('Cookies')
  page.text(verdict.cookies.sentence, 2)
  page.space()
  const notes = [...verdict.remarks, ...ownNotes(report)]
  if (notes.length > 0) {
    page.title('Notes')
    for (const note of notes) page.item(note)
    page.space()
  }
  return `${page.rows.join('\n').replace(/\n+$/, '')}\n`
}

/** Verdict and exchange as they are, for machines. */
export function reportCheckAsJson({ exchange, verdict, failure, heldBack, dropped }: CheckReport): string {
  const json = {
    outcome: verdict.outcome,
    verdict: verdictWithoutSecrets(verdict),
    exchange: exchangeWithoutSecrets(exchange),
    ...(failure && { failure }),
    ...(heldBack && { heldBack }),
    ...(dropped.length > 0 && { dropped }),
  }
  return `${neutraliseJson(JSON.stringify(json, null, 2))}\n`
}

function headline({ verdict, failure, heldBack }: CheckReport, page: Page): void {
  const { outcome, reason, unsettled } = verdict
  if (failure) {
    page.text(`could not ask: ${failure.cause}. ${failure.remedy}`, 0, 'yellow')
  } else if (heldBack) {
    page.text(
      `undecided: ${heldBack.method} may change something on the server, so only what comes before it was asked. Add --send to send it.`,
      0,
      'yellow',
    )
  } else if (outcome === 'unknown') {
    page.text('undecided', 0, 'yellow')
    for (const { sentence } of unsettled) page.item(sentence)
  } else if (outcome === 'blocked') {
    page.text(`blocked: ${reason ?? ''}`, 0, 'red')
  } else {
    page.text('allowed', 0, 'green')
  }
  page.space()
}

function describeProblem({ sentence, anchor }: Problem, number: number, page: Page): void {
  page.item(sentence, `${number}. `)
  page.text(anchor, 5, 'dim')
}

function describeFix(fix: Fix, { exchange, verdict }: CheckReport, page: Page): void {
  page.item(fix.sentence)
  if (fix.kind !== 'policy') {
    if (fix.callInstead !== undefined) page.text(fix.callInstead, 4, 'cyan')
    page.space()
    return
  }
  const hop = verdict.hops.find(({ url }) => url === fix.url)
  const { pathname } = new URL(fix.url)
  const { preflight, response } = policyHeaders(fix.policy, hop?.origin ?? exchange.request.origin)
  const answers = [
    ['OPTIONS', 'any status from 200 to 299, and', preflight],
    [hop?.method ?? exchange.request.method ?? 'GET', '', response],
  ] as const
  for (const [method, status, lines] of answers) {
    if (lines.length === 0) continue
    page.text(`${method} ${pathname} is answered with ${status}`.trimEnd(), 4)
    for (const [name, value] of lines) page.text(`${capitalizeName(name)}: ${value}`, 8, 'cyan')
  }
  page.space()
}

function describeAnswer({ response }: Verdict, page: Page): void {
  if (!response) return
  const { type, readableHeaders, hiddenHeaders } = response
  page.title(`The page gets a response of type "${type}"`)
  if (type === 'opaque' || type === 'opaqueredirect') {
    page.text('It can read neither status nor headers nor body.', 2)
  } else {
    page.text(`It can read status, body and these headers: ${readableHeaders.join(', ') || 'none'}.`, 2)
    if (hiddenHeaders.length > 0)
      page.text(`It can't read: ${hiddenHeaders.join(', ')}. Access-Control-Expose-Headers would list them.`, 2)
  }
  page.space()
}

function ownNotes({ dropped, isUsualOrigin, exchange, failure }: CheckReport): string[] {
  const notes: string[] = []
  if (isUsualOrigin) notes.push(`Asked as a page of ${exchange.request.origin}; --origin names another one.`)
  if (dropped.length > 0) notes.push(`Left out, since no script can set them: ${dropped.join(', ')}.`)
  if (failure?.code === 'tls')
    notes.push('A browser that was told to trust the certificate would go on: so does --insecure.')
  return notes
}

class Page {
  readonly rows: string[] = []
  readonly #terminal: Terminal

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  title(text: string): void {
    this.text(text, 0, 'bold')
  }

  item(text: string, bullet = '- '): void {
    const [first = '', ...more] = this.#lines(text, 2 + bullet.length)
    this.rows.push(`  ${bullet}${first}`, ...more.map((line) => ' '.repeat(2 + bullet.length) + line))
  }

  text(text: string, indent: number, style?: Style): void {
    for (const line of this.#lines(text, indent))
      this.rows.push(' '.repeat(indent) + (style ? this.#terminal.paint(style, line) : line))
  }

  space(): void {
    this.rows.push('')
  }

  #lines(text: string, indent: number): string[] {
    const harmless = neutralise(text)
    return wrap(this.#terminal.hasUnicode ? harmless : toAscii(harmless), this.#terminal.width - indent)
  }
}
