/** The pipe with nothing around it. */
import { createServer } from 'node:http'
import type { StartContestant } from '../contestants.ts'
import { listen } from './listen.ts'
import { createPipe } from './pipe.ts'

export const start: StartContestant = ({ upstream }) => listen(createServer(createPipe(upstream)))
