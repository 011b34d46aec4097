/** Asks Chromium: makes the calls of cases in real pages, against a server that answers just as the cases say. */
import { createHash } from 'node:crypto'
import type { CDPSession } from 'playwright-core'
import { selfSignedCertificate } from '../../e2e/certificate.ts'
import { launchProfile } from '../../e2e/chromium.ts'
import { makeCalls, type Call, type CallResult } from './calls.ts'
import { COOKIES, hopAt, HOSTS, idOf, locate, PAGE_HEADERS, PAGES, withId, type Case, type PageName } from './case.ts'
import { answerBy, answerWith } from './policies.ts'
import { startHttp2Server, startRawServer, type RawAnswer, type RawRequest, type RawServer } from './raw-server.ts'
import type { Seen, Truth } from './truth.ts'

export interface Oracle {
  /** The browser's version, in full. */
  version: string
  /** The truth of each case; ids must not come twice. */
  ask(cases: readonly Case[]): Promise<Truth[]>
  close(): Promise<void>
}

/** Calls under way in one page. A browser opens six connections to an origin. */
const CONCURRENCY = 48

/** How long one call may take on a machine that has other things to do; nothing ever comes near it. */
const TIMEOUT = 60_000

/** How long many calls may take: seconds where nothing else is done. */
export const ORACLE_TIMEOUT = 300_000

/** Calls of one round: what a page is handed at once. */
const ROUND = 400

export async function openOracle(): Promise<Oracle> {
  /** What the rounds under way are about. */
  const cases = new Map<string, Case>()
  const seen = new Map<string, Seen[]>()
  const servers = await startServers((request, scheme) => answerTo(request, scheme, cases, seen))
  const context = await launchProfile(servers.browserArguments)
  const cookies = Object.entries(COOKIES)
  await context.addCookies(
    HOSTS.flatMap((domain) => cookies.map(([name, cookie]) => ({ name, value: '1', domain, path: '/', ...cookie }))),
  )

  const pages = new Map<PageName, Promise<Caller>>()
  async function openPage(name: PageName): Promise<Caller> {
    const page = await context.newPage()
    await page.goto(PAGES[name].url)
    const session = await context.newCDPSession(page)
    return openCaller(session)
  }
  function callerOf(name: PageName): Promise<Caller> {
    let caller = pages.get(name)
    if (caller === undefined) pages.set(name, (caller = openPage(name)))
    return caller
  }

  /** Asks again, at other paths, what came to nothing for a reason of the machine's. */
  async function askAll(asked: readonly Case[], tries: number): Promise<Map<string, Truth>> {
    const truths = new Map<string, Truth>()
    const names = [...new Set(asked.map(({ page }) => page))]
    await Promise.all(names.map((name) => askIn(name, asked, truths)))
    const again = asked.filter((given) => MACHINES_OWN.has(truths.get(idOf(given))?.netError ?? ''))
    if (again.length === 0 || tries === 0) return truths
    const renamed = again.map((given) => withId(given, `${idOf(given)}z`))
    for (const [id, truth] of await askAll(renamed, tries - 1)) {
      const before = id.slice(0, -1)
      truths.set(before, JSON.parse(JSON.stringify(truth).replaceAll(`/${id}/`, `/${before}/`)) as Truth)
    }
    return truths
  }

  async function askIn(name: PageName, all: readonly Case[], truths: Map<string, Truth>): Promise<void> {
    const caller = await callerOf(name)
    const asked = all.filter(({ page }) => page === name)
    for (let start = 0; start < asked.length; start += ROUND) {
      const round = asked.slice(start, start + ROUND)
      for (const given of round) cases.set(idOf(given), given)
      const reports = await caller.call(round.map(callOf))
      for (const [id, report] of reports) truths.set(id, { ...report, seen: seen.get(id) ?? [] })
      for (const given of round) {
        cases.delete(idOf(given))
        seen.delete(idOf(given))
      }
    }
  }

  return {
    version: context.browser()!.version(),
    async ask(asked) {
      const truths = await askAll(asked, TRIES)
      return asked.map((given) => {
        const truth = truths.get(idOf(given))
        if (truth === undefined) throw new Error(`No word of ${idOf(given)}`)
        return truth
      })
    },
    async close() {
      await context.close()
      await servers.close()
    },
  }
}

interface Servers {
  /** What makes Chromium find them, whatever a URL names, and believe them to be where they are said to be. */
  browserArguments: string[]
  close(): Promise<void>
}

