import express from 'express'
import { serveApi, type Api } from './apis/serve.ts'

export type HostName = 'vite' | 'webpack'
export type Way = 'through' | 'direct'
export type Pages = Record<HostName, Record<Way, string>>

/**
 * What the playground's page has besides the APIs: links from page to page, and a switch for each API. It does send
 * CORS headers, to its own pages alone.
 */
export function startHub(apis: readonly Api[], pages: Partial<Pages>): Promise<Api> {
  const app = express()

  app.get('/', (_request, response) => response.redirect('/go/vite/through'))
  app.get('/go/:host/:way', (request, response) => {
    const page = pages[request.params.host as HostName]?.[request.params.way as Way]
    if (page) response.redirect(page)
    else response.status(404).send('There is no such page.')
  })

  app.use('/apis', (request, response, next) => {
    const { origin } = request.headers
    response.vary('Origin')
    if (origin !== undefined && isOwnPage(origin)) response.set('access-control-allow-origin', origin)
    else if (request.method !== 'GET') return void response.sendStatus(403)
    next()
  })
  app.get('/apis', (_request, response) => {
    response.json(apis.map(describe))
  })
  app.post('/apis/:name/:action', async (request, response) => {
    const api = apis.find(({ name }) => name === request.params.name)
    const { action } = request.params
    if (!api || (action !== 'start' && action !== 'stop')) return void response.sendStatus(404)
    await api[action]()
    response.json(apis.map(describe))
  })

  return serveApi({ name: 'hub', title: 'Playground', hostname: 'localhost', listener: app })

  function isOwnPage(origin: string): boolean {
    return Object.values(pages).some((ways) => Object.values(ways).some((page) => new URL(page).origin === origin))
  }
}

function describe({ name, title, url, isRunning }: Api) {
  return { name, title, url, isRunning: isRunning() }
}
