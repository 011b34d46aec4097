import { CLIENT_SCRIPT, RESERVED_PREFIX } from '../exchange/wire'
import type { Advice } from '../options/advice'
import type { Issue } from '../options/errors'
import { checkOptions } from '../options/resolve'
import type { ResolvedOptions } from '../options/types'
import { namedTargets } from '../targets/from-options'
import type { Target } from '../targets/target'
import type { GivenArguments } from './arguments'
import { type Command, EXIT } from './command'
import { HOST_OPTION, readAddress } from './listening'

const USUAL_PORT = 8010
const USUAL_PATH = '/proxy'
const LOOPBACK = 'localhost, 127.0.0.1 and [::1]'

const ADVICE: Advice = {
  target: (origin) => `unplugin-cors-dev proxy ${origin}`,
  origin: (origin) => `Add --origin ${origin ?? '<its origin>'} to the command`,
  productionOrigin: '--productionOrigin https://…',
}

/**
 * A proxy to one API, for pages that are served elsewhere. It knows the flags of local-cors-proxy, whose job it does.
 *
 * https://github.com/garmeeh/local-cors-proxy
 */
export const proxy: Command = {
  name: 'proxy',
  summary:
    'Runs a proxy to one API, for pages that something else serves: they call http://localhost:8010/proxy/… instead of it, or load one script and call it as they will in production.',
  arguments: {
    words: [{ name: 'url', about: 'the API', example: 'proxy https://api.example.com' }],
    options: {
      port: { kind: 'value', short: 'p', placeholder: 'port', about: `where to listen (default: ${USUAL_PORT})` },
      host: HOST_OPTION,
      origin: {
        kind: 'values',
        placeholder: 'origin',
        about: 'whose pages may call (default: loopback, which is localhost, 127.0.0.1 and [::1] on any port)',
      },
      proxyPartial: {
        kind: 'value',
        placeholder: 'path',
        mayBeEmpty: true,
        about: `path before those of the API; '' is none (default: ${USUAL_PATH})`,
      },
      productionOrigin: {
        kind: 'value',
        placeholder: 'origin',
        about: 'of the page in production: what the API allows is judged for it',
      },
      insecure: { kind: 'flag', short: 'k', about: 'accept any certificate of the API' },
      proxyUrl: { kind: 'value', placeholder: 'url', isWord: true, about: 'the same as <url>' },
      credentials: { kind: 'flag', about: 'changes nothing: pages that may call may do so with credentials' },
    },
  },
  notes: [
    'For development only. It leads to this API and nowhere else, listens for this machine alone, and refuses pages of origins that are not listed. Cookies and WebSockets go through, redirects stay on the proxy, and preflights are answered here.',
    '',
    'Examples',
    '  unplugin-cors-dev proxy https://api.example.com',
    '  unplugin-cors-dev proxy http://localhost:4000/v1 --port 8011 --origin https://app.test',
    "  unplugin-cors-dev proxy --proxyUrl https://api.example.com --proxyPartial ''",
  ],
  prepare(given) {
    const { options, target, path, issues } = readTarget(given)
    const { issues: addressIssues, ...address } = readAddress(given, USUAL_PORT)
    return {
      issues: [...issues, ...addressIssues],
      async run({ print, complain, terminal, name, untilStopped }) {
        if (!target) return EXIT.undecided
        const { startProxyServer } = await import('./proxy-server')
        const logger = {
          info: (message: string) => print(`${message}\n`),
          warn: (message: string) => complain(`${message}\n`),
          error: (message: string) => complain(`${message}\n`),
        }
        const server = await startProxyServer({ options, target, path, address, advice: ADVICE, logger })
        const [local, ...others] = server.origins
        const arrow = terminal.paint('green', '  ➜')
        const bold = (text: string): string => terminal.paint('bold', text)
        const prefix = path === '/' ? '' : path
        const api = target.origin + target.basePath
        const pages = options.origins.map((origin) => (origin === 'loopback' ? LOOPBACK : origin))
        print(
          [
            '',
            `  ${bold(name)} leads to ${api}`,
            '',
            `${arrow}  ${bold('call')} ${local}${prefix}/… instead of ${api}/…`,
            ...others.map((origin) => `        ${origin}${prefix}/…`),
            `${arrow}  ${bold('or')} leave the code as it is, and load this before the page's other scripts:`,
            `        <script src="${local}${RESERVED_PREFIX}${CLIENT_SCRIPT}"></script>`,
            `${arrow}  ${bold('for')} pages of ${pages.join(', ')}; for others add --origin <origin>`,
            '',
          ].join('\n'),
        )
        const exitCode = await untilStopped()
        await server.close()
        return exitCode
      },
    }
  },
}

/** One target, under one path; with issues it is of no use. */
function readTarget(given: GivenArguments): {
  options: ResolvedOptions
  target: Target | undefined
  path: string
  issues: Issue[]
} {
  const [url] = given.words
  const path = `/${(given.value('proxyPartial') ?? USUAL_PATH).replace(/^\/+|\/+$/g, '')}`
  const origins = given.values('origin')
  const entry = { url, stripPrefix: true, ...(given.has('insecure') && { proxy: { secure: false } }) }
  const { options, issues } = checkOptions(
    {
      targets: url === undefined ? [] : { [path]: entry },
      productionOrigin: given.value('productionOrigin'),
      ...(origins.length > 0 && { origins }),
    },
    { describe: (option) => argumentOf(option) },
  )
  const named = namedTargets(options.targets, () => ({ source: 'command', name: '<url>' }))
  const [target] = named.targets
  return {
    options,
    // To a page of another origin the path is as good as the API's own URL: what it reads, it reads by its own name, so
    // that the API's answer can be judged.
    target: target && { ...target, originPolicy: 'as-relayed' },
    path,
    issues: [...issues, ...named.issues],
  }
}

/** `targets["/proxy"].url` is what stands there on the command line. */
function argumentOf(option: string): string {
  if (option.startsWith('origins')) return '--origin'
  if (option === 'productionOrigin') return '--productionOrigin'
  return option.endsWith('.url') ? '<url>' : '--proxyPartial'
}
