import { join } from 'node:path'
import type * as Entry from '../../src/vite.ts'
import type { StartContestant } from '../contestants.ts'
import { startVite } from './vite.ts'

export const start: StartContestant = async (settings) => {
  const { default: corsDev } = (await import(join(settings.package, 'dist/vite.js'))) as typeof Entry
  return startVite(settings, { plugins: [corsDev({ targets: { '/api': settings.upstream } })] })
}
