const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'])

const NONE: ReadonlySet<string> = new Set()

/** Names, lower-case, of the fields that a `Connection` field lists: they end at the next hop, as it does. */
export function connectionOptions(connection: string | undefined): ReadonlySet<string> {
  // What nearly every message says.
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NONE
  return new Set(connection.split(',').map((option) => option.trim().toLowerCase()))
}

/**
 * Whether a field ends at the next hop (RFC 9110 §7.6.1): a known one, a `Proxy-*`, or one that `Connection` lists. Each
 * of them kills an HTTP/2 response or confuses an upstream if it is passed on.
 *
 * @param name lower-case
 * @param options of the message's {@link connectionOptions}
 */
export function isHopByHop(name: string, options: ReadonlySet<string>): boolean {
  return HOP_BY_HOP.has(name) || options.has(name) || name.startsWith('proxy-')
}
