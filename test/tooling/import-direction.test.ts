import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ESLint } from 'eslint'
import tseslint from 'typescript-eslint'
import { describe, expect, it } from 'vitest'
import { ROOMS } from '../../eslint.config.js'

const root = join(import.meta.dirname, '../..')

// The snippets stand in files that do not exist, so there are no types to ask.
const eslint = new ESLint({
  cwd: root,
  overrideConfig: [
    { files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false } } },
    { files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked },
  ],
})

async function complaints(file: string, code: string): Promise<string[]> {
  const results = await eslint.lintText(code, { filePath: join(root, file) })
  const messages = results.flatMap((result) => result.messages)
  const broken = messages.find((message) => message.fatal)
  if (broken) throw new Error(broken.message)
  return messages.map(({ ruleId }) => ruleId ?? '').filter((rule) => !rule.includes('unused'))
}

const DIRECTION = 'import-x/no-restricted-paths'
const PACKAGES = '@typescript-eslint/no-restricted-imports'

/** A module of each room there is; the rule resolves what it judges. */
const modules = new Map<string, string>()
for (const { name } of ROOMS) {
  const folder = join(root, 'src', name)
  const file = existsSync(folder) && readdirSync(folder).find((entry) => entry.endsWith('.ts'))
  if (file) modules.set(name, `${name}/${file.slice(0, -'.ts'.length)}`)
}

const runsOf = (room: string) => ROOMS.find(({ name }) => name === room)?.runs
const names = [...modules.keys()]
const pairs = names.flatMap((from) => names.map((to) => ({ from, to })))

function isOpen(from: string, to: string): boolean {
  if (names.indexOf(to) > names.indexOf(from)) return false
  const worlds = new Set([runsOf(from), runsOf(to)])
  return !(worlds.has('node') && worlds.has('browser'))
}

describe('the direction of imports between rooms', () => {
  it('covers every folder of src/, so that no room is outside of the rule', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(ROOMS.map(({ name }) => name)).toEqual(expect.arrayContaining(folders.map(({ name }) => name)))
  })

  it.each(pairs.filter(({ from, to }) => isOpen(from, to)))('lets $from import from $to', async ({ from, to }) => {
    expect(await complaints(`src/${from}/probe.ts`, `export * from '../${modules.get(to)}'`)).toEqual([])
  })

  it.each(pairs.filter(({ from, to }) => !isOpen(from, to)))('stops $from from importing $to', async ({ from, to }) => {
    const path = `../${modules.get(to)}`
    expect(await complaints(`src/${from}/probe.ts`, `import { a } from '${path}'`)).toEqual([DIRECTION])
    expect(await complaints(`src/${from}/probe.ts`, `import type { A } from '${path}'`)).toEqual([DIRECTION])
    expect(await complaints(`src/${from}/probe.ts`, `export type { A } from '${path}'`)).toEqual([DIRECTION])
    expect(await complaints(`src/${from}/probe.ts`, `await import('${path}')`)).toEqual([DIRECTION])
  })

  it('judges a file deeper in a room by where its imports lead, not by how they are written', async () => {
    const path = modules.get('routes')
    expect(await complaints('src/standard/inner/probe.ts', `export * from '../../${path}'`)).toEqual([DIRECTION])
    expect(await complaints('src/standard/probe.ts', `export * from '../../src/${path}'`)).toEqual([DIRECTION])
    expect(await complaints('src/routes/inner/probe.ts', `export * from '../../${path}'`)).toEqual([])
  })

  it('stops a circle inside a room', async () => {
    expect(await complaints('src/routes/match.ts', `export { buildRouteTable } from './table'`)).toEqual([
      'import-x/no-cycle',
    ])
    expect(await complaints('src/routes/probe.ts', `export { buildRouteTable } from './table'`)).toEqual([])
  })

  it('stops import("…") types, which the direction rule does not read', async () => {
    const code = `export type A = import('../${modules.get('routes')}').A`
    expect(await complaints('src/standard/probe.ts', code)).toEqual(['@typescript-eslint/consistent-type-imports'])
  })
})

const entries = readdirSync(join(root, 'src')).filter((file) => file.endsWith('.ts'))

