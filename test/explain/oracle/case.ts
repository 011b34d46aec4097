import type { AddressSpace, CorsPolicy, DirectExchange, DirectHop } from '../../../src/explain.ts'

/** The documents that call, each at the root of a host: Chromium's messages name the document, explain() its origin. */
export const PAGES = {
  /** A dev server's page. */
  dev: { url: 'http://localhost:5173/', origin: 'http://localhost:5173' },
  /** A page on a default port, with a site that others share. */
  site: { url: 'http://page.site.test/', origin: 'http://page.site.test' },
  /** A document of an opaque origin: its `Origin` is `null`. */
  opaque: { url: 'http://opaque.site.test/', origin: 'null' },
  'require-corp': { url: 'http://localhost:5174/', origin: 'http://localhost:5174' },
  // Nothing less than a secure page has an embedder policy.
  credentialless: { url: 'https://corp.site.test/', origin: 'https://corp.site.test' },
  secure: { url: 'https://page.site.test/', origin: 'https://page.site.test' },
  /** Pages that seem to be on the public internet. */
  public: { url: 'http://app.public.test/', origin: 'http://app.public.test' },
  'public-secure': { url: 'https://app.public.test/', origin: 'https://app.public.test' },
} as const

export type PageName = keyof typeof PAGES

/** By what its document is served with. */
export const PAGE_HEADERS: Partial<Record<PageName, readonly [name: string, value: string]>> = {
  opaque: ['Content-Security-Policy', 'sandbox allow-scripts'],
  'require-corp': ['Cross-Origin-Embedder-Policy', 'require-corp'],
  credentialless: ['Cross-Origin-Embedder-Policy', 'credentialless'],
}

/** Cookies that every host has set before any call, by name: one of each `SameSite`. */
export const COOKIES = {
  none: { sameSite: 'None', secure: true },
  lax: { sameSite: 'Lax', secure: false },
  strict: { sameSite: 'Strict', secure: false },
} as const

export const HOSTS = [
  ...['localhost', '127.0.0.1', 'page.site.test', 'api.site.test', 'opaque.site.test', 'corp.site.test', 'other.test'],
  ...['app.public.test', 'api.public.test', 'nas.lan.test', 'api.h2.test', 'other.h2.test'],
]

/** Where a host seems to be. All of them are this machine; Chromium is told otherwise. */
export function addressSpaceOf(url: string): AddressSpace {
  const { hostname } = URL.parse(url) ?? { hostname: '' }
  if (hostname.endsWith('.public.test')) return 'public'
  return hostname.endsWith('.lan.test') ? 'local' : 'loopback'
}

/** What the script hands over. All but `bytes` and `stream` bring a `Content-Type` along, unless the script has set one. */
export type Body = 'bytes' | 'stream' | 'string' | 'form' | 'multipart' | { blob: string }

/** One call and everything a server would answer to it, whether or not a browser gets that far. */
export interface Case {
  page: PageName
  exchange: DirectExchange
  body?: Body
  /** Whether the last of the request's headers is the `Content-Type` that the body brings: no script sets it. */
  bodyBringsType?: boolean
  /** By the index of the hop: what its server keeps to, in place of the `Access-Control-*` headers of its answers. */
  policies?: Record<number, CorsPolicy>
  /** By the index of the hop: what its server sends besides. */
  headers?: Record<number, readonly [name: string, value: string]>
}

/** Every URL of a case has `/<id>/<index of the hop>` for a path, so that no cache can carry anything over. */
export const pathOf = (id: string, hop: number): string => `/${id}/${hop}`

const ID = /\/(c\d+[a-z]*)\/(\d+)/

/** What is answered at a hop; a case may begin with a later one than the first. */
export function hopAt({ exchange: { request, hops } }: Case, hop: number): DirectHop | undefined {
  return hops[hop - (locate(request.url)?.hop ?? 0)]
}

/** Which case and which hop a URL, or a sentence about one, belongs to. */
export function locate(text: string): { id: string; hop: number } | undefined {
  const found = ID.exec(text)
  return found ? { id: found[1]!, hop: Number(found[2]) } : undefined
}

export function idOf(given: Case): string {
  const id = locate(given.exchange.request.url)?.id
  if (id === undefined) throw new Error(`A case without an id: ${given.exchange.request.url}`)
  return id
}

/** What an id may end with: `a` to `z`, then `aa`. */
export function letters(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26))
  return index < 26 ? letter : letters(Math.floor(index / 26) - 1) + letter
}

/** The same case at paths of its own. */
export function withId(given: Case, id: string): Case {
  const from = idOf(given)
  return JSON.parse(JSON.stringify(given).replace(new RegExp(`(?<=[/\\\\])${from}(?=[/\\\\])`, 'g'), id)) as Case
}
