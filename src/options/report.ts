import type { Issue } from './errors'
import { nearestName } from './nearest-name'

/** Where options stand when they don't stand in the plugin's own call. */
export interface OptionPlace {
  /** Path of an option → its path in messages: `targets[0]` → `package.json:12 corsDev.targets[0]`. */
  describe(path: string): string
  /** Names of options that its host takes beside ours. */
  hostOptions?: readonly string[]
}

export type Report = (code: string, path: string, value: unknown, why: string, instead: string) => void

export function reporter(issues: Issue[], place: OptionPlace): Report {
  return (code, path, value, why, instead) => {
    const described = place.describe(path) || 'the options'
    issues.push({ code, path: described, ...(value !== undefined && { value }), why, instead })
  }
}

export function reportUnknown(
  report: Report,
  path: string,
  name: string,
  known: readonly string[],
  kind: string,
): void {
  if (kind === 'option' && /^[/^]/.test(name)) {
    report(
      'CORS_DEV_UNKNOWN',
      `"${name}"`,
      undefined,
      'is no option: paths are keys of targets',
      `Write { targets: { "${name}": … } }`,
    )
    return
  }
  const nearest = nearestName(name, known)
  const list = known.join(', ')
  report(
    'CORS_DEV_UNKNOWN',
    path,
    // Not quoted: whatever it was meant for, it may be a secret.
    undefined,
    `is no known ${kind}: there are ${list}`,
    nearest === undefined ? 'Remove it' : `Did you mean ${nearest}? Rename it, or remove it`,
  )
}
