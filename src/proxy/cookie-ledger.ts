import { hash } from 'node:crypto'
import { isRecord } from './private-file'

/**
 * Which cookies the targets of path routes have set in browsers. Cookies of `localhost` are those of all projects there,
 * so a target may see again only what it set itself.
 */
export interface CookieLedger {
  /** Whether that changed anything. */
  note(targetOrigin: string, name: string, value: string): boolean
  mayForward(targetOrigin: string, name: string, value: string): boolean
  /** Adds what another dev server has noted; what was noted here counts as later. */
  addEarlier(stored: unknown): void
  toJSON(): Record<string, Record<string, string[]>>
}

/** Values remembered of one name: enough to know a cookie again in a second browser, or one that changes with each answer. */
const MAX_VALUES = 32
const MAX_NAMES = 200

/** The values themselves are the browser's; to know one again a digest will do. */
function digest(value: string): string {
  return hash('sha256', value, 'base64url').slice(0, 16)
}

/** @param stored what {@link CookieLedger.toJSON} gave once; whatever else it is counts as nothing */
export function createCookieLedger(stored: unknown): CookieLedger {
  const ledger = parse(stored)

  function noteDigest(origin: string, name: string, digested: string): boolean {
    let names = ledger.get(origin)
    if (!names) ledger.set(origin, (names = new Map()))
    const values = names.get(name) ?? []
    if (values.at(-1) === digested) return false
    const others = values.filter((known) => known !== digested)
    names.delete(name)
    names.set(name, [...others, digested].slice(-MAX_VALUES))
    for (const [oldest] of names) {
      if (names.size <= MAX_NAMES) break
      names.delete(oldest)
    }
    return true
  }

  return {
    note: (origin, name, value) => noteDigest(origin, name, digest(value)),

    mayForward(targetOrigin, name, value) {
      const own = ledger.get(targetOrigin)?.get(name)
      if (!own) return false
      // Two targets that set the same name overwrite each other in the browser: whose value it is now decides.
      let digested: string | undefined
      for (const [origin, names] of ledger) {
        const other = origin === targetOrigin ? undefined : names.get(name)
        if (!other) continue
        digested ??= digest(value)
        if (other.includes(digested) && !own.includes(digested)) return false
      }
      return true
    },

    addEarlier(earlier) {
      for (const [origin, names] of parse(earlier)) {
        for (const [name, values] of names) {
          const later = ledger.get(origin)?.get(name) ?? []
          for (const value of [...values, ...later]) noteDigest(origin, name, value)
        }
      }
    },

    toJSON: () => Object.fromEntries([...ledger].map(([origin, names]) => [origin, Object.fromEntries(names)])),
  }
}

/** Target's origin → cookie name → digests of the values it set, latest last. */
function parse(stored: unknown): Map<string, Map<string, string[]>> {
  const ledger = new Map<string, Map<string, string[]>>()
  for (const [origin, names] of isRecord(stored) ? Object.entries(stored) : []) {
    if (!isRecord(names)) continue
    const known = Object.entries(names).filter((entry): entry is [string, string[]] => isTextList(entry[1]))
    ledger.set(origin, new Map(known.slice(-MAX_NAMES).map(([name, values]) => [name, values.slice(-MAX_VALUES)])))
  }
  return ledger
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
