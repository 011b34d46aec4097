import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { createServer as createViteServer, type PluginOption } from 'vite'
import { selfSignedCertificate } from '../../e2e/certificate'
import { launchChromium } from '../../e2e/chromium'
import type { Case, Observation, Protocol } from './case'
import { compare, normalize, type Difference } from './compare'
import { listen, type Tls } from './listen'
import { observe } from './observe'
import { bodyOf, startSide, STILL_OPEN, urlOf, type Side } from './servers'

export interface Outcome {
  given: Case
  direct: Observation
  relayed: Observation
  differences: Difference[]
}

export interface Suite {
  run(cases: readonly Case[]): Promise<Outcome[]>
  close(): Promise<void>
}

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url))

/** What a page makes at a time: as many as there are connections to an origin, and no more, or they would wait. */
const CONCURRENCY = 6

const PAGE = '<!doctype html><html><head><title>page</title></head><body></body></html>'

export async function openSuite(protocol: Protocol = 'http/1.1'): Promise<Suite> {
  const tls = protocol === 'h2' ? await selfSignedCertificate(['localhost']) : undefined
  const cases = new Map<string, Case>()
  const closing: (() => Promise<unknown>)[] = []
  const [direct, relayed] = await Promise.all([startSide(cases, true, tls), startSide(cases, false, tls)])
  closing.push(direct.close, relayed.close)

  const plain = await listen((req, res) => {
    if (!direct.answer('page', req, res)) res.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)
  }, tls)
  direct.origins.page = plain.origin
  closing.push(plain.close)
  closing.push(await startVite(relayed, tls))

  const browser = await launchChromium()
  closing.push(() => browser.close())
  const open = async ({ origins }: Side): Promise<Page> => {
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
    await page.goto(`${origins.page}/`)
    return page
  }
  const [directPage, relayedPage] = await Promise.all([open(direct), open(relayed)])

  async function ask(page: Page, { origins, seen }: Side, given: readonly Case[]): Promise<Map<string, Observation>> {
    const asked = given.map((one) => ({
      given: one,
      origins,
      url: urlOf(origins, one, 0),
      integrity: `sha256-${createHash('sha256')
        .update(bodyOf({ ...one.answers.at(-1)!, encoding: undefined }))
        .digest('base64')}`,
    }))
    const observations = new Map<string, Observation>()
    const races = new Set(given.filter(isRace).map(({ id }) => id))
    for (const [id, observation] of await page.evaluate(observe, { asked, concurrency: CONCURRENCY }))
      observations.set(
        id,
        normalize(
          { ...observation, server: (await seen(id)).filter((entry) => isCompared(entry, races.has(id))) },
          origins,
        ),
      )
    return observations
  }

  return {
    async run(given) {
      for (const one of given) cases.set(one.id, one)
      const [ofDirect, ofRelayed] = await Promise.all([
        ask(directPage, direct, given),
        ask(relayedPage, relayed, given),
      ])
      for (const { id } of given) cases.delete(id)
      return given.map((one) => {
        const [first, second] = [ofDirect.get(one.id) ?? {}, ofRelayed.get(one.id) ?? {}]
        return { given: one, direct: first, relayed: second, differences: compare(one, first, second) }
      })
    },
    async close() {
      for (const close of closing.reverse()) await close()
    },
  }
}

/** The page's own server is a stranger's where a redirect leads there: whether it is asked or not, it is in vain. */
function isCompared(entry: unknown, isRace: boolean): boolean {
  return entry === STILL_OPEN || (!isRace && (entry as { at?: string }).at !== 'page')
}

/** Whether a request got out before it was given up, and whether the browser tries once more, is a matter of time. */
function isRace({ call, answers }: Case): boolean {
  if (answers.some(({ ends }) => ends?.startsWith('cut'))) return true
  return ('abort' in call && /at-once|in-time/.test(call.abort ?? '')) || ('timeout' in call && !!call.timeout)
}

/** With the plugin as it is built, for that is what developers get. */
async function startVite(side: Side, tls: Tls | undefined): Promise<() => Promise<void>> {
  const projects = join(REPOSITORY, 'test', '.tmp')
  mkdirSync(projects, { recursive: true })
  const root = mkdtempSync(join(projects, 'differential-'))
  writeFileSync(join(root, 'index.html'), PAGE)
  writeFileSync(join(root, 'package.json'), '{ "name": "project", "private": true, "type": "module" }')
  const built = new URL('../../../dist/vite.js', import.meta.url).href
  const { default: corsDev } = (await import(/* @vite-ignore */ built)) as {
    default: (options: object) => PluginOption
  }
  const { api, other, down } = side.origins
  const server = await createViteServer({
    root,
    configFile: false,
    logLevel: 'silent',
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null, https: tls },
    plugins: [
      {
        name: 'own-answers',
        configureServer: ({ middlewares }) =>
          void middlewares.use((req, res, next) => {
            if (!side.answer('page', req, res)) next()
          }),
      },
      corsDev({ targets: [api, other, down] }),
    ],
  })
  await server.listen()
  const { port } = server.httpServer!.address() as AddressInfo
  side.origins.page = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`
  return async () => {
    await server.close()
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  }
}
