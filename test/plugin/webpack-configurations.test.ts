import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import webpack, { type Configuration } from 'webpack'
import type { CorsDevOptions } from '../../src/options/types'
import type { Middleware } from '../../src/plugin/webpack-dev-server'
import corsDev from '../../src/webpack'

let root: string
const servers: Server[] = []
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cors-dev-'))
  writeFileSync(join(root, 'main.js'), '')
})
afterEach(async () => {
  for (const server of servers.splice(0)) {
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  rmSync(root, { recursive: true })
})

interface Given {
  name?: string
  context?: string
  /** The options of each `corsDev` in its plugins. */
  options: CorsDevOptions[]
  variables?: Record<string, string>
}

/** What a dev server does with compilers of these configurations: its middleware, and what is said of the routes. */
function meet(...configurations: Given[]) {
  let said = ''
  const stream: NodeJS.WritableStream = new Writable({
    write(chunk, _, done) {
      said += String(chunk)
      done()
    },
  })
  const compiler = webpack(
    configurations.map(({ name, context = root, options, variables = {} }, index): Configuration => ({
      ...(name !== undefined && { name }),
      context,
      mode: 'development',
      entry: join(root, 'main.js'),
      output: { path: join(root, 'out'), filename: `${index}.js` },
      infrastructureLogging: { level: 'info', stream },
      plugins: [
        ...options.map((entry) => corsDev(entry)),
        new webpack.DefinePlugin(
          Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, JSON.stringify(value)])),
        ),
      ],
      devServer: {},
    })),
  )
  const server = createServer()
  servers.push(server)
  const [first] = compiler.compilers
  const devServer = first?.options.devServer as {
    setupMiddlewares(list: unknown[], devServer: unknown): { middleware: Middleware }[]
  }
  const [own] = devServer.setupMiddlewares([], { compiler, options: {}, server })
  server.on('request', (request, response) => own?.middleware(request, response, () => response.writeHead(404).end()))

  return {
    async listen(): Promise<string> {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return `http://localhost:${(server.address() as AddressInfo).port}`
    },
    async compile(): Promise<string> {
      if (!server.listening) await this.listen()
      await new Promise<void>((resolve, reject) => compiler.run((error) => (error ? reject(error) : resolve())))
      return said
    },
  }
}

function messageOf(...configurations: Given[]): string {
  try {
    meet(...configurations)
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

const a = 'https://a.example.com'
const b = 'https://b.example.com'

test('twice in one configuration is an issue, and no reason to break a build', async () => {
  const options: CorsDevOptions[] = [{ targets: { '/a': a } }, { targets: { '/b': b } }]
  expect(messageOf({ options })).toBe(
    '[cors-dev] corsDev stands in plugins twice: only the first one would be read. Merge their targets into one, and remove the other.',
  )
  expect(messageOf({ name: 'page', options: [{}] }, { name: 'admin', options: [{}, {}] })).toMatch(
    /^\[cors-dev\] config "admin": corsDev stands in plugins twice/,
  )
  const compiler = webpack({
    context: root,
    mode: 'development',
    entry: './main.js',
    output: { path: join(root, 'out') },
    plugins: options.map((entry) => corsDev(entry)),
  })
  const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) =>
    compiler.run((error, result) => (error ? reject(error) : resolve(result))),
  )
  expect(stats?.hasErrors()).toBe(false)
})

test('what stands in two configurations alike is one route', async () => {
  const said = await meet(
    { name: 'page', options: [{ targets: { '/a': a } }] },
    { name: 'admin', options: [{ targets: { '/a': a, '/b': b } }] },
  ).compile()
  expect(said.match(/→/g)).toHaveLength(2)
  expect(said).toContain(`/a → ${a} (config "page": targets["/a"])`)
  expect(said).toContain(`/b → ${b} (config "admin": targets["/b"])`)
})

test('options that all configurations share stand in no particular one', async () => {
  const shared = { targets: { '/a': a } }
  expect(await meet({ options: [shared] }, { options: [shared] }).compile()).toContain(`/a → ${a} (targets["/a"])`)
})

