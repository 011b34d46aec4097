import { listsForbiddenMethod } from './methods'

/** Name and value, one entry a line; names in any case. */
type Lines = Iterable<readonly [name: string, value: string]>

/** What `Headers` offers: the values of all fields of a name, joined with `, `; `null` if there is none. */
export interface HeaderReader {
  get(name: string): string | null
}

/** https://fetch.spec.whatwg.org/#concept-header-list-get; asks for lower-case names. */
export function readHeaderLines(lines: Lines): HeaderReader {
  return {
    get(name) {
      let found: string | null = null
      for (const [key, value] of lines) {
        if (key.length !== name.length || key.toLowerCase() !== name) continue
        found = found === null ? trimTabsAndSpaces(value) : `${found}, ${trimTabsAndSpaces(value)}`
      }
      return found
    },
  }
}

/**
 * Strips HTTP tab or space bytes from both ends. By hand: a regular expression that is anchored at the end starts anew
 * at each space of a megabyte of them.
 */
export function trimTabsAndSpaces(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isTabOrSpace(text.charCodeAt(start))) start++
  while (end > start && isTabOrSpace(text.charCodeAt(end - 1))) end--
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

function isTabOrSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text)
}

/** Items of a `#token` list, empty ones left out as RFC 9110 §5.6.1.2 has it; `undefined` if one of them is no token. */
export function parseTokenList(value: string | null): string[] | undefined {
  if (value === null) return []
  const items: string[] = []
  for (const item of value.split(',')) {
    const text = trimTabsAndSpaces(item)
    if (text === '') continue
    if (!isToken(text)) return undefined
    items.push(text)
  }
  return items
}

/** https://fetch.spec.whatwg.org/#cors-unsafe-request-header-byte: C0 controls but HTAB, DEL and `"():<>?@[\]{}`. */

const CORS_UNSAFE_BYTE = /[\x00-\x08\x0a-\x1f"():<>?@[\\\]{}\x7f]/

const SAFELISTED_ESSENCES = new Set(['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'])

/** https://mimesniff.spec.whatwg.org/#parsing-a-mime-type as far as the essence; parameters never make it fail. */
function mimeEssence(value: string): string | undefined {
  const text = value.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '')
  const slash = text.indexOf('/')
  if (slash < 0) return undefined
  const type = text.slice(0, slash)
  const semicolon = text.indexOf(';', slash)
  const subtype = text.slice(slash + 1, semicolon < 0 ? undefined : semicolon).replace(/[\t\n\r ]+$/, '')
  return isToken(type) && isToken(subtype) ? `${type}/${subtype}`.toLowerCase() : undefined
}

/** https://fetch.spec.whatwg.org/#simple-range-header-value without white space and with a start, as the safelist asks. */
function isSafelistedRange(value: string): boolean {
  const parts = /^bytes=(\d+)-(\d*)$/.exec(value)
  if (!parts) return false
  const [, start = '', end = ''] = parts
  return end === '' || BigInt(start) <= BigInt(end)
}

/** https://fetch.spec.whatwg.org/#cors-safelisted-request-header; `value` is a byte string: one character a byte. */
export function isCorsSafelistedRequestHeader(name: string, value: string): boolean {
  // A name may be as long as a page likes.
  if (value.length > 128 || name.length > 16) return false
  switch (name.toLowerCase()) {
    case 'accept':
      return !CORS_UNSAFE_BYTE.test(value)
    case 'accept-language':
    case 'content-language':
      return /^[0-9A-Za-z *,\-.;=]*$/.test(value)
    case 'content-type': {
      if (CORS_UNSAFE_BYTE.test(value)) return false
      const essence = mimeEssence(value)
      return essence !== undefined && SAFELISTED_ESSENCES.has(essence)
    }
    case 'range':
      return isSafelistedRange(value)
    default:
      return false
  }
}

/**
 * https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names: lower-case, unique, sorted.
 *
 * @param headers names in lower case, as `Headers` has them: a name may be a megabyte, and is not copied here
 * @param isSafelisted whether one of them is a CORS-safelisted request-header
 */
