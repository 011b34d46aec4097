/** A dev server meets a handful of origins; pages of strangers may name others. */
const MOST_KEPT = 200

const known = new Map<string, Readonly<URL>>()

/** The parts of an origin. Each request asks for those of the same few, and parsing costs more than all it is asked for. */
export function urlOfOrigin(origin: string): Readonly<URL> {
  const before = known.get(origin)
  if (before) return before
  const url = new URL(origin)
  if (known.size >= MOST_KEPT) known.clear()
  known.set(origin, url)
  return url
}
