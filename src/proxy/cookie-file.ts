import type { StoredSession } from './cookie-session'
import { isRecord, readPrivateFile, writePrivateFile } from './private-file'

/** Of one browser each: test runs and private windows leave theirs behind. */
export const MAX_SESSIONS = 50
const MAX_FILE_BYTES = 16 * 1024 * 1024
const FILE_VERSION = 1

export interface StoredCookies {
  sessions: Map<string, StoredSession>
  ledger: unknown
}

/** What the file holds, as far as it has the shape it should have: a damaged one costs a login, never the dev server. */
export function readCookieFile(file: string): StoredCookies {
  const stored: StoredCookies = { sessions: new Map(), ledger: undefined }
  const text = readPrivateFile(file, MAX_FILE_BYTES)
  if (text === undefined) return stored
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return stored
  }
  if (!isRecord(content) || content['version'] !== FILE_VERSION) return stored
  if (isRecord(content['sessions'])) {
    const sessions = Object.entries(content['sessions']).flatMap(([id, session]) => {
      if (!isRecord(session) || typeof session['usedAt'] !== 'number' || !Array.isArray(session['shared'])) return []
      const own = isRecord(session['own']) ? session['own'] : {}
      const lists = Object.entries(own).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]))
      return [{ id, session: { usedAt: session['usedAt'], shared: session['shared'], own: Object.fromEntries(lists) } }]
    })
    // Least recently used first, as in memory.
    sessions.sort((a, b) => a.session.usedAt - b.session.usedAt)
    for (const { id, session } of sessions.slice(-MAX_SESSIONS)) stored.sessions.set(id, session)
  }
  stored.ledger = content['ledger']
  return stored
}

/** Keeps the sessions that were used last. Throws what the file system throws. */
export function writeCookieFile(file: string, { sessions, ledger }: StoredCookies): void {
  const kept = [...sessions].sort(([, a], [, b]) => a.usedAt - b.usedAt).slice(-MAX_SESSIONS)
  writePrivateFile(file, JSON.stringify({ version: FILE_VERSION, sessions: Object.fromEntries(kept), ledger }))
}
