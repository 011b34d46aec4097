import { join } from 'node:path'
import type * as Entry from '../../src/vite.ts'
import type { StartContestant } from '../contestants.ts'
import { startVite } from './vite.ts'

export const start: StartContestant = async (settings) => {
  const { default: corsDev } = (await import(join(settings.package, 'dist/vite.js'))) as typeof Entry
  const { upstream, moreUpstreams = [] } = settings
  const more = moreUpstreams.map((url, index) => [`/api${index + 2}`, { url, stripPrefix: true }] as const)
  return startVite(settings, { plugins: corsDev({ targets: { '/api': upstream, ...Object.fromEntries(more) } }) })
}
