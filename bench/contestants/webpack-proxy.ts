import type { StartContestant } from '../contestants.ts'
import { startWebpack } from './webpack.ts'

export const start: StartContestant = (settings) =>
  startWebpack(settings, {
    proxy: [{ context: ['/api'], target: settings.upstream, changeOrigin: true, secure: false, ws: true }],
  })
