import express from 'express'
import { WebSocketServer } from 'ws'
import { serveApi, type Api } from './serve.ts'

/**
 * Ticket sales, over HTTP and over a WebSocket. As many frameworks do, it refuses requests and upgrades whose `Origin`
 * is not its own, which is how it tells its own frontend from strangers'.
 */
export async function startBoxOffice(): Promise<Api> {
  const own = { origin: '' }
  const isForeign = (origin: string | undefined) => origin !== undefined && origin !== own.origin

  let nextSeat = 12
  const app = express()
  app.use((request, response, next) => {
    if (!isForeign(request.headers.origin)) return next()
    response.status(403).json({ error: `requests from ${request.headers.origin} are not allowed` })
  })
  app.post('/tickets', express.json(), (request, response) => {
    const { film } = (request.body ?? {}) as { film?: string }
    response.status(201).json({ film, row: 'F', seat: nextSeat++, price: '€ 9.50' })
  })

  const sockets = new WebSocketServer({ noServer: true })
  sockets.on('connection', (socket) => {
    let sold = 40
    const send = () => {
      sold += Math.round((Math.random() - 0.45) * 14)
      sold = Math.max(8, Math.min(92, sold))
      socket.send(JSON.stringify({ sold, at: Date.now() }))
    }
    send()
    const timer = setInterval(send, 180)
    socket.on('close', () => clearInterval(timer))
  })

  const api = await serveApi({
    name: 'box-office',
    title: 'Box office',
    hostname: 'localhost',
    listener: app,
    attach: (server) =>
      server.on('upgrade', (request, socket, head) => {
        socket.on('error', () => socket.destroy())
        if (request.url !== '/sales' || isForeign(request.headers.origin)) {
          socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n')
          return
        }
        sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit('connection', webSocket, request))
      }),
  })
  own.origin = api.url
  return api
}
