/**
 * Client libraries as they come, each against its real server on another origin that has never heard of CORS. Told once
 * and run in every host: one dev server serves the pages of all.
 */
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../e2e/chromium'
import { type Host, type HostKind, startHost } from '../e2e/hosts'
import type { Client } from './client'
import { serveWithoutCors } from './server-without-cors'

type AnyClient = Client<Record<string, object>>

const FOLDER = join(import.meta.dirname, 'libraries')

const clients: Record<string, AnyClient> = {}
for (const file of globSync('*.ts', { cwd: FOLDER }).toSorted()) {
  const { client } = (await import(join(FOLDER, file))) as { client: AnyClient }
  clients[basename(file, '.ts')] = client
}

export function describeClients(kind: HostKind, config = ''): void {
  describe(`in ${kind}, without CORS on any server,`, () => {
    const served: Record<string, { origin: string; check: () => unknown; close: () => Promise<void> }> = {}
    let host: Host
    let browser: Browser

    beforeAll(async () => {
      for (const [name, client] of Object.entries(clients)) {
        const { server, origin, close } = await serveWithoutCors()
        served[name] = { origin, check: client.serve(server), close }
      }
      const targets = Object.fromEntries(Object.entries(served).map(([name, { origin }]) => [`/${name}`, origin]))
      ;[host, browser] = await Promise.all([
        startHost(kind, {
          files: { 'index.html': INDEX, 'src/main.js': MAIN, ...pageModules() },
          options: { targets },
          config,
        }),
        launchChromium(),
      ])
    }, 120_000)

    afterAll(async () => {
      await Promise.all([browser?.close(), host?.close(), ...Object.values(served).map(({ close }) => close())])
    })

    it.each(Object.keys(clients))('%s works as it comes', async (name) => {
      const page = await browser.newPage()
      const errors: string[] = []
      page.on('pageerror', ({ message }) => errors.push(message))
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text())
      })
      await page.goto(host.url)
      await page.waitForFunction('window.run')
      const { origin, check } = served[name]!
      await page.evaluate(([run, api]) => (window as unknown as PageWindow).run(run!, api!), [name, origin])
      await check()
      const { consoleErrors = /^$/ } = clients[name]!
      expect(errors.filter((text) => !consoleErrors.test(text))).toEqual([])
      await page.close()
    })
  })
}

interface PageWindow {
  run(name: string, api: string): Promise<void>
}

// A missing icon would be an error in the console.
const INDEX = '<!doctype html><html><head><link rel="icon" href="data:,"></head><body></body></html>'

const MAIN = `
  const clients = {
    ${Object.keys(clients)
      .map((name) => `'${name}': () => import('./clients/${name}.js')`)
      .join(',\n')}
  }
  function equal(actual, expected) {
    const [is, should] = [actual, expected].map((value) => JSON.stringify(value))
    if (is !== should) throw new Error('expected ' + should + ', got ' + is)
  }
  window.run = async (name, api) => {
    const { modules, page } = await clients[name]()
    await page({ ...modules, api, equal, route: '/' + name })
  }
`

function pageModules(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(clients).map(([name, { imports, page }]) => [
      `src/clients/${name}.js`,
      `${Object.entries(imports)
        .map(([as, specifier]) => `import * as ${as} from '${specifier}'\n`)
        .join('')}
      export const modules = { ${Object.keys(imports).join(', ')} }
      export const page = ${String(page)}`,
    ]),
  )
}

/** What the pages import: known beforehand, so that no page is reloaded in its middle for a dependency just found. */
export const IMPORTED = [...new Set(Object.values(clients).flatMap(({ imports }) => Object.values(imports)))]
