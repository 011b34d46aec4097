import type { CorsPolicy, DirectExchange, DirectHop } from '../../../src/explain.ts'

/** The documents that call: each of them judges by its own origin and embedder policy. */
export const PAGES = {
  /** A dev server's page. */
  dev: { url: 'http://localhost:5173/page/dev', origin: 'http://localhost:5173', headers: [] },
  /** A page on a default port, with a site that others share. */
  site: { url: 'http://page.site.test/page/site', origin: 'http://page.site.test', headers: [] },
  /** A document of an opaque origin: its `Origin` is `null`. */
  opaque: {
    url: 'http://page.site.test/page/opaque',
    origin: 'null',
    headers: [['Content-Security-Policy', 'sandbox allow-scripts']],
  },
  'require-corp': {
    url: 'http://localhost:5173/page/require-corp',
    origin: 'http://localhost:5173',
    headers: [['Cross-Origin-Embedder-Policy', 'require-corp']],
  },
  credentialless: {
    url: 'http://page.site.test/page/credentialless',
    origin: 'http://page.site.test',
    headers: [['Cross-Origin-Embedder-Policy', 'credentialless']],
  },
} as const satisfies Record<string, { url: string; origin: string; headers: readonly (readonly [string, string])[] }>

export type PageName = keyof typeof PAGES

/** What the script hands over. All but `bytes` bring a `Content-Type` along, unless the script has set one. */
export type Body = 'bytes' | 'string' | 'form' | 'multipart' | { blob: string }

/** One call and everything a server would answer to it, whether or not a browser gets that far. */
export interface Case {
  page: PageName
  exchange: DirectExchange
  body?: Body
  /** Whether the last of the request's headers is the `Content-Type` that the body brings: no script sets it. */
  bodyBringsType?: boolean
  /** By the index of the hop: what its server keeps to, in place of the `Access-Control-*` headers of its answers. */
  policies?: Record<number, CorsPolicy>
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

/** The same case at paths of its own. */
export function withId(given: Case, id: string): Case {
  const from = idOf(given)
  return JSON.parse(JSON.stringify(given).replaceAll(`/${from}/`, `/${id}/`)) as Case
}
