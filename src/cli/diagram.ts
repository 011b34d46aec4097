import { STATUS_CODES } from 'node:http'
import type { DirectExchange, DirectResponse } from '../explain/direct-exchange'
import type { HopVerdict, PreflightCause, Problem, Verdict } from '../explain/verdict'
import type { HeaderLines } from '../exchange/exchange'
import { withoutCookieValue } from '../exchange/secrets'
import { withoutTokens } from '../options/secrets'
import { withoutSecrets } from './secrets'
import { neutralise, shortenEnd, shortenMiddle, type Style, type Terminal, toAscii, wrap } from './terminal'

export interface DiagramInput {
  exchange: DirectExchange
  verdict: Verdict
  /** Where the way ended without an answer. */
  failure?: { hop: number; at: 'preflight' | 'response'; cause: string } | undefined
}

const UNICODE = {
  ...{ lane: '│', leave: '├', arrive: '┤', line: '─', dash: '╌', right: '▶', left: '◀' },
  ...{ good: '✓', bad: '✗', ellipsis: '…' },
}
const ASCII: typeof UNICODE = {
  ...{ lane: '|', leave: '+', arrive: '+', line: '-', dash: '.', right: '>', left: '<' },
  ...{ good: 'ok', bad: 'x', ellipsis: '...' },
}

const SHOWN_VALUE = 400

/** The exchange as a sequence diagram: the page at the left, the server that is asked at the right. */
export function drawExchange({ exchange, verdict, failure }: DiagramInput, terminal: Terminal): string[] {
  const canvas = new Canvas(terminal)
  const pageOrigin = exchange.request.origin === 'null' ? 'null (an opaque origin)' : exchange.request.origin
  let server: string | undefined

  if (verdict.hops.length === 0) {
    // `fetch()` itself throws.
    const { method = 'GET', url } = exchange.request
    const { origin, pathname, search } = new URL(url)
    canvas.heading(pageOrigin, origin)
    canvas.space()
    canvas.problems(verdict.problems, 'request')
    canvas.notSent(method, pathname + search)
  }
  const drawn = new Set<string>()
  let repeats = 0
  for (const [index, hop] of verdict.hops.entries()) {
    // In a loop of redirects most of it is said already.
    const said = whatIsSaid({ exchange, verdict, failure }, index)
    if (drawn.has(said)) {
      repeats++
      continue
    }
    drawn.add(said)
    const { origin, pathname, search } = new URL(hop.url)
    if (repeats > 0) {
      canvas.space()
      canvas.note(`(${repeats} more ${repeats === 1 ? 'redirect' : 'redirects'} like those above)`)
    }
    if (origin !== server) canvas.heading(server === undefined ? pageOrigin : '', origin)
    server = origin
    repeats = 0
    canvas.space()

    const seen = exchange.hops[index]
    const path = pathname + search
    const problems = verdict.problems.filter((problem) => problem.hop === index)
    const failedAt = failure?.hop === index ? failure.at : undefined
    canvas.problems(problems, 'request')

    if (seen?.preflight || failedAt === 'preflight') {
      const { causes, request, result } = hop.preflight
      canvas.note(`The browser asks first, because of ${causes.map(describeCause).join(' and ')}:`)
      canvas.request('OPTIONS', path)
      canvas.headers(preflightQuestion(request?.headers ?? []))
      if (seen?.preflight) canvas.response(seen.preflight)
      if (failedAt === 'preflight') canvas.mark('bad', failure?.cause ?? '')
      if (result === 'passed') canvas.mark('good', 'preflight passed')
      canvas.problems(problems, 'preflight')
      canvas.space()
    }
    if (seen?.response || failedAt === 'response') {
      canvas.request(hop.method, path)
      canvas.headers(actualQuestion(hop))
      if (seen?.response) canvas.response(seen.response)
      if (failedAt === 'response') canvas.mark('bad', failure?.cause ?? '')
      if (hop.corsCheck === 'passed') canvas.mark('good', 'CORS check passed')
      canvas.problems(problems, 'response')
    } else if (failedAt === undefined) {
      canvas.notSent(hop.method, path)
    }
  }
  canvas.space()
  return canvas.rows
}

/** All that is drawn of a hop: equal where it says nothing new. */
function whatIsSaid({ exchange, verdict, failure }: DiagramInput, index: number): string {
  const { url, method, origin, headers } = verdict.hops[index] ?? {}
  const { preflight, response } = exchange.hops[index] ?? {}
  const answers = [preflight, response].map((answer) => answer && [answer.status, decisive(answer)])
  const problems = verdict.problems.filter(({ hop }) => hop === index).map(({ at, reason }) => [at, reason])
  return JSON.stringify([url, method, origin, headers, answers, problems, failure?.hop === index])
}

function describeCause(cause: PreflightCause): string {
  switch (cause.kind) {
    case 'method':
      return `the method ${cause.method}`
    case 'headers':
      return `the ${cause.names.length === 1 ? 'header' : 'headers'} ${cause.names.join(', ')}`
    case 'upload-listener':
      return 'a listener on upload'
    case 'stream-body':
      return 'a body that is a stream'
  }
}

