import { policyHeaders } from '../cors/policy-headers'
import type { DirectRequest } from '../explain/direct-exchange'
import type { Fix, Problem, Verdict } from '../explain/verdict'
import { withoutTokens } from '../options/secrets'
import type { DirectFetchResult } from '../proxy/direct-fetch'
import { ASSUMED_ADDRESS_SPACE } from './check-request'
import { capitalizeName, drawExchange } from './diagram'
import { exchangeWithoutSecrets, verdictWithoutSecrets } from './secrets'
import { neutralise, neutraliseJson, shortenEnd, type Style, type Terminal, toAscii, wrap } from './terminal'

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
  if (!failure) {
    page.title('Cookies')
    page.text(verdict.cookies.sentence, 2)
    page.space()
  }
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
  return `${neutraliseJson(JSON.stringify(json, tellsNoToken, 2))}\n`
}

function tellsNoToken(_name: string, value: unknown): unknown {
  return typeof value === 'string' ? withoutTokens(value) : value
}

function headline({ verdict, failure, heldBack }: CheckReport, page: Page): void {
  const { outcome, reason, unsettled } = verdict
  if (failure) {
    page.text(`could not ask: ${failure.cause}. ${failure.remedy}`, 0, 'yellow')
  } else if (heldBack) {
    const before = verdict.hops[heldBack.hop]?.preflight.result === 'passed' ? 'the preflight passes, but ' : ''
    const what = `${heldBack.method} may change something on the server and is held back`
    page.text(`undecided: ${before}${what}. Add --send to send it.`, 0, 'yellow')
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
  if (fix.kind !== 'policy') {
    page.item(fix.sentence)
    if (fix.kind === 'header' && fix.header) page.text(headerLine(fix.header), 6, 'cyan')
    // A redirect may have made another method of it.
    const arrived = fix.kind === 'redirect' ? verdict.hops.at(-1)?.method : undefined
    if (fix.callInstead !== undefined) page.text(callTo(fix.callInstead, exchange.request, arrived), 6, 'cyan')
    page.space()
    return
  }
  const { origins } = fix.policy
  const { preflight, response } = policyHeaders(
    fix.policy,
    origins === '*' ? exchange.request.origin : (origins[0] ?? ''),
  )
  const method = verdict.hops.findLast(({ url }) => url === fix.url)?.method ?? exchange.request.method ?? 'GET'
  page.item(`Have ${fix.url} answer`)
  if (preflight.length > 0) {
    page.text('OPTIONS with status 204 and', 4)
    for (const line of preflight) page.text(headerLine(line), 6, 'cyan')
  }
  page.text(`${method} with`, 4)
  for (const line of response) page.text(headerLine(line), 6, 'cyan')
  if (fix.callInstead !== undefined) {
    page.item('Or call it at once where it redirects to:')
    page.text(callTo(fix.callInstead, exchange.request, method), 6, 'cyan')
  }
  page.space()
}

/** What tells this call from others; headers and body go along as they did. */
function callTo(url: string, { method: given, credentials }: DirectRequest, method: string = given ?? 'GET'): string {
  const options = [
    ...(method === 'GET' ? [] : [`method: '${method}'`]),
    ...(credentials === 'include' ? ["credentials: 'include'"] : []),
  ]
  return `fetch('${url}'${options.length > 0 ? `, { ${options.join(', ')} }` : ''})`
}

function headerLine([name, value]: readonly [string, string]): string {
  return `${capitalizeName(name)}: ${value}`
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

function ownNotes({ dropped, isUsualOrigin, exchange: { request, hops } }: CheckReport): string[] {
  const notes: string[] = []
  if (isUsualOrigin) notes.push(`Asked as a page of ${request.origin}; --origin names another one.`)
  if (dropped.length > 0) notes.push(`Left out, since no script can set them: ${dropped.join(', ')}.`)
  const near = hops.find(({ addressSpace }) => addressSpace === 'loopback' || addressSpace === 'local')
  if (near && request.addressSpace === ASSUMED_ADDRESS_SPACE) {
    const where = near.addressSpace === 'loopback' ? 'this machine' : 'a local network'
    notes.push(
      `The server is on ${where}, and the page is taken for one that comes from there too. Of a page from the public internet Chromium would first ask the user (Local Network Access).`,
    )
  }
  return notes
}

/** Sentences repeat what servers send. */
const SHOWN_TEXT = 1500

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
    const harmless = neutralise(withoutTokens(shortenEnd(text, SHOWN_TEXT, '…')))
    return wrap(this.#terminal.hasUnicode ? harmless : toAscii(harmless), this.#terminal.width - indent)
  }
}
