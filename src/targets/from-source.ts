import { DEFAULTS } from '../options/defaults'
import type { Issue } from '../options/errors'
import type { RelayOption } from '../options/types'
import { foundTargets } from './found-target'
import type { Target } from './target'
import type { CalledUrl } from './urls-in-program'

/** A URL that the project's own code calls, and where it stands in what the developer wrote. */
export interface SourceUrl extends Pick<CalledUrl, 'url' | 'name'> {
  /** Path relative to the project root. */
  file: string
  /** 1-based; absent where a transform has lost it. */
  line?: number | undefined
}

/**
 * Targets among the URLs that the project's code calls. Addresses that a found target may not lead to are no mistake:
 * the issues say what to write if they are meant.
 *
 * @param relay how found targets are reached
 */
export function targetsFromSource(
  urls: readonly SourceUrl[],
  relay: RelayOption = DEFAULTS.relay,
): { targets: Target[]; issues: Issue[] } {
  return foundTargets(
    urls.map(({ url, name, file, line }) => ({
      url,
      provenance: { source: 'source', file, ...(line !== undefined && { line }), name },
    })),
    relay,
  )
}
