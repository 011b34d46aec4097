/** First segment of a relay path: the relay that carries credentials, and the one that carries none. */
export type RelayKind = 'to' | 'anon'

/** What sets a request's use-CORS-preflight flag, which nothing else of the request shows. */
export type ForcesPreflight = 'upload-listener' | 'stream-body'

/** What else of a call no header tells: a header of its own would cost a third origin, where a redirect may lead, a preflight. */
export type RelayFlags = `${'' | `+${ForcesPreflight}`}${'' | '+manual-redirect'}`

/**
 * `https://api.example.com/users?q=1` → `to/https/api.example.com/users?q=1`. The bytes of path and query are kept;
 * `ws` and `wss` become `http` and `https`, so that they share cookies. A fragment never travels. Flags stand behind the
 * kind: `to+stream-body/…`.
 */
export function toRelayPath(kind: RelayKind, url: URL, flags: RelayFlags = ''): string {
  // `https:` and `wss:`, in the fewest bytes: the page loads this too.
  return `${kind}${flags}/http${/[ps]s:/.test(url.protocol) ? 's' : ''}/${url.host}${url.pathname}${url.search}`
}

export interface RelayPath {
  kind: RelayKind
  /** The redirect being followed, if any. */
  nonce: string | undefined
  forcesPreflight?: ForcesPreflight
  redirect?: 'manual'
  /** Serialized origin, `http` or `https`. Not yet looked up in the table of targets. */
  origin: string
  /** Path and query, byte for byte as they came. */
  pathAndQuery: string
}

const RELAY_PATH =
  /^(?:hop\/([A-Za-z0-9_-]+)\/)?(to|anon)(?:\+(upload-listener|stream-body))?(\+manual-redirect)?\/(https?)\/([^/?#@]+)(\/[^#]*|\?[^#]*)?$/

/** The inverse of {@link toRelayPath}, for what stands after the reserved prefix; `undefined` when it is no relay path. */
export function parseRelayPath(rest: string): RelayPath | undefined {
  const parts = RELAY_PATH.exec(rest)
  if (!parts) return undefined
  const [, nonce, kind, forcesPreflight, isManual, scheme, authority, tail = '/'] = parts
  const base = `${scheme}://${authority}`
  if (!URL.canParse(base)) return undefined
  const { origin } = new URL(base)
  return {
    kind: kind as RelayKind,
    nonce,
    ...(forcesPreflight !== undefined && { forcesPreflight: forcesPreflight as ForcesPreflight }),
    ...(isManual !== undefined && { redirect: 'manual' }),
    origin,
    pathAndQuery: tail.startsWith('/') ? tail : `/${tail}`,
  }
}

const RELAYED_URL = /^(?:hop\/[\w-]+\/)?(?:to|anon)(?:\+[\w-]+)*\/(https?)\/([^/?#]+)(.*)/

/** No more than the URL, with its fragment: for the page, which is shown what it called, and lets nobody call by it. */
export function relayedUrlOf(rest: string): string | undefined {
  const [, scheme, authority, tail] = RELAYED_URL.exec(rest) ?? []
  return scheme && `${scheme}://${authority}${tail}`
}
