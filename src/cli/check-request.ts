import type { DirectRequest } from '../explain/direct-exchange'
import { addressSpaceOf } from '../explain/local-network'
import type { Issue } from '../options/errors'
import { hideCredentials } from '../options/secrets'
import { nearestName } from '../options/nearest-name'
import { isForbiddenRequestHeader, isToken } from '../standard/headers'
import { normalizeMethod } from '../standard/methods'
import { OPAQUE_ORIGIN, parseOrigin } from '../standard/origin'
import { addressIssue } from '../targets/from-options'
import { argumentIssue, type GivenArguments } from './arguments'

/** Vite's usual address. */
export const USUAL_ORIGIN = 'http://localhost:5173'

/**
 * Of a page whose origin doesn't tell. Most who ask about a server on their own machine or network want to know what
 * becomes of it once both are deployed, so the rules for local networks are said, and don't decide.
 *
 * https://wicg.github.io/local-network-access/
 */
export const ASSUMED_ADDRESS_SPACE = 'local'

const MODES = ['cors', 'no-cors', 'same-origin'] as const
type Mode = (typeof MODES)[number]

export interface CheckRequest {
  request: DirectRequest
  body?: string
  /** Names of given headers that a browser lets no script set. */
  dropped: string[]
}

/** The request that is asked about; with issues it is of no use. */
export function readCheckRequest(given: GivenArguments): CheckRequest & { issues: Issue[] } {
  const issues: Issue[] = []
  const report = (path: string, value: string | undefined, why: string, instead: string): void => {
    issues.push(argumentIssue(path, value, why, instead))
  }

  const url = readUrl(given.words[0], issues)
  const method = readMethod(given.value('method'), report)
  const { headers, dropped } = readHeaders(given, report)
  const mode = readMode(given.value('mode'), report)
  const origin = readOrigin(given.value('origin'), report)
  const body = given.value('data')

  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    report(
      '--data',
      undefined,
      `goes with no ${method}: fetch() refuses a ${method} request with a body`,
      'Write --method POST',
    )
  // https://fetch.spec.whatwg.org/#bodyinit-unions: a string's own type.
  if (body !== undefined && !headers.some(([name]) => name.toLowerCase() === 'content-type'))
    headers.push(['Content-Type', 'text/plain;charset=UTF-8'])
  if (mode === 'no-cors' && !['GET', 'HEAD', 'POST'].includes(method))
    report(
      '--mode',
      mode,
      `goes with no ${method}: fetch() refuses it`,
      'Write --method GET, HEAD or POST, or --mode cors',
    )

  return {
    issues,
    dropped,
    request: {
      url,
      origin,
      method,
      headers,
      mode,
      credentials: given.has('credentials') ? 'include' : 'same-origin',
      ...(!tellsAddressSpace(origin) && { addressSpace: ASSUMED_ADDRESS_SPACE }),
    },
    ...(body !== undefined && { body }),
  }
}

function tellsAddressSpace(origin: string): boolean {
  return URL.canParse(origin) && addressSpaceOf(new URL(origin).hostname) !== undefined
}

type Report = (path: string, value: string | undefined, why: string, instead: string) => void

/** Only for what goes on after a mistake that is told: it is never asked. */
const NOWHERE = 'http://invalid.invalid/'