export function corsUnsafeRequestHeaderNames(
  headers: Lines,
  isSafelisted: (name: string, value: string) => boolean = isCorsSafelistedRequestHeader,
): string[] {
  const unsafe = new Set<string>()
  const potentiallyUnsafe: string[] = []
  let safelistedSize = 0
  for (const [name, value] of headers) {
    if (isSafelisted(name, value)) {
      potentiallyUnsafe.push(name)
      safelistedSize += value.length
    } else {
      unsafe.add(name)
    }
  }
  if (safelistedSize > 1024) for (const name of potentiallyUnsafe) unsafe.add(name)
  return [...unsafe].sort()
}

/** One entry a name, as `Headers` and `XMLHttpRequest` combine them; names lower-case. */
export function combineHeaders(headers: Lines): [name: string, value: string][] {
  const combined = new Map<string, string>()
  for (const [name, value] of headers) {
    const key = name.toLowerCase()
    const before = combined.get(key)
    combined.set(key, before === undefined ? value : `${before}, ${value}`)
  }
  return [...combined]
}

/** https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name: `*` does not stand for it. */
export function isCorsNonWildcardRequestHeaderName(name: string): boolean {
  return name.toLowerCase() === 'authorization'
}

const FORBIDDEN_REQUEST_HEADERS = new Set([
  'accept-charset',
  'accept-encoding',
  'access-control-request-headers',
  'access-control-request-method',
  'connection',
  'content-length',
  'cookie',
  'cookie2',
  'date',
  'dnt',
  'expect',
  'host',
  'keep-alive',
  'origin',
  'referer',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
])

const METHOD_OVERRIDES = new Set(['x-http-method', 'x-http-method-override', 'x-method-override'])

/** https://fetch.spec.whatwg.org/#forbidden-request-header: a script can't set it; the attempt is silently dropped. */
export function isForbiddenRequestHeader(name: string, value: string): boolean {
  // None of them is longer.
  const key = name.slice(0, 32).toLowerCase()
  if (FORBIDDEN_REQUEST_HEADERS.has(key) || key.startsWith('proxy-') || key.startsWith('sec-')) return true
  return METHOD_OVERRIDES.has(key) && listsForbiddenMethod(value)
}

const SAFELISTED_RESPONSE_HEADERS = new Set([
  'cache-control',
  'content-language',
  'content-length',
  'content-type',
  'expires',
  'last-modified',
  'pragma',
])

/** https://fetch.spec.whatwg.org/#forbidden-response-header-name: no script ever reads it. */
export function isForbiddenResponseHeaderName(name: string): boolean {
  const key = name.toLowerCase()
  return key === 'set-cookie' || key === 'set-cookie2'
}

/**
 * https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name, given a CORS-exposed header-name list in lower case.
 */
export function isCorsSafelistedResponseHeaderName(
  name: string,
  exposed: ReadonlySet<string> | '*' = NO_NAMES,
): boolean {
  const key = name.toLowerCase()
  if (SAFELISTED_RESPONSE_HEADERS.has(key)) return true
  return !isForbiddenResponseHeaderName(key) && (exposed === '*' || exposed.has(key))
}

const NO_NAMES: ReadonlySet<string> = new Set()

/**
 * https://fetch.spec.whatwg.org/#concept-response-cors-exposed-header-name-list, as main fetch sets it: one element that
 * is no token, and none is exposed. `*` is a wildcard only without credentials, else a name like any other.
 *
 * @returns lower-case names; `*` for all
 */
export function corsExposedHeaderNames(headers: HeaderReader, credentials: boolean): ReadonlySet<string> | '*' {
  const value = headers.get('access-control-expose-headers')
  if (value === null) return NO_NAMES
  const names = parseTokenList(value) ?? []
  if (!credentials && names.includes('*')) return '*'
  return new Set(names.map((name) => name.toLowerCase()))
}

/** https://fetch.spec.whatwg.org/#no-cors-safelisted-request-header-name */
export function isNoCorsSafelistedRequestHeader(name: string, value: string): boolean {
  return NO_CORS_SAFELISTED.has(name.toLowerCase()) && isCorsSafelistedRequestHeader(name, value)
}

const NO_CORS_SAFELISTED = new Set(['accept', 'accept-language', 'content-language', 'content-type'])
