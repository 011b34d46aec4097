import type { StartContestant } from '../contestants.ts'
import { startVite } from './vite.ts'

export const start: StartContestant = (settings) =>
  startVite(settings, {
    server: { proxy: { '/api': { target: settings.upstream, changeOrigin: true, secure: false, ws: true } } },
  })
