/** Files that say where the APIs are, edited while the dev server runs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Api, startApi } from './api'
import { type Host, type HostKind, startHost } from './hosts'

let api: Api
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api?.close())

const HOSTS: [HostKind, string][] = [
  [
    'vite',
    `plugins: [corsDev(), {
      configureServer({ watcher }) {
        console.log('CONFIGURED')
        const timer = setInterval(() => {
          if (!Object.values(watcher.getWatched()).flat().includes('index.html')) return
          console.log('WATCHING')
          clearInterval(timer)
        }, 10)
      },
    }],`,
  ],
  ['webpack-cli', 'dotenv: true,'],
  ['rspack-cli', ''],
  ['express', ''],
]

describe.each(HOSTS)('%s', (kind, config) => {
  let host: Host
  /** Only what is printed from now on counts. What is written before Vite watches its own files, it never sees. */
  const edit = async (file: string, text: string, ...expected: RegExp[]): Promise<void> => {
    if (kind === 'vite') await host.waitForLog(/WATCHING/, host.logs().lastIndexOf('CONFIGURED'))
    const from = host.logs().length
    host.write(file, text)
    for (const line of expected) await host.waitForLog(line, from)
  }
  const variable = kind === 'webpack-cli' ? 'WEBPACK_API' : 'VITE_API'
  const packageJson = (settings: object): string =>
    `${JSON.stringify({ name: 'project', private: true, type: 'module', ...settings }, null, 2)}\n`

  beforeAll(async () => {
    host = await startHost(kind, {
      config,
      files: { 'package.json': packageJson({}), '.env': `${variable}=https://one.example.com\n` },
    })
  })
  afterAll(() => host?.close())

  it('reads package.json again, and the relay leads to what it names', async () => {
    await edit(
      'package.json',
      packageJson({ corsDev: { targets: { '/api': api.origin } } }),
      /\/api → .*package\.json:\d+/,
    )
    const headers = { 'sec-fetch-site': 'same-origin' }
    await expect.poll(async () => (await fetch(`${host.origin}/api/users`, { headers })).status).toBe(200)
    await edit('package.json', packageJson({ corsDev: { targets: ['nowhere'] } }), /"nowhere" is not an absolute URL/)
    expect((await fetch(`${host.origin}/api/users`, { headers })).status).toBe(200)
    await edit('package.json', packageJson({}), /no longer \/api → /)
  })

  it('reads OpenAPI documents that come, change and go', async () => {
    const servers = (...urls: string[]): string =>
      `openapi: 3.1.0\nservers:\n${urls.map((url) => `  - url: ${url}\n`).join('')}`
    await edit(
      'docs/openapi.yaml',
      servers('https://a.example.com'),
      /https:\/\/a\.example\.com.*docs\/openapi\.yaml:3/,
    )
    await edit(
      'docs/openapi.yaml',
      servers('https://b.example.com'),
      /https:\/\/b\.example\.com.*docs\/openapi\.yaml:3/,
      /no longer https:\/\/a\.example\.com/,
    )
  })

  // Rspack has no plugin of its own for these files.
  if (kind === 'rspack-cli') return

  it('reads .env again', async () => {
    await edit(
      '.env',
      `${variable}=https://two.example.com\n`,
      /https:\/\/two\.example\.com.*\.env:1/,
      /no longer https:\/\/one\.example\.com/,
    )
  })
})
