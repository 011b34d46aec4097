import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { randomBytes } from 'node:crypto'

/** Text of a file of ours; `undefined` when there is none, when it can't be read, or when it is larger than it can be. */
export function readPrivateFile(file: string, maxBytes: number): string | undefined {
  try {
    const { size, mode, uid } = statSync(file)
    if (size > maxBytes) return undefined
    if (process.getuid) {
      // Somebody else's file would be somebody else's secret, and one that a backup brought back may be open to all.
      if (uid !== process.getuid()) return undefined
      if ((mode & 0o077) !== 0) chmodSync(file, 0o600)
    }
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Changes whenever the file is written; `undefined` when there is none. */
export function privateFileStamp(file: string): string | undefined {
  try {
    const { ino, mtimeMs, size } = statSync(file)
    return `${ino} ${mtimeMs} ${size}`
  } catch {
    return undefined
  }
}

/** Writes a file that only its owner can read, whole or not at all. */
export function writePrivateFile(file: string, text: string): void {
  withTemporary(file, text, (temporary) => renameSync(temporary, file))
}

/**
 * Creates a private file unless there is one, and returns what it then holds: of two dev servers that start at the same
 * time, both get the text of one.
 */
export function createPrivateFile(file: string, text: string, maxBytes: number): string | undefined {
  withTemporary(file, text, (temporary) => {
    try {
      linkSync(temporary, file)
    } catch (error) {
      // Some file systems have no hard links; there the last writer wins.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') renameSync(temporary, file)
    }
  })
  return readPrivateFile(file, maxBytes)
}

function withTemporary(file: string, text: string, use: (temporary: string) => void): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' })
    // The mode above is subject to the umask only downwards, but a file system may ignore it.
    chmodSync(temporary, 0o600)
    use(temporary)
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** For what was read back: a damaged file may hold anything. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
