/** The pipe as a Vite middleware. */
import type { StartContestant } from '../contestants.ts'
import { createPipe } from './pipe.ts'
import { startVite } from './vite.ts'

export const start: StartContestant = (settings) => {
  const pipe = createPipe(settings.upstream)
  return startVite(settings, {
    plugins: [
      {
        name: 'undici-pipe',
        configureServer({ middlewares }) {
          middlewares.use((req, res, next) => (req.url?.startsWith('/api/') ? pipe(req, res) : next()))
        },
      },
    ],
  })
}
