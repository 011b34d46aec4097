import { isIP } from 'node:net'
import { CorsDevError, type Issue } from '../options/errors'
import { argumentIssue, type GivenArguments, type OptionShape } from './arguments'

/** What commands that listen take. */
export const HOST_OPTION: OptionShape = {
  kind: 'optional',
  placeholder: 'address',
  about: 'listen on all addresses of this machine, or on this one (default: for this machine alone)',
}

export interface Address {
  port: number
  /** `true` stands for all addresses. */
  host: string | true | undefined
}

/** Where to listen; with issues it is of no use. */
export function readAddress(given: GivenArguments, usualPort: number): Address & { issues: Issue[] } {
  const issues: Issue[] = []
  const text = given.value('port')
  const port = text === undefined ? usualPort : /^\d+$/.test(text) ? Number(text) : NaN
  if (!(port <= MOST_PORT))
    issues.push(argumentIssue('--port', text, `is no port: these are 0 to ${MOST_PORT}`, `Write --port ${usualPort}`))
  return { issues, port, host: given.has('host') ? (given.value('host') ?? true) : undefined }
}

const MOST_PORT = 65_535

/** What keeps a server from listening, as far as the arguments are to blame. */
export function listeningError(error: unknown, { port, host }: Address): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const issue = (...args: Parameters<typeof argumentIssue>): CorsDevError => new CorsDevError([argumentIssue(...args)])
  switch (code) {
    case 'EADDRINUSE':
      return issue(
        '--port',
        String(port),
        'is taken: another server listens there',
        `End that one, or write --port ${port < MOST_PORT ? port + 1 : port - 1}`,
      )
    case 'EACCES':
      return issue(
        '--port',
        String(port),
        'is kept for the system: only its administrator listens there',
        'Choose one from 1024 on',
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return issue(
        '--host',
        String(host),
        'is no address of this machine: servers listen on those alone',
        'Write --host for all there are',
      )
    default:
      return error
  }
}

/** Names that lead here by the developer's own word. */
export function ownNames({ host }: Address): string[] {
  return typeof host === 'string' && isIP(host) === 0 ? [host] : []
}