test('a package.json of them all is read once, and comes behind the options of each', async () => {
  writeFileSync(
    join(root, 'package.json'),
    JSON.stringify({ corsDev: { targets: { '/p': a, '/b': a }, relay: 'always' } }),
  )
  const said = await meet(
    { options: [{ targets: { '/a': a } }] },
    { options: [{ targets: { '/b': b } }] },
    { options: [{}], variables: { API: 'https://found.example.com' } },
  ).compile()
  expect(said).toContain(`/p → ${a}`)
  expect(said).toContain(`/b → ${b} (config[1]: targets["/b"])`)
  expect(said).toContain('https://found.example.com (API)')

  writeFileSync(join(root, 'package.json'), '{ "corsDev": { "targets": ["nowhere"] } }')
  const lines = messageOf({ options: [{ targets: [a] }] }, { options: [{ targets: [b] }] }).split('\n')
  expect(lines).toEqual([expect.stringMatching(/^\[cors-dev\] package\.json:1 corsDev\.targets\[0\]/)])
})

test('says the issues of all configurations, and where each stands', () => {
  const options = { targets: { '/api': 'nowhere' } }
  const message = messageOf(
    { name: 'page', options: [options] },
    { options: [{ orgins: [], relay: 'alwys' } as object] },
    { options: [{ targets: [a], relay: 'always' }] },
  )
  expect(message.split('\n')).toEqual([
    expect.stringMatching(/^\[cors-dev\] config "page": targets\["\/api"\] "nowhere" is not/),
    expect.stringMatching(/^\[cors-dev\] config\[1\]: orgins is no known option/),
    expect.stringMatching(/^\[cors-dev\] config\[1\]: relay "alwys"/),
  ])
})

test('one path cannot go to two targets', () => {
  expect(
    messageOf(
      { name: 'page', options: [{ targets: { '/api': a } }] },
      { name: 'admin', options: [{ targets: { '/api': b } }] },
    ),
  ).toBe(
    '[cors-dev] config "admin": targets["/api"] "/api" can never match: config "page": targets["/api"] has the same path. Change or remove one of them.',
  )
})

test.each([
  ['relay', 'always', 'never'],
  ['productionOrigin', 'https://app.example.com', 'https://admin.example.com'],
] as const)('%s contradicts another one in the options, or in two package.json', (name, one, other) => {
  const page = { name: 'page', context: join(root, 'page'), options: [{ targets: [a], [name]: one }] }
  const admin = { name: 'admin', context: join(root, 'admin'), options: [{ targets: [b], [name]: other }] }
  expect(messageOf(page, admin)).toBe(
    `[cors-dev] config "admin": ${name} "${other}" contradicts config "page": ${name} "${one}": both configurations have one dev server. Write the same in both, or leave one out.`,
  )
  expect(messageOf(page, { ...admin, options: [{ targets: [b], [name]: one }] })).toBe('')

  for (const { context, options } of [page, admin]) {
    mkdirSync(context)
    writeFileSync(join(context, 'package.json'), JSON.stringify({ corsDev: { [name]: options[0]?.[name] } }))
  }
  const [silentPage, silentAdmin] = [page, admin].map((given) => ({ ...given, options: [{ targets: [a] }] }))
  if (!silentPage || !silentAdmin) throw new Error('two configurations')
  expect(messageOf(silentPage, silentAdmin)).toContain(
    `config "admin": package.json corsDev.${name} "${other}" contradicts config "page": package.json corsDev.${name}`,
  )
  expect(messageOf(page, silentAdmin)).toBe('')
})

test('the options of a later configuration count, and origins add up', async () => {
  const api = createServer((_, response) => response.end('answered'))
  servers.push(api)
  api.listen(0, '127.0.0.1')
  await once(api, 'listening')
  const target = `http://localhost:${(api.address() as AddressInfo).port}`

  const met = meet(
    { options: [{ targets: { '/api': target }, origins: ['https://page.example.com'] }] },
    {
      options: [{ origins: ['https://admin.example.com'], relay: 'always' }],
      variables: { API: 'https://found.example.com' },
    },
  )
  const url = await met.listen()
  const statusFor = async (origin: string): Promise<number> => {
    const response = await fetch(`${url}/api`, { headers: { origin, 'sec-fetch-site': 'cross-site' } })
    await response.text()
    return response.status
  }
  expect(await statusFor('https://page.example.com')).toBe(200)
  expect(await statusFor('https://admin.example.com')).toBe(200)
  expect(await statusFor('https://other.example.com')).toBe(403)
  expect(await met.compile()).toContain('https://found.example.com (API)')
})