async function startServers(answer: (request: RawRequest, scheme: string) => RawAnswer): Promise<Servers> {
  const tls = await selfSignedCertificate(['localhost'])
  const rules: string[] = []
  const overrides: string[] = []
  const started: RawServer[] = []
  const add = (server: RawServer, pattern: string, space: string): void => {
    started.push(server)
    rules.push(`MAP ${pattern} 127.0.0.1:${server.port}`)
    overrides.push(`127.0.0.1:${server.port}=${space}`)
  }
  // The first rule that fits is taken.
  add(await startHttp2Server((request) => answer(request, 'https'), tls), '*.h2.test:443', 'loopback')
  for (const [hosts, space] of [
    ['*.public.test', 'public'],
    ['*.lan.test', 'local'],
    ['*', 'loopback'],
  ] as const)
    add(await startRawServer(answer, tls), hosts, space)
  return {
    browserArguments: [`--host-resolver-rules=${rules.join()}`, `--ip-address-space-overrides=${overrides.join()}`],
    async close() {
      await Promise.all(started.map((server) => server.close()))
    },
  }
}

/** What no server here does to a call; a machine whose network changes, or that has too much to do, does. */
const MACHINES_OWN = new Set(
  [
    ...['NETWORK_CHANGED', 'NETWORK_IO_SUSPENDED', 'TIMED_OUT', 'CONNECTION_TIMED_OUT', 'CONNECTION_RESET'],
    ...['CONNECTION_CLOSED', 'EMPTY_RESPONSE', 'TOO_MANY_RETRIES', 'INSUFFICIENT_RESOURCES'],
  ].map((name) => `net::ERR_${name}`),
)

/** How often a call is made again. */
const TRIES = 2

const NOT_FOUND: RawAnswer = { status: 404, headers: [['Content-Length', '0']] }

function answerTo(
  request: RawRequest,
  scheme: string,
  cases: ReadonlyMap<string, Case>,
  seen: Map<string, Seen[]>,
): RawAnswer {
  const header = (name: string): string | undefined => request.headers.find(([key]) => key === name)?.[1]
  const url = `${scheme}://${header('host')}${request.target}`
  for (const [name, page] of Object.entries(PAGES)) if (page.url === url) return documentOf(name as PageName)

  const place = locate(request.target)
  const given = place && cases.get(place.id)
  const hop = given && hopAt(given, place.hop)
  if (!hop) return NOT_FOUND

  const list = seen.get(place.id) ?? []
  seen.set(place.id, list)
  list.push({
    hop: place.hop,
    url,
    method: request.method,
    headers: request.headers,
  })

  const isPreflight = request.method === 'OPTIONS' && header('sec-fetch-mode') === 'cors' && header(ACRM) !== undefined
  const { status, headers } = (isPreflight ? hop.preflight : hop.response) ?? NOT_FOUND
  const answer = {
    status,
    headers,
    body: headers.some(([name, value]) => name === 'Content-Length' && value !== '0') ? 'ok' : '',
  }
  const key = header('sec-websocket-key')
  if (key !== undefined && status === 101) return { ...answer, headers: [...headers, ...acceptance(key)] }
  const policy = given.policies?.[place.hop]
  const more = given.headers?.[place.hop]
  if (more && !isPreflight) return answerWith(more, answer)
  return policy ? answerBy(policy, answer, header('origin'), isPreflight) : answer
}

/** https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2 */
function acceptance(key: string): [name: string, value: string][] {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', accept],
  ]
}

function documentOf(name: PageName): RawAnswer {
  const body = '<!doctype html><title>page</title><link rel="icon" href="data:,">'
  const policy = PAGE_HEADERS[name]
  const headers = [
    // A query is written in the document's encoding.
    ['Content-Type', 'text/html;charset=utf-8'],
    ['Content-Length', String(body.length)],
    ...(policy ? [policy] : []),
  ] as const
  return { status: 200, headers, body }
}

function callOf(given: Case): Call {
  const { request } = given.exchange
  const headers = [...(request.headers ?? [])]
  return {
    id: idOf(given),
    url: request.url,
    initiator: request.initiator,
    method: request.method,
    headers: given.bodyBringsType ? headers.slice(0, -1) : headers,
    mode: request.mode,
    credentials: request.credentials === 'unknown' ? undefined : request.credentials,
    redirect: request.redirect,
    hasUploadListener: request.hasUploadListener,
    body: given.body,
  }
}

/** What is no longer wanted, an event stream of another type for one: if there was an answer, it came all the same. */
const ABORTED = 'net::ERR_ABORTED'

const isRefusal = (text: string): boolean => text.startsWith('Mixed Content: ') || text.startsWith('Unsafe attempt ')

const ACRM = 'access-control-request-method'

interface Caller {
  call(calls: readonly Call[]): Promise<Map<string, Omit<Truth, 'seen'>>>
}

