import jsonServer from 'json-server'
import { filmLibrary } from './films-data.ts'
import { serveApi, type Api } from './serve.ts'

/** A film library on json-server: reads are open, changes want an API token. */
export function startFilms(): Promise<Api> {
  const app = jsonServer.create()
  app.use(jsonServer.defaults({ logger: false, noCors: true }))

  let visits = 0
  app.get('/api/visits', (_request, response) => {
    response.json({ visits })
  })
  app.post('/api/visits', (_request, response) => {
    visits++
    response.sendStatus(204)
  })

  app.use('/api', (request, response, next) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS'
    if (isRead || request.headers.authorization === 'Bearer film-club') return next()
    response.status(401).json({ error: 'a token is needed to change a film' })
  })
  app.use('/api', jsonServer.router(filmLibrary()))

  return serveApi({ name: 'films', title: 'Film library', hostname: '127.0.0.1', listener: app })
}