function preflightQuestion(headers: HeaderLines): HeaderLines {
  return headers.filter(([name]) => /^(origin|access-control-)/i.test(name))
}

function actualQuestion({ origin, headers }: HopVerdict): HeaderLines {
  return [...(origin === undefined ? [] : [['origin', origin] as const]), ...withoutSecrets(headers)]
}

function decisive({ headers }: DirectResponse): HeaderLines {
  return headers
    .filter(([name]) => /^(access-control-|vary$|location$|set-cookie$|cross-origin-resource-policy$)/.test(name))
    .map(([name, value]) => [name, name === 'set-cookie' ? withoutCookieValue(value) : value])
}

/** `access-control-allow-origin` → `Access-Control-Allow-Origin` */
export function capitalizeName(name: string): string {
  return name.toLowerCase().replace(/(?<![^-])[a-z]/g, (letter) => letter.toUpperCase())
}

class Canvas {
  readonly rows: string[] = []
  readonly #terminal: Terminal
  readonly #signs: typeof UNICODE
  /** Columns between the lanes. */
  readonly #inner: number

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    this.#signs = terminal.hasUnicode ? UNICODE : ASCII
    this.#inner = terminal.width - 2
  }

  heading(left: string, right: string): void {
    const { width, paint } = this.#terminal
    const [page, server] = [left, right].map((text) => this.#clean(text))
    if (page === undefined || server === undefined) return
    // From the second server on, the page's lane runs on.
    if (left === '') this.space()
    const room = width - page.length - server.length
    const shown = shortenMiddle(server, width - 2, this.#signs.ellipsis)
    if (left !== '' && room >= 3) this.rows.push(paint('bold', page) + ' '.repeat(room) + paint('bold', server))
    else {
      if (left !== '') this.rows.push(paint('bold', shortenMiddle(page, width, this.#signs.ellipsis)))
      const lane = left === '' ? this.#signs.lane : ' '
      this.rows.push(lane + ' '.repeat(width - 1 - shown.length) + paint('bold', shown))
    }
  }

  space(): void {
    this.#row('')
  }

  note(text: string): void {
    this.#text(text, 1, 'dim')
  }

  request(method: string, path: string): void {
    const { leave, line, lane, right } = this.#signs
    const label = this.#label(`${method} ${path}`)
    const shaft = line.repeat(Math.max(this.#inner - label.length - 4, 1))
    this.rows.push(`${leave}${line} ${this.#terminal.paint('bold', label)} ${shaft}${right}${lane}`)
  }

  notSent(method: string, path: string): void {
    const { lane, dash, bad } = this.#signs
    const label = this.#label(`${method} ${path}`)
    const shaft = dash.repeat(Math.max(this.#inner - label.length - 15, 1))
    const row = `${lane}${dash} ${label} ${dash} not sent ${shaft}${bad}`
    this.rows.push(this.#terminal.paint('dim', row.padEnd(this.#inner + 1) + lane))
  }

  response({ status, headers }: DirectResponse): void {
    const { lane, left, line, arrive } = this.#signs
    const label = [status, STATUS_CODES[status]].filter(Boolean).join(' ')
    const shaft = line.repeat(Math.max(this.#inner - label.length - 4, 1))
    this.rows.push(`${lane}${left}${shaft} ${this.#terminal.paint('bold', label)} ${line}${arrive}`)
    this.headers(decisive({ status, headers }))
  }

  headers(lines: HeaderLines): void {
    for (const [name, value] of lines) {
      const shown = shortenEnd(value, SHOWN_VALUE, this.#signs.ellipsis)
      this.#text(`${capitalizeName(name)}: ${shown}`, 4, 'cyan')
    }
  }

  mark(kind: 'good' | 'bad', text: string): void {
    this.#text(`${this.#signs[kind]} ${text}`, 2, kind === 'good' ? 'green' : 'red')
  }

  problems(problems: readonly Problem[], at: Problem['at']): void {
    for (const problem of problems) if (problem.at === at) this.mark('bad', problem.reason)
  }

  #label(text: string): string {
    return shortenMiddle(this.#clean(text), this.#inner - 18, this.#signs.ellipsis)
  }

  #clean(text: string): string {
    const harmless = neutralise(withoutTokens(text))
    return this.#terminal.hasUnicode ? harmless : toAscii(harmless)
  }

  #text(text: string, indent: number, style: Style): void {
    const lines = wrap(this.#clean(text), this.#inner - indent - 3)
    lines.forEach((line, index) => this.#row(line, indent + (index > 0 ? 2 : 0), style))
  }

  #row(text: string, indent = 0, style?: Style): void {
    const { lane } = this.#signs
    const painted = style ? this.#terminal.paint(style, text) : text
    this.rows.push(lane + ' '.repeat(indent) + painted + ' '.repeat(this.#inner - indent - text.length) + lane)
  }
}