interface Told {
  /** Whether there was an answer that is no redirect. */
  isAnswered?: boolean
  corsError?: string
  failedParameter?: string
  netError?: string
  blockedReason?: string
  texts: string[]
}

/** Chromium's own words about calls, collected while they are made. */
async function openCaller(session: CDPSession): Promise<Caller> {
  const told = new Map<string, Told>()
  const requestUrls = new Map<string, string>()
  let rounds = 0
  let onSentinel: (() => void) | undefined
  /** A beacon outlives the script that sends it. */
  const beacons = new Set<string>()
  let onLastBeacon: (() => void) | undefined

  function end(requestId: string): void {
    const id = locate(requestUrls.get(requestId) ?? '')?.id
    if (id !== undefined && beacons.delete(id) && beacons.size === 0) onLastBeacon?.()
  }

  function toldOf(text: string): Told | undefined {
    const id = locate(text)?.id
    if (id === undefined) return undefined
    let entry = told.get(id)
    if (entry === undefined) told.set(id, (entry = { texts: [] }))
    return entry
  }

  session.on('Network.requestWillBeSent', ({ requestId, request }) => {
    // A preflight fails by itself too; what it means for the call is told with the call.
    const isPreflight = Object.keys(request.headers).some((name) => name.toLowerCase() === ACRM)
    if (!isPreflight && !requestUrls.has(requestId)) requestUrls.set(requestId, request.url)
  })
  session.on('Network.loadingFailed', ({ requestId, errorText, blockedReason, corsErrorStatus }) => {
    const url = requestUrls.get(requestId)
    const entry = url === undefined ? undefined : toldOf(url)
    if (!entry) return
    entry.netError = errorText
    entry.blockedReason = blockedReason
    entry.corsError = corsErrorStatus?.corsError
    entry.failedParameter = corsErrorStatus?.failedParameter
    end(requestId)
  })
  session.on('Network.responseReceived', ({ requestId }) => {
    const entry = toldOf(requestUrls.get(requestId) ?? '')
    if (entry) entry.isAnswered = true
  })
  session.on('Network.loadingFinished', ({ requestId }) => end(requestId))
  session.on('Log.entryAdded', ({ entry: { text, url } }) => {
    if (text.includes('/sentinel/')) onSentinel?.()
    // Said of fonts on a machine that has other things to do.
    else if (!text.startsWith('Slow network is detected')) toldOf(`${text} ${url ?? ''}`)?.texts.push(text)
  })
  session.on('Runtime.consoleAPICalled', ({ args }) => {
    const text = args.map(({ value }) => String(value)).join(' ')
    toldOf(text)?.texts.push(text)
  })
  await session.send('Network.enable', { maxTotalBufferSize: 0, maxResourceBufferSize: 0 })
  await session.send('Log.enable')
  await session.send('Runtime.enable')

  async function evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value as T
  }

  return {
    async call(calls) {
      const sendings = new Set(calls.filter(({ initiator }) => initiator === 'sendBeacon').map(({ id }) => id))
      for (const id of sendings) beacons.add(id)
      const sent = new Promise<void>((resolve) => (onLastBeacon = resolve))
      const results = await evaluate<CallResult[]>(
        `(${makeCalls.toString()})(${JSON.stringify(calls)}, ${CONCURRENCY}, ${TIMEOUT})`,
      )
      if (beacons.size > 0) await sent
      // What is said of a call may come after its end. It comes before what is said of a later call.
      const said = new Promise<void>((resolve) => (onSentinel = resolve))
      await evaluate(`fetch('http://sentinel.test/sentinel/${++rounds}').catch(() => undefined)`)
      await said

      const truths = new Map<string, Omit<Truth, 'seen'>>()
      for (const { id, response, thrown, isOver } of results) {
        const { texts = [], isAnswered, ...network }: Partial<Told> = told.get(id) ?? {}
        const { netError } = network
        // `KeepAliveURLLoader` has followed a beacon's redirects by itself when the page is told of them, and refuses one.
        const isOrphaned = sendings.has(id) && netError === ABORTED && !isAnswered && !texts.some(isRefusal)
        const hasCome = netError === undefined || (netError === ABORTED && isAnswered)
        const isAllowed = isOver ? hasCome && !texts.some(isRefusal) : response !== undefined
        truths.set(id, {
          outcome: isOrphaned ? 'unknown' : isAllowed ? 'allowed' : 'blocked',
          ...(response && { response }),
          ...(thrown !== undefined && { thrown }),
          ...network,
          texts,
        })
      }
      told.clear()
      requestUrls.clear()
      return truths
    },
  }
}
