/** This package in a bare server. */
import { createServer } from 'node:http'
import { join } from 'node:path'
import type * as Entry from '../../src/middleware.ts'
import type { StartContestant } from '../contestants.ts'
import { listen } from './listen.ts'

export const start: StartContestant = async ({ package: folder, root, upstream }) => {
  const { default: corsDev } = (await import(join(folder, 'dist/middleware.js'))) as typeof Entry
  const { middleware, upgrade } = corsDev({ root, targets: { '/api': upstream } })
  const server = createServer((req, res) => {
    middleware(req, res, () => {
      res.writeHead(200, { 'content-type': 'text/html' })
      res.end('<!doctype html><html><head></head></html>')
    })
  })
  server.on('upgrade', upgrade)
  return listen(server)
}
