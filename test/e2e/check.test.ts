/** What `check` says of a server, and what Chromium makes of the same server. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../cli/command'
import { type RawAnswer, type RawRequest, type RawServer, startRawServer } from '../explain/oracle/raw-server'
import { launchChromium } from './chromium'

type Answer = (request: RawRequest, other: string) => RawAnswer

const reply = (status: number, ...headers: [string, string][]): RawAnswer => ({
  status,
  headers: [...headers, ['content-length', '0']],
})
const origin = (value: string): [string, string] => ['access-control-allow-origin', value]
const sentOrigin = ({ headers }: RawRequest): string => headers.find(([name]) => name === 'origin')?.[1] ?? '*'
const isPreflight = ({ method }: RawRequest): boolean => method === 'OPTIONS'

interface Trial {
  name: string
  answer: Answer
  init?: {
    method?: string
    body?: string
    headers?: Record<string, string>
    credentials?: 'include'
    mode?: 'no-cors'
  }
}

const PUT: Trial['init'] = { method: 'PUT', body: '{}', headers: { 'X-A': '1', Authorization: 'Bearer x' } }

const TRIALS: Trial[] = [
  { name: 'allows everyone', answer: () => reply(200, origin('*')) },
  { name: 'allows this page', answer: (request) => reply(404, origin(sentOrigin(request))) },
  { name: 'allows nobody', answer: () => reply(200) },
  {
    name: 'allows everyone, to a call with credentials',
    answer: () => reply(200, origin('*')),
    init: { credentials: 'include' },
  },
  {
    name: 'allows this page with credentials',
    answer: (request) => reply(200, origin(sentOrigin(request)), ['access-control-allow-credentials', 'true']),
    init: { credentials: 'include' },
  },
  { name: 'allows an origin with a slash', answer: (request) => reply(200, origin(`${sentOrigin(request)}/`)) },
  { name: 'allows this page twice', answer: (request) => reply(200, origin(sentOrigin(request)), origin('*')) },
  {
    name: 'answers a preflight in full',
    answer: () =>
      reply(
        200,
        origin('*'),
        ['access-control-allow-methods', 'PUT'],
        ['access-control-allow-headers', 'x-a, Authorization'],
      ),
    init: PUT,
  },
  {
    name: 'covers Authorization with a wildcard',
    answer: () => reply(200, origin('*'), ['access-control-allow-methods', '*'], ['access-control-allow-headers', '*']),
    init: PUT,
  },
  {
    name: 'forgets a header',
    answer: () =>
      reply(200, origin('*'), ['access-control-allow-methods', 'PUT'], ['access-control-allow-headers', 'x-a']),
    init: PUT,
  },
  { name: 'knows no OPTIONS', answer: (request) => reply(isPreflight(request) ? 405 : 200, origin('*')), init: PUT },
  {
    name: 'redirects a preflight',
    answer: () => reply(308, origin('*'), ['location', '/elsewhere']),
    init: PUT,
  },
  {
    name: 'allows the preflight and not the call',
    answer: (request) =>
      isPreflight(request)
        ? reply(
            204,
            origin('*'),
            ['access-control-allow-methods', 'PUT'],
            ['access-control-allow-headers', 'x-a,authorization'],
          )
        : reply(200),
    init: PUT,
  },
  {
    name: 'redirects to another server that allows everyone',
    answer: ({ target, method }, other) =>
      target.endsWith('/end') || method === 'OPTIONS'
        ? reply(
            200,
            origin('*'),
            ['access-control-allow-methods', 'PUT'],
            ['access-control-allow-headers', 'x-a,authorization'],
          )
        : reply(307, origin('*'), ['location', `${other}/end`]),
    init: PUT,
  },
  {
    name: 'redirects to another server that allows this page, and not the origin that is left of it',
    answer: ({ target }, other) =>
      target.endsWith('/end')
        ? reply(200, origin('http://localhost'))
        : reply(302, origin('*'), ['location', `${other}/end`]),
  },
  {
    name: 'redirects a POST to a page of its own',
    answer: ({ target }) =>
      target.endsWith('/end') ? reply(200, origin('*')) : reply(303, origin('*'), ['location', '/end']),
    init: { method: 'POST', body: 'a=b', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
  },
  {
    name: 'redirects without an end',
    answer: ({ target }) => reply(302, origin('*'), ['location', `${target}x`]),
  },
  {
    name: 'redirects to a URL with a password',
    answer: (_, other) => reply(302, origin('*'), ['location', other.replace('//', '//me:x@')]),
  },
  {
    name: 'redirects to what is not on the web',
    answer: () => reply(302, origin('*'), ['location', 'mailto:me@example.com']),
  },
  { name: 'allows nobody, to a call that wants to read nothing', answer: () => reply(200), init: { mode: 'no-cors' } },
  {
    name: 'keeps its answers to itself',
    answer: () => reply(200, ['cross-origin-resource-policy', 'same-origin']),
    init: { mode: 'no-cors' },
  },
]

let browser: Browser
let page: Page
let pageServer: RawServer
let pageOrigin: string
beforeAll(async () => {
  pageServer = await startRawServer(() => reply(200, ['content-type', 'text/html']))
  pageOrigin = `http://localhost:${pageServer.port}`
  browser = await launchChromium()
  page = await browser.newPage()
  await page.goto(pageOrigin)
})
afterAll(async () => {
  await browser?.close()
  await pageServer?.close()
})

/** Two servers that answer alike, and all that either was asked. */
async function serve(answer: Answer) {
  let requests: RawRequest[] = []
  let others: string[] = []
  const start = (index: number) =>
    startRawServer((request) => {
      requests.push(request)
      return answer(request, others[1 - index] ?? '')
    })
  const servers = [await start(0), await start(1)]
  others = servers.map(({ port }) => `http://127.0.0.1:${port}`)
  return {
    url: `${others[0]}/start?a=1`,
    take: () => {
      const taken = requests
      requests = []
      return taken
    },
    close: () => Promise.all(servers.map((server) => server.close())),
  }
}

