import { createHash } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, isAbsolute, join } from 'node:path'

/**
 * Where the logins of a project are kept, in the developer's own cache. Not in the project, where tools keep what may be
 * lost: dev servers serve the files of a project, node_modules included, to whoever asks.
 *
 * @param project absolute path of its folder
 */
export function cacheFolder(project: string, env: NodeJS.ProcessEnv): string {
  const cache = userCache(env)
  // No home, no place that is surely ours: then for this process alone.
  if (cache === undefined) return mkdtempSync(join(tmpdir(), 'unplugin-cors-dev-'))
  const digest = createHash('sha256').update(project).digest('hex').slice(0, 12)
  return join(cache, 'unplugin-cors-dev', `${basename(project) || 'root'}-${digest}`)
}

/** https://specifications.freedesktop.org/basedir-spec/latest/, and the customs of macOS and Windows. */
function userCache({ XDG_CACHE_HOME, LOCALAPPDATA }: NodeJS.ProcessEnv): string | undefined {
  if (XDG_CACHE_HOME !== undefined && isAbsolute(XDG_CACHE_HOME)) return XDG_CACHE_HOME
  if (process.platform === 'win32' && LOCALAPPDATA !== undefined && isAbsolute(LOCALAPPDATA)) return LOCALAPPDATA
  try {
    const home = homedir()
    if (!isAbsolute(home)) return undefined
    return process.platform === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache')
  } catch {
    // A user without an entry in the system's list.
    return undefined
  }
}