function readUrl(text: string | undefined, issues: Issue[]): string {
  if (text === undefined) return NOWHERE
  // Without a scheme it may have a password all the same.
  const shown = text.replace(/^((?:[a-z][a-z0-9+.-]*:)?[\\/]*)[^/?#\\]*@/i, '$1***@')
  const refuse = (why: string, instead: string): string => {
    issues.push(argumentIssue('<url>', shown, why, instead))
    return NOWHERE
  }
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  if (parsed?.protocol === 'ws:' || parsed?.protocol === 'wss:') {
    return refuse(
      'is a WebSocket: the CORS protocol does not concern it, the server looks at Origin itself',
      `Write "${hideCredentials(text).replace(/^ws/i, 'http')}" to check http calls`,
    )
  }
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') {
    const issue = addressIssue(parsed, '<url>', text)
    if (issue) issues.push(issue)
    return parsed.href
  }
  if (text.includes('://') && !/^https?:/i.test(text))
    return refuse('is no address of a web server: it starts with neither http nor https', 'Write "http://…"')
  if (/^\/(?!\/)/.test(text)) {
    return refuse(
      'is a path: which server it is asked of is missing',
      `Write "https://api.example.com${hideCredentials(text)}"`,
    )
  }
  // `localhost:3000` parses, with a scheme of `localhost`.
  const guess = `${/^(localhost|127\.|\[|[^/]*:\d)/i.test(text) ? 'http' : 'https'}://${text.replace(/^\/+/, '')}`
  return URL.canParse(guess) && !text.includes('://')
    ? refuse('is not an absolute URL: the scheme is missing', `Write "${hideCredentials(guess)}"`)
    : refuse('is not an absolute URL: it does not parse', 'Write "https://api.example.com/users"')
}

function readOrigin(text: string | undefined, report: Report): string {
  if (text === undefined) return USUAL_ORIGIN
  if (text === OPAQUE_ORIGIN || parseOrigin(text) !== undefined) return text
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  const meant = parsed && /^https?:$/.test(parsed.protocol) ? parsed.origin : undefined
  const guess = `http://${text}`
  if (text === '*') report('--origin', text, 'is no origin: a page has exactly one', `Write --origin ${USUAL_ORIGIN}`)
  else if (meant !== undefined)
    report(
      '--origin',
      text,
      'is no serialized origin: that is scheme, host and port, and nothing after',
      `Write --origin ${meant}`,
    )
  else if (!text.includes('://') && URL.canParse(guess))
    report('--origin', text, 'is no origin: the scheme is missing', `Write --origin ${new URL(guess).origin}`)
  else
    report(
      '--origin',
      text,
      'is no origin of a page: it starts with http:// or https://',
      `Write --origin ${USUAL_ORIGIN}`,
    )
  return USUAL_ORIGIN
}

function readMethod(text: string | undefined, report: Report): string {
  if (text === undefined) return 'GET'
  if (isToken(text)) return normalizeMethod(text)
  report('--method', text, 'is no method: it has characters that no method has', 'Write --method PUT')
  return 'GET'
}

function readMode(text: string | undefined, report: Report): Mode {
  const mode = MODES.find((one) => one === text) ?? 'cors'
  if (text !== undefined && text !== mode) {
    const list = MODES.map((one) => `"${one}"`).join(', ')
    const meant = nearestName(text, MODES)
    report(
      '--mode',
      text,
      `is no request mode: there are ${list}`,
      meant ? `Write --mode ${meant}` : 'Choose one of them',
    )
  }
  return mode
}

function readHeaders(given: GivenArguments, report: Report): { headers: [string, string][]; dropped: string[] } {
  const headers: [string, string][] = []
  const dropped: string[] = []
  for (const line of given.values('header')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).trim()
    // https://fetch.spec.whatwg.org/#concept-header-value-normalize
    const value = line.slice(colon + 1).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '')
    // It may be a secret, so what stands after the colon is not repeated.
    const shown = colon < 0 ? undefined : name
    if (colon < 0)
      report('--header', shown, 'has no colon: a header is a name and a value', 'Write --header "Name: value"')
    else if (!isToken(name))
      report('--header', shown, 'is no name of a header: fetch() refuses it', 'Write --header "Name: value"')
    else if (/[\0\n\r]|[^\0-\xff]/.test(value))
      report(
        '--header',
        shown,
        'has a value that no header can have: fetch() refuses line breaks and characters beyond U+00FF',
        'Encode the value',
      )
    else if (name.toLowerCase() === 'origin' && !given.has('origin'))
      report(
        '--header',
        shown,
        'is set by the browser alone: a script that sets it is ignored',
        `Write --origin ${parseOrigin(value) ?? USUAL_ORIGIN}`,
      )
    else if (isForbiddenRequestHeader(name, value)) dropped.push(name)
    else headers.push([name, value])
  }
  return { headers, dropped }
}
