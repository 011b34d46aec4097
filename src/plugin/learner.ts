import { printable } from '../exchange/printable'
import type { CodePlace } from '../exchange/wire'
import type { RelayOption } from '../options/types'
import { foundTargets } from '../targets/found-target'
import type { Provenance } from '../targets/target'
import type { Found } from './context'

/** Where the developer wrote something. */
export interface WrittenPlace {
  /** Path relative to the project root. */
  file: string
  /** 1-based; absent where a transform has lost it. */
  line?: number | undefined
  /** Whether it is part of a dependency, which others wrote. */
  isDependency?: boolean
}

export interface LearnerInput {
  locate(place: CodePlace): Promise<WrittenPlace | undefined>
  /** How what is learnt is reached. */
  relay(): RelayOption
  /** Whether an origin is the dev server's own. */
  isOwn(origin: string): boolean
  add(found: Found): void
  warn(message: string): void
  /** Milliseconds since the epoch. */
  now(): number
}

export interface Learner {
  /** The page is about to call an origin that nobody named: looks at each once. Never rejects. */
  learn(origin: string, calledFrom: readonly CodePlace[]): Promise<void>
}

/** A page calls a handful of services; a script that makes up names shall not have the dev server ask for them all. */
const MOST_ORIGINS = 100
const MOST_A_MINUTE = 20
const MINUTE = 60_000
const TOO_MANY =
  'the page calls more origins than can be looked at: those that follow are called as without this plugin.'
const MOST_CHARACTERS = 200

export function createLearner({ locate, relay, isOwn, add, warn, now }: LearnerInput): Learner {
  const lookedAt = new Map<string, Promise<void>>()
  let recent: number[] = []
  let hasWarned = false

  function isTooMuch(): boolean {
    recent = recent.filter((time) => time > now() - MINUTE)
    if (lookedAt.size < MOST_ORIGINS && recent.length < MOST_A_MINUTE) return false
    if (!hasWarned) warn(TOO_MANY)
    hasWarned = true
    return true
  }

  /** The innermost place that is the project's own: libraries call for whoever uses them. */
  async function writtenPlace(calledFrom: readonly CodePlace[]): Promise<WrittenPlace | undefined> {
    let innermost: WrittenPlace | undefined
    for (const place of calledFrom) {
      const written = (await locate(place).catch(() => undefined)) ?? asServed(place)
      if (!written.isDependency) return written
      innermost ??= written
    }
    return innermost
  }

  /** As the browser shows it. */
  function asServed({ url, line }: CodePlace): WrittenPlace {
    const path = url.replace(/[?#].*$/s, '')
    const { origin, pathname } = URL.canParse(path) ? new URL(path) : { origin: '', pathname: '' }
    return { file: isOwn(origin) ? pathname.slice(1).replace(/(?:^|\/)$/, '$&index.html') : path, line }
  }

  async function lookAt(origin: string, calledFrom: readonly CodePlace[]): Promise<void> {
    const { file, line } = (await writtenPlace(calledFrom)) ?? {}
    const provenance: Provenance = {
      source: 'page',
      ...(file !== undefined && { file: printable(file).slice(0, MOST_CHARACTERS) }),
      ...(file !== undefined && line !== undefined && { line }),
      name: 'at run time',
    }
    add(foundTargets([{ url: origin, provenance }], relay()))
  }

  return {
    learn(origin, calledFrom) {
      if (isOwn(origin)) return Promise.resolve()
      const before = lookedAt.get(origin)
      if (before) return before
      if (isTooMuch()) return Promise.resolve()
      recent.push(now())
      const looking = lookAt(origin, calledFrom)
      lookedAt.set(origin, looking)
      return looking
    },
  }
}
