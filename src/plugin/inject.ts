import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Context } from './context'
import { createMarkupRewriter, type ResourceUrl, rewriteCss } from './cors-markup'

type Injected = Pick<Context, 'clientScript' | 'clientScriptPath' | 'resourcePath' | 'serviceWorkerScript'>

/** A document whose start has not shown where its head begins by then gets the script at the furthest point understood. */
const LOOK_AHEAD = 64 * 1024

/**
 * Makes the runtime the first script of every HTML document that the host answers this request with, and the first
 * statement of a worker's script, a service worker's included. What the project's own documents and style sheets load with
 * CORS is led through the dev server. Works on the bytes that pass by, so that it does not matter who makes them: a static
 * folder, a plugin's template, a framework that renders. Other answers pass untouched.
 */
export function injectRuntime(request: IncomingMessage, response: ServerResponse, context: Injected): void {
  const wanted = wantedKind(request)
  if (!wanted) return
  // What is compressed or cut can't be read, and a 304 would show what was there before.
  const { headers } = request
  delete headers['accept-encoding']
  delete headers.range
  delete headers['if-range']
  delete headers['if-none-match']
  delete headers['if-modified-since']

  // Overloads are in the way of passing arguments on as they came.
  const original = {
    writeHead: response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse,
    write: response.write.bind(response) as (...args: unknown[]) => boolean,
    end: response.end.bind(response) as (...args: unknown[]) => ServerResponse,
  }
  let state: 'undecided' | 'changing' | 'passing' = 'undecided'
  let isEmpty = true
  const change = changeOf(wanted, request, response, context)

  const decide = (): void => {
    if (state !== 'undecided') return
    state = isReadable(response, wanted) ? 'changing' : 'passing'
    if (state === 'passing') return
    // The bytes change, so that these would be untrue.
    for (const name of [
      'content-length',
      'etag',
      'accept-ranges',
      'content-md5',
      'digest',
      'content-digest',
      'repr-digest',
    ]) {
      response.removeHeader(name)
    }
  }

  const changed = (chunk: unknown, encoding: unknown, isEnd: boolean): Buffer => {
    const piece = chunk == null || typeof chunk === 'function' ? '' : toBuffer(chunk, encoding).toString('latin1')
    isEmpty &&= piece === ''
    // An answer without a body stays without one.
    return Buffer.from(isEmpty ? '' : change(piece, isEnd), 'latin1')
  }

  const writeHead = (status: number, ...rest: unknown[]): ServerResponse => {
    if (state !== 'undecided') return original.writeHead(status, ...rest)
    response.statusCode = status
    const messages = rest.filter((part) => typeof part === 'string')
    for (const part of rest) if (typeof part === 'object' && part !== null) setHeaders(response, part)
    decide()
    return original.writeHead(status, ...messages)
  }

  const write = (chunk: unknown, ...rest: unknown[]): boolean => {
    decide()
    if (state === 'passing') return original.write(chunk, ...rest)
    const callbacks = rest.filter((part) => typeof part === 'function')
    const piece = changed(chunk, rest[0], false)
    if (piece.length > 0) return original.write(piece, ...callbacks)
    for (const callback of callbacks) process.nextTick(callback)
    return true
  }

  const end = (...args: unknown[]): ServerResponse => {
    decide()
    if (state === 'passing') return original.end(...args)
    const rest = changed(args[0], args[1], true)
    state = 'passing'
    if (!response.headersSent) response.setHeader('content-length', rest.length)
    return original.end(rest, ...args.filter((part) => typeof part === 'function'))
  }

  Object.assign(response, { writeHead, write, end })
}

type Kind = 'document' | 'worker' | 'serviceworker' | 'style'

/** Takes the next piece of the text and gives all that is settled by then. Both are latin1, in which a character is a byte. */
type Change = (piece: string, isEnd: boolean) => string

function changeOf(kind: Kind, request: IncomingMessage, response: ServerResponse, context: Injected): Change {
  const origin = `${'encrypted' in request.socket ? 'https' : 'http'}://${request.headers.host ?? 'localhost'}`
  const resourceUrl: ResourceUrl = (url, credentials) => {
    const text = Buffer.from(url, 'latin1').toString()
    const path = URL.canParse(text, origin) ? context.resourcePath(new URL(text, origin), credentials) : undefined
    return path === undefined ? url : asLatin1(path)
  }
  switch (kind) {
    case 'document':
      return documentChange(response, context, resourceUrl)
    case 'style':
      return whole((css) => rewriteCss(css, resourceUrl))
    case 'worker':
      return whole((script) => {
        // What a module imports runs before its own first statement.
        if (STARTS_WITH_IMPORT.test(script))
          return asLatin1(`import ${JSON.stringify(context.clientScriptPath)};`) + script
        return atStart(script, context.clientScript())
      })
    case 'serviceworker':
      return whole((script) => atStart(script, context.serviceWorkerScript()))
  }
}

/** White space and comments, each in one way only. */
const SPACE = '(?:\\s|//.*[\\r\\n]|/\\*(?:[^*]|\\*(?!/))*\\*/)*'
const STARTS_WITH_IMPORT = new RegExp(`^${SPACE}import\\b\\s*[^\\s(.]`)
/** As a directive it has to stay the first statement. */
const USE_STRICT = new RegExp(`^${SPACE}(["'])use strict\\1[ \\t]*(?:;|(?=[\\r\\n]))`)

function atStart(script: string, runtime: string): string {
  const point = USE_STRICT.exec(script)?.[0].length ?? 0
  return script.slice(0, point) + asLatin1(runtime) + script.slice(point)
}

