import { hash } from 'node:crypto'
import { isRecord } from './private-file'

/**
 * Which cookies the targets of path routes have set in browsers. Cookies of `localhost` are those of all projects there,
 * so a target may see again only what it set itself.
 */
export interface CookieLedger {
  /** Whether that changed anything. */
  note(targetOrigin: string, name: string, value: string, how?: HowSet): boolean
  /** @param sharesHost whether browsers that call the target directly would send it the page's cookies */
  mayForward(targetOrigin: string, name: string, value: string, sharesHost?: boolean): boolean
  /** Whether this target has set a cookie of this name. */
  has(targetOrigin: string, name: string): boolean
  /** Adds what another dev server has noted; what was noted here counts as later. */
  addEarlier(stored: unknown): void
  toJSON(): Record<string, Record<string, Noted>>
}

export interface HowSet {
  /** Whether page code can't have changed it since. */
  isHttpOnly?: boolean
  /** The value that this browser had before. */
  replaces?: string | undefined
}

/** What a target set under one name. Digests: the values themselves are the browser's. */
interface Noted {
  isHttpOnly: boolean
  /** Latest last: what some browser may have. */
  values: string[]
  /** Latest last: what browsers had before, and may still send with calls under way. */
  replaced: string[]
}

/** Values remembered of one name: enough to know a cookie again in a second browser, or one that changes with each answer. */
const MAX_VALUES = 32
const MAX_NAMES = 200
/** Characters. 128 random bits take 22 of them at least. */
const LONGEST_CHOICE = 20

function digest(value: string): string {
  return hash('sha256', value, 'base64url').slice(0, 16)
}

/** @param stored what {@link CookieLedger.toJSON} gave once; whatever else it is counts as nothing */
export function createCookieLedger(stored: unknown): CookieLedger {
  const ledger = parse(stored)

  function namesOf(origin: string): Map<string, Noted> {
    const names = ledger.get(origin) ?? new Map<string, Noted>()
    ledger.set(origin, names)
    return names
  }

  function keep(origin: string, name: string, noted: Noted): void {
    const names = namesOf(origin)
    names.delete(name)
    names.set(name, noted)
    for (const [oldest] of names) {
      if (names.size <= MAX_NAMES) break
      names.delete(oldest)
    }
  }

  return {
    note(origin, name, value, { isHttpOnly = false, replaces } = {}) {
      const digested = digest(value)
      const known = ledger.get(origin)?.get(name)
      if (known && known.values.at(-1) === digested && known.isHttpOnly === isHttpOnly) return false
      const before = replaces === undefined ? undefined : digest(replaces)
      const { values = [], replaced = [] } = known ?? {}
      const isReplaced = before !== undefined && before !== digested && values.includes(before)
      keep(origin, name, {
        isHttpOnly,
        values: latest([...values.filter((one) => one !== digested && !(isReplaced && one === before)), digested]),
        replaced: latest([...replaced.filter((one) => one !== digested), ...(isReplaced ? [before] : [])]),
      })
      return true
    },

    mayForward(targetOrigin, name, value, sharesHost = false) {
      const own = ledger.get(targetOrigin)?.get(name)
      if (!own) return false
      const digested = digest(value)
      if (isIn(own, digested)) return true
      // Whoever else set a cookie of this name that scripts can't read, be it another project on this host: its value is
      // no business of this target. One that scripts can read, the page's own may have changed, to `dark` or `de-CH`; what
      // is longer may be the login of whoever else calls his `token`, and is taken for one.
      if ((own.isHttpOnly || value.length > LONGEST_CHOICE) && !sharesHost) return false
      // Two targets that set the same name overwrite each other in the browser: whose value it is now decides.
      for (const [origin, names] of ledger) {
        const other = origin === targetOrigin ? undefined : names.get(name)
        if (other && isIn(other, digested)) return false
      }
      return true
    },

    has: (targetOrigin, name) => ledger.get(targetOrigin)?.has(name) === true,

    addEarlier(earlier) {
      for (const [origin, names] of parse(earlier)) {
        for (const [name, noted] of names) {
          const later = ledger.get(origin)?.get(name)
          keep(origin, name, {
            isHttpOnly: later?.isHttpOnly ?? noted.isHttpOnly,
            values: latest(lastOfEach([...noted.values, ...(later?.values ?? [])])),
            replaced: latest(lastOfEach([...noted.replaced, ...(later?.replaced ?? [])])),
          })
        }
      }
    },

    toJSON: () => Object.fromEntries([...ledger].map(([origin, names]) => [origin, Object.fromEntries(names)])),
  }
}

function isIn({ values, replaced }: Noted, digested: string): boolean {
  return values.includes(digested) || replaced.includes(digested)
}

/** Each value once, where it stood last. */
function lastOfEach(values: string[]): string[] {
  return [...new Set(values.toReversed())].toReversed()
}

function latest(values: string[]): string[] {
  return values.slice(-MAX_VALUES)
}

function parse(stored: unknown): Map<string, Map<string, Noted>> {
  const ledger = new Map<string, Map<string, Noted>>()
  for (const [origin, names] of isRecord(stored) ? Object.entries(stored) : []) {
    if (!isRecord(names)) continue
    const known = Object.entries(names).flatMap(([name, noted]) => {
      if (!isRecord(noted) || !isTextList(noted['values']) || !isTextList(noted['replaced'])) return []
      const { values, replaced } = noted as { values: string[]; replaced: string[] }
      const isHttpOnly = noted['isHttpOnly'] === true
      return [[name, { isHttpOnly, values: latest(values), replaced: latest(replaced) }] as const]
    })
    ledger.set(origin, new Map(known.slice(-MAX_NAMES)))
  }
  return ledger
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
