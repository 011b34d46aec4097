/** The pipe with nothing around it but a page. */
import { createServer } from 'node:http'
import type { StartContestant } from '../contestants.ts'
import { listen } from './listen.ts'
import { createPipe } from './pipe.ts'

export const start: StartContestant = ({ upstream }) => {
  const pipe = createPipe(upstream)
  return listen(
    createServer((req, res) => {
      if (req.url?.startsWith('/api/')) return pipe(req, res)
      res.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><html><head></head></html>')
    }),
  )
}