function asLatin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** Scripts and style sheets are nothing before they are complete. */
function whole(change: (text: string) => string): Change {
  let held = ''
  return (piece, isEnd) => {
    held += piece
    return isEnd ? change(held) : ''
  }
}

function documentChange(response: ServerResponse, context: Injected, resourceUrl: ResourceUrl): Change {
  const path = context.clientScriptPath
  const rewrite = createMarkupRewriter(resourceUrl)
  let held = ''
  let isPlaced = false
  return (piece, isEnd) => {
    if (isPlaced) return rewrite(piece, isEnd)
    held += piece
    const point = findInsertionPoint(held, isEnd || held.length >= LOOK_AHEAD)
    if (point === undefined) return ''
    isPlaced = true
    // A hook for HTML may have put it there.
    const tag = held.includes(`src="${path}"`) ? '' : scriptTag(path, nonceFor(response, held))
    return rewrite(held.slice(0, point) + asLatin1(tag) + held.slice(point), isEnd)
  }
}

/** Browsers in secure contexts say what they fetch for; elsewhere `Accept` has to tell, and tells nothing of workers. */
function wantedKind({ method, headers }: IncomingMessage): Kind | undefined {
  if (method !== 'GET') return undefined
  switch (headers['sec-fetch-dest']) {
    case 'document':
    case 'iframe':
    case 'frame':
      return 'document'
    case 'worker':
    case 'sharedworker':
      return 'worker'
    case 'serviceworker':
      return 'serviceworker'
    case 'style':
      return 'style'
    case undefined:
      if (/^text\/css\b/i.test(headers.accept ?? '')) return 'style'
      return /\btext\/html\b/i.test(headers.accept ?? '') ? 'document' : undefined
    default:
      return undefined
  }
}

const SCRIPT = /^\s*(?:text|application)\/(?:x-)?(?:java|ecma)script\b/i
const TYPES: Record<Kind, RegExp> = {
  document: /^\s*text\/html\b/i,
  style: /^\s*text\/css\b/i,
  worker: SCRIPT,
  serviceworker: SCRIPT,
}

function isReadable(response: ServerResponse, wanted: Kind): boolean {
  const type = String(response.getHeader('content-type') ?? '')
  const isEncoded = String(response.getHeader('content-encoding') ?? 'identity') !== 'identity'
  const isBodiless = response.statusCode === 204 || response.statusCode === 304
  return TYPES[wanted].test(type) && !/charset\s*=\s*"?utf-(?:16|32)/i.test(type) && !isEncoded && !isBodiless
}

/** Sets what `writeHead` was given: an object, a list of pairs, or names and values in turn. */
function setHeaders(response: ServerResponse, given: object): void {
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given as OutgoingHttpHeaders)) {
      if (value !== undefined) response.setHeader(name, value)
    }
    return
  }
  const flat = given.flat() as string[]
  const seen = new Set<string>()
  for (let index = 0; index < flat.length; index += 2) {
    const [name = '', value = ''] = flat.slice(index, index + 2)
    if (seen.has(name.toLowerCase())) response.appendHeader(name, value)
    else response.setHeader(name, value)
    seen.add(name.toLowerCase())
  }
}

function toBuffer(chunk: unknown, encoding: unknown): Buffer {
  if (typeof chunk === 'string')
    return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
  return Buffer.from(chunk as Uint8Array)
}

const SKIPPED_BEFORE_HEAD = [
  /^(?:\u00ef\u00bb\u00bf)?[\t\n\f\r ]+/, // white space, after a byte order mark if there is one
  /^\u00ef\u00bb\u00bf/,
  /^<!--[^]*?-->/,
  /^<![a-z][^>]*>/i, // the doctype
  /^<\?[^>]*>/,
  /^<html(?:[\t\n\f\r /](?:"[^"]*"|'[^']*'|[^"'>])*)?>/i,
]
const HEAD_TAG = /^<head(?:[\t\n\f\r /](?:"[^"]*"|'[^']*'|[^"'>])*)?>/i
/** What may still become one of the above when more of the document is there. */
const UNFINISHED =
  /^(?:<(?:!(?:-|--[^]*|[a-z][^>]*)?|\?[^>]*|h(?:e(?:a(?:d(?:[\t\n\f\r /][^]*)?)?)?|t(?:m(?:l(?:[\t\n\f\r /][^]*)?)?)?)?)?|\u00ef\u00bb?)?$/i

/**
 * Where the head of a document begins: behind `<head>`, or where the parser would open one by itself. `undefined` while
 * that can't be told. The document comes as latin1, in which an index is a byte.
 */
export function findInsertionPoint(document: string, isComplete: boolean): number | undefined {
  let point = 0
  for (;;) {
    const rest = document.slice(point)
    const head = HEAD_TAG.exec(rest)
    if (head) return point + head[0].length
    const skipped = SKIPPED_BEFORE_HEAD.map((pattern) => pattern.exec(rest)?.[0].length ?? 0).find(
      (length) => length > 0,
    )
    if (skipped !== undefined) point += skipped
    else return UNFINISHED.test(rest) && !isComplete ? undefined : point
  }
}

/** A page with a Content-Security-Policy runs only scripts that carry its nonce. */
function nonceFor(response: ServerResponse, document: string): string | undefined {
  const policy = [response.getHeader('content-security-policy')].flat().join(',')
  return (
    /'nonce-([A-Za-z0-9+/_=-]+)'/.exec(policy)?.[1] ??
    /<script\b[^>]*\snonce\s*=\s*["']?([A-Za-z0-9+/_=-]+)/i.exec(document)?.[1]
  )
}

function scriptTag(path: string, nonce: string | undefined): string {
  return `<script src="${path}"${nonce === undefined ? '' : ` nonce="${nonce}"`}></script>`
}
