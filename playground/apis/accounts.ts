import { randomUUID } from 'node:crypto'
import express from 'express'
import { serveApi, type Api } from './serve.ts'

/**
 * A login by cookies as hosted services set them: `Secure`, `SameSite=None`, `HttpOnly`, a `Domain`, and a `__Host-` name.
 * `/me` wants both cookies back.
 */
export function startAccounts(): Promise<Api> {
  const sessions = new Map<string, { name: string; csrf: string; since: string }>()
  const app = express()

  app.post('/login', express.json(), (request, response) => {
    const { name, password } = (request.body ?? {}) as { name?: string; password?: string }
    if (!name || password !== 'popcorn') {
      response.status(401).json({ error: 'wrong name or password' })
      return
    }
    const session = randomUUID()
    const csrf = randomUUID()
    sessions.set(session, { name, csrf, since: new Date().toISOString() })
    response.append('set-cookie', `session=${session}; Domain=localhost; Path=/; HttpOnly; Secure; SameSite=None`)
    response.append('set-cookie', `__Host-csrf=${csrf}; Path=/; Secure; SameSite=None`)
    response.json({ name })
  })

  app.get('/me', (request, response) => {
    const cookies = new Map((request.headers.cookie ?? '').split('; ').map((pair) => splitOnce(pair, '=')))
    const session = sessions.get(cookies.get('session') ?? '')
    if (!session || session.csrf !== cookies.get('__Host-csrf')) {
      response.status(401).json({ error: 'not logged in' })
      return
    }
    response.json({ name: session.name, since: session.since, cookies: [...cookies.keys()] })
  })

  return serveApi({ name: 'accounts', title: 'Accounts', hostname: 'localhost', listener: app })
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
