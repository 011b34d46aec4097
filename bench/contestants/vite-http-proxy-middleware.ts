/** http-proxy-middleware as its documentation puts it into Vite. */
import { createProxyMiddleware } from 'http-proxy-middleware'
import type { StartContestant } from '../contestants.ts'
import { startVite } from './vite.ts'

export const start: StartContestant = (settings) => {
  const proxy = createProxyMiddleware({
    target: settings.upstream,
    pathFilter: '/api',
    changeOrigin: true,
    secure: false,
    ws: true,
  })
  return startVite(settings, {
    plugins: [
      {
        name: 'http-proxy-middleware',
        configureServer({ middlewares, httpServer }) {
          middlewares.use((req, res, next) => void proxy(req, res, next))
          httpServer?.on('upgrade', (req, socket, head) => {
            if (req.url?.startsWith('/api/')) proxy.upgrade(req, socket as never, head)
          })
        },
      },
    ],
  })
}