describe('entries', () => {
  it.each(entries)('stops rooms and other entries from importing %s', async (entry) => {
    const name = entry.slice(0, -'.ts'.length)
    expect(await complaints('src/plugin/probe.ts', `export * from '../${name}'`)).toEqual([DIRECTION])
    expect(await complaints('src/probe.ts', `export * from './${name}'`)).toEqual([DIRECTION])
  })

  it('lets an entry re-export from any room', async () => {
    for (const path of modules.values())
      expect(await complaints('src/probe.ts', `export * from './${path}'`)).toEqual([])
  })

  it('keeps Node rooms out of the entries that load without Node', async () => {
    const proxy = `export * from './${modules.get('proxy')}'`
    for (const entry of ['client', 'explain', 'export']) {
      expect(await complaints(`src/${entry}.ts`, proxy)).toEqual([DIRECTION])
      expect(await complaints(`src/${entry}.ts`, `export * from './${modules.get('cors')}'`)).toEqual([])
    }
  })
})

describe('pure rooms', () => {
  const pure = ROOMS.filter(({ runs }) => runs === 'anywhere').map(({ name }) => name)

  it.each(pure)('keeps Node modules out of %s', async (room) => {
    for (const module of ['node:fs', 'fs', 'node:path/posix']) {
      expect(await complaints(`src/${room}/probe.ts`, `import a from '${module}'`)).toEqual([
        'import-x/no-nodejs-modules',
      ])
      expect(await complaints(`src/${room}/probe.ts`, `await import('${module}')`)).toEqual([
        'import-x/no-nodejs-modules',
      ])
    }
  })

  it.each(pure)('keeps the globals of Node and of the DOM out of %s', async (room) => {
    for (const code of ['process.env', 'Buffer.from([])', 'document.title', 'location.origin', 'setTimeout(() => 0)'])
      expect(await complaints(`src/${room}/probe.ts`, `export const a = ${code}`)).toEqual(['no-restricted-globals'])
    expect(await complaints(`src/${room}/probe.ts`, 'export const a = Date.now()')).toEqual([
      'no-restricted-properties',
    ])
  })

  it('leaves them what is the same everywhere', async () => {
    const code = 'export const a = new URL("http://a.example"), b = new Headers(), c = new TextEncoder()'
    expect(await complaints('src/routes/probe.ts', code)).toEqual([])
  })

  it('leaves Node to Node rooms and the DOM to the page', async () => {
    expect(await complaints('src/proxy/probe.ts', `import a from 'node:fs'\nexport default process.env`)).toEqual([])
    expect(await complaints('src/client/probe.ts', 'export const a = document.title')).toEqual([])
    expect(await complaints('src/client/probe.ts', `import a from 'node:fs'`)).toEqual(['import-x/no-nodejs-modules'])
    expect(await complaints('src/client/probe.ts', 'export const a = process.env')).toEqual(['no-restricted-globals'])
  })
})

describe('the packages of the way up', () => {
  const upward = ['http-proxy-middleware', 'undici']
  const others = ROOMS.map(({ name }) => name).filter((name) => name !== 'proxy')

  it.each(others)('keeps them out of %s', async (room) => {
    for (const name of upward) {
      expect(await complaints(`src/${room}/probe.ts`, `import { a } from '${name}'`)).toEqual([PACKAGES])
      expect(await complaints(`src/${room}/probe.ts`, `import type { A } from '${name}'`)).toEqual([PACKAGES])
      expect(await complaints(`src/${room}/probe.ts`, `await import('${name}')`)).toEqual(['no-restricted-syntax'])
    }
  })

  it('lets proxy/ import them', async () => {
    for (const name of upward) {
      expect(await complaints('src/proxy/probe.ts', `import { a } from '${name}'`)).toEqual([])
      expect(await complaints('src/proxy/probe.ts', `await import('${name}')`)).toEqual([])
    }
  })

  it('lets the public options take their types, not their code', async () => {
    const file = 'src/options/types.ts'
    expect(await complaints(file, `import type { Options } from 'http-proxy-middleware'`)).toEqual([])
    expect(await complaints(file, `import { a } from 'http-proxy-middleware'`)).toContain(PACKAGES)
    expect(await complaints(file, `await import('http-proxy-middleware')`)).toEqual(['no-restricted-syntax'])
  })
})
