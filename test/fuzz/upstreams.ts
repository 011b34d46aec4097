/** The only servers that the dev server may speak to, and what they may hear. */
import type { CorsDevOptions } from '../../src/options/types'
import { type LenientUpstream, type Seen, startLenientUpstream } from '../attacks/upstream.ts'
import { type Fuzzed, named, ROUTES } from './requests.ts'

export interface Upstreams {
  options: CorsDevOptions
  /** `127.0.0.1:4000`, in the order of the routes. */
  authorities: string[]
  /** Tells what reached an upstream that should not have. */
  watch(tell: (id: number, what: string) => void, sent: (id: number) => Fuzzed, names: readonly string[]): void
  contacts(): number
  close(): Promise<void>
}

const BASES = ['/v1', '/base', '', '']
/** Twice, or it is another's that was spoiled. */
const idIn = (headers: Seen['headers']): string => /^(\d+) \1$/.exec(headers['x-fuzz'] ?? '')?.[1] ?? ''

/** A dot segment, in what a lenient server makes of a path. */
const CLIMBS = /^[^?]*[/\\]\.\.?(?:[/\\;?#\0]|$)/
const unescaped = (path: string): string =>
  path
    .replace(/%(?:25)*2e/gi, '.')
    .replace(/%(?:25)*2f/gi, '/')
    .replace(/%(?:25)*5c/gi, '\\')

/** Any site may have a link to a path route: the document that opens is not its own. */
function isLink({ method, target, fields }: Fuzzed): boolean {
  const opens = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'].every((field) => fields.includes(field))
  return opens && /^(?:GET|HEAD)$/.test(method) && !target.startsWith('/__cors-dev/')
}

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'

export async function startUpstreams(): Promise<Upstreams> {
  let watch: Parameters<Upstreams['watch']> | undefined
  let contacts = 0
  const servers: LenientUpstream[] = []
  for (const [index] of ROUTES.entries()) {
    const server = await startLenientUpstream((seen) => {
      contacts++
      servers[index]!.seen.length = 0
      const problem = watch && problemWith(seen, index, watch)
      if (problem !== undefined) watch?.[0](Number(idIn(seen.headers)), problem)
      return ANSWER + (seen.method === 'HEAD' ? '' : 'ok')
    })
    servers.push(server)
  }
  const authorities = servers.map(({ port }) => `127.0.0.1:${port}`)

  function problemWith(
    { method, target, headers }: Seen,
    index: number,
    [, sentAs, names]: NonNullable<typeof watch>,
  ): string | undefined {
    const where = `${authorities[index]} was asked ${method} ${JSON.stringify(target)}`
    if (headers['host'] !== authorities[index]) return `${where} as ${headers['host']}`
    if (!/^\/[\x21\x22\x24-\x7e\x80-\xff]*$/.test(target)) return `${where}, which is no path`
    const id = idIn(headers)
    if (CLIMBS.test(unescaped(target))) return `${where}, which may climb out of its route`
    // Where its number is lost or changed, it was spoiled, and nobody knows what it has become.
    const sent = id === '' ? undefined : sentAs(Number(id))
    if (!sent || sent.spoil) return undefined
    if (!sent.isOwn && !isLink(sent)) return `${where}, for a page that is not ours`
    if (method !== sent.method) return `${where}, not ${sent.method}`
    // Node reads a line without a version, too, and overlooks spaces around a target.
    const asked = named(sent.target, names).replace(/^ +| *(?:[\r\n].*)?$/gs, '')
    return mayReach(asked, index, target) ? undefined : `${where} for ${JSON.stringify(asked)}`
  }

  /** What the README says of routes, in other words than the code that is tested. */
  function mayReach(asked: string, index: number, target: string): boolean {
    const relayed = /^\/__cors-dev\/(?:to|anon)(?:\+[a-z-]+)?\/http\/([^/?#]+)(.*)$/s.exec(asked)
    if (relayed) {
      const [, authority = '', rest = ''] = relayed
      const named = URL.canParse(`http://${authority}`) && new URL(`http://${authority}`).host === authorities[index]
      return named && target === (rest.startsWith('/') ? rest : `/${rest}`)
    }
    if (index === 2) return /^\/re(?:x|gex)\//.test(asked) && target === asked
    if (!/^\/(?:api|strip)(?:$|[/?])/.test(asked) || index > 1) return false
    if (index === 0) return asked.startsWith('/api') && target === `/v1${asked}`
    return asked.startsWith('/strip') && target === `/base${asked.slice('/strip'.length)}`
  }

  return {
    options: {
      explain: false,
      targets: Object.fromEntries(
        authorities.map((authority, index) => [
          ROUTES[index] ?? '/nobody-calls-this',
          { url: `http://${authority}${BASES[index]}`, ...(ROUTES[index] === '/strip' && { stripPrefix: true }) },
        ]),
      ),
    },
    authorities,
    watch(...given) {
      watch = given
    },
    contacts: () => contacts,
    async close() {
      await Promise.all(servers.map((server) => server.close()))
    },
  }
}
