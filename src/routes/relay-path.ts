/** First segment of a relay path: the relay that carries credentials, and the one that carries none. */
export type RelayKind = 'to' | 'anon'

/**
 * `https://api.example.com/users?q=1` → `to/https/api.example.com/users?q=1`. The bytes of path and query are kept;
 * `ws` and `wss` become `http` and `https`, so that they share cookies. A fragment never travels.
 */
export function toRelayPath(kind: RelayKind, url: URL): string {
  const scheme = url.protocol === 'https:' || url.protocol === 'wss:' ? 'https' : 'http'
  return `${kind}/${scheme}/${url.host}${url.pathname}${url.search}`
}

export interface RelayPath {
  kind: RelayKind
  /** The redirect being followed, if any. */
  nonce: string | undefined
  /** Serialized origin, `http` or `https`. Not yet looked up in the table of targets. */
  origin: string
  /** Path and query, byte for byte as they came. */
  pathAndQuery: string
}

const RELAY_PATH = /^(?:hop\/([A-Za-z0-9_-]+)\/)?(to|anon)\/(https?)\/([^/?#]+)(\/[^#]*|\?[^#]*)?$/

/** The inverse of {@link toRelayPath}, for what stands after the reserved prefix; `undefined` when it is no relay path. */
export function parseRelayPath(rest: string): RelayPath | undefined {
  const parts = RELAY_PATH.exec(rest)
  if (!parts) return undefined
  const [, nonce, kind, scheme, authority, tail = '/'] = parts
  const base = `${scheme}://${authority}`
  if (!URL.canParse(base)) return undefined
  const { origin, username, password } = new URL(base)
  if (username || password) return undefined
  return { kind: kind as RelayKind, nonce, origin, pathAndQuery: tail.startsWith('/') ? tail : `/${tail}` }
}
