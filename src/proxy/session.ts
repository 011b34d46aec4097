import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createPrivateFile, readPrivateFile, writePrivateFile } from './private-file'

export interface Sessions {
  /** Differs from project to project, since cookies of `localhost` are shared by all its ports. */
  readonly cookieName: string
  /** The session that a request's `Cookie` header proves; `undefined` when it proves none. */
  find(cookieHeader: string | undefined): string | undefined
  /** A new session, known to nobody until its cookie is set. */
  create(): string
  /** Value of the `Set-Cookie` header that gives a browser its session. */
  setCookieLine(session: string, options: { secure: boolean }): string
  /** What stands before the names of cookies that are kept in browsers for one target alone; no target can make it up. */
  asidePrefix(origin: string): string
}

const SECRET_BYTES = 32
const SECRET = /^[A-Za-z0-9_-]{43}$/
const MAX_SECRET_FILE = 1024
const SESSION_BYTES = 16
/** Session and signature, 128 bits each. */
const VALUE = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{22})$/
/** As long as browsers keep any cookie: the logins in the jar are to outlive the browser, as persistent cookies would. */
const MAX_AGE_SECONDS = 400 * 24 * 60 * 60
const MAX_VERIFIED = 64

/**
 * Sessions tell browsers apart: whose cookie jar a relayed call uses, and, where browsers say nothing about a request's
 * origin, that a page of ours sent it. They are signed, not stored: every dev server of the project accepts them, after
 * a restart too.
 */
export function createSessions(input: {
  /** Absolute path of the project. */
  root: string
  /** Where the project's secret is kept; created when missing, and done without where it can't be. */
  secretFile: string
}): Sessions {
  const cookieName = `__cors_dev_${createHash('sha256').update(input.root).digest('hex').slice(0, 8)}`
  let secret: string | undefined
  // Signatures that were checked, so that a page's every request does not pay for one.
  const verified = new Set<string>()
  const asidePrefixes = new Map<string, string>()

  function digest(text: string): Buffer {
    secret ??= readSecret(input.secretFile)
    return createHmac('sha256', secret).update(text).digest()
  }

  function sign(session: string): string {
    return digest(session).subarray(0, SESSION_BYTES).toString('base64url')
  }

  function verify(value: string): string | undefined {
    const parts = VALUE.exec(value)
    if (!parts?.[1] || !parts[2]) return undefined
    if (verified.has(value)) return parts[1]
    if (!timingSafeEqual(Buffer.from(sign(parts[1])), Buffer.from(parts[2]))) return undefined
    if (verified.size >= MAX_VERIFIED) verified.clear()
    verified.add(value)
    return parts[1]
  }

  return {
    cookieName,
    find(cookieHeader) {
      if (!cookieHeader?.includes(cookieName)) return undefined
      for (const pair of cookieHeader.split(';')) {
        const equals = pair.indexOf('=')
        if (equals === -1 || pair.slice(0, equals).trim() !== cookieName) continue
        // A page below us on the same site can plant a second cookie of this name: the first one that is ours counts.
        const session = verify(pair.slice(equals + 1).trim())
        if (session !== undefined) return session
      }
      return undefined
    },
    create: () => randomBytes(SESSION_BYTES).toString('base64url'),
    setCookieLine(session, { secure }) {
      const line = `${cookieName}=${session}.${sign(session)}; Path=/; Max-Age=${MAX_AGE_SECONDS}; HttpOnly; SameSite=Strict`
      return secure ? `${line}; Secure` : line
    },
    asidePrefix(origin) {
      const known = asidePrefixes.get(origin)
      if (known !== undefined) return known
      const prefix = `__cors_dev_${digest(origin).toString('hex').slice(0, 16)}_`
      asidePrefixes.set(origin, prefix)
      return prefix
    },
  }
}

function readSecret(file: string): string {
  const stored = readPrivateFile(file, MAX_SECRET_FILE)
  if (stored !== undefined && SECRET.test(stored)) return stored
  const fresh = randomBytes(SECRET_BYTES).toString('base64url')
  try {
    const kept = createPrivateFile(file, fresh, MAX_SECRET_FILE)
    if (kept !== undefined && SECRET.test(kept)) return kept
    // Damaged: every session it has signed is lost in any case.
    writePrivateFile(file, fresh)
    return fresh
  } catch {
    // A read-only project: sessions then last as long as this process.
    return fresh
  }
}