/** All of a request that does not name a version of a browser. */
function comparable({ method, target, headers }: RawRequest) {
  const shown = headers
    .filter(([name]) => name !== 'user-agent' && name !== 'sec-ch-ua' && name !== 'host')
    .map(([name, value]) => `${name}: ${value}`)
  return { line: `${method} ${target}`, headers: shown.sort() }
}

function toArguments({ method, body, headers = {}, credentials, mode }: NonNullable<Trial['init']>): string[] {
  return [
    ...(method ? ['--method', method] : []),
    ...(body !== undefined ? ['--data', body] : []),
    ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    ...(credentials === 'include' ? ['--credentials'] : []),
    ...(mode ? ['--mode', mode] : []),
  ]
}

describe('a server that', () => {
  it.each(TRIALS)(
    '$name gets the same requests and the same verdict from check and from Chromium',
    async ({ answer, init = {} }) => {
      const server = await serve(answer)
      try {
        const isAllowed = await page.evaluate(
          ([url, options]) =>
            fetch(url, { ...options, cache: 'no-store' }).then(
              () => true,
              () => false,
            ),
          [server.url, init] as const,
        )
        // `no-store` keeps preflights out of the cache, and adds these.
        const inBrowser = server
          .take()
          .map(comparable)
          .map(({ line, headers }) => ({
            line,
            headers: headers.filter((header) => !/^(?:pragma|cache-control): no-cache$/.test(header)),
          }))

        const args = ['check', server.url, '--origin', pageOrigin, '--send', ...toArguments(init)]
        const { code, stderr } = await runCommand(args)
        expect(stderr).toBe('')
        expect(code).toBe(isAllowed ? 0 : 1)
        expect(server.take().map(comparable)).toEqual(inBrowser)
      } finally {
        await server.close()
      }
    },
  )
})
