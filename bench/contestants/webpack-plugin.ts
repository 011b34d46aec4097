import { join } from 'node:path'
import type { Configuration } from 'webpack-dev-server'
import type * as Entry from '../../src/webpack.ts'
import type { StartContestant } from '../contestants.ts'
import { startWebpack } from './webpack.ts'

export const start: StartContestant = async (settings) => {
  const { withCorsDev } = (await import(join(settings.package, 'dist/webpack.js'))) as typeof Entry
  return startWebpack(settings, withCorsDev<Configuration>({}, { targets: { '/api': settings.upstream } }))
}
