import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const require = createRequire(import.meta.url)

/** A project outside this repository that has the package installed. */
let project: string
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'cors-dev-package-'))
  mkdirSync(join(project, 'node_modules', '@types'), { recursive: true })
  const link = (from: string, name: string) => symlinkSync(from, join(project, 'node_modules', name), 'dir')
  link(repository, 'unplugin-cors-dev')
  mkdirSync(join(project, 'node_modules', '@rspack'))
  for (const name of [
    'vite',
    'webpack',
    'express',
    'webpack-dev-server',
    '@rspack/core',
    '@types/node',
    '@types/express',
  ]) {
    link(join(repository, 'node_modules', name), name)
  }
})
afterAll(() => rmSync(project, { recursive: true, force: true }))

function node(code: string, type: 'commonjs' | 'module'): string {
  return execFileSync(process.execPath, [`--input-type=${type}`, '--eval', code], {
    cwd: project,
    encoding: 'utf8',
  }).trim()
}

describe('entries', () => {
  test.each([
    ['unplugin-cors-dev', ['CorsDevError', 'default', 'unplugin', 'withCorsDev']],
    ['unplugin-cors-dev/vite', ['default', 'module.exports']],
    ['unplugin-cors-dev/webpack', ['default', 'module.exports', 'withCorsDev']],
    ['unplugin-cors-dev/rspack', ['default', 'module.exports', 'withCorsDev']],
    ['unplugin-cors-dev/middleware', ['default', 'module.exports']],
    ['unplugin-cors-dev/explain', ['explain']],
    ['unplugin-cors-dev/client', ['install']],
  ])('%s exports %j', (entry, names) => {
    expect(
      JSON.parse(node(`import * as all from '${entry}'; console.log(JSON.stringify(Object.keys(all)))`, 'module')),
    ).toEqual(names)
  })

  test.each(['vite', 'webpack', 'rspack', 'middleware'])('require() of %s is callable', (entry) => {
    const code = `const corsDev = require('unplugin-cors-dev/${entry}'); const made = corsDev({ targets: ['https://api.example.com'] }); console.log(typeof made); made.close?.()`
    // The middleware says its routes as soon as it is made.
    expect(node(code, 'commonjs').split('\n').at(-1)).toBe('object')
  })

  test('loading a configuration loads neither the proxy nor its dependencies', () => {
    const code = `
      const corsDev = require('unplugin-cors-dev/vite'); corsDev()
      require('unplugin-cors-dev/webpack')()
      console.log(Object.keys(require.cache).filter((file) => /http-proxy-middleware|undici|tough-cookie|dist.proxy/.test(file)).length)`
    expect(node(code, 'commonjs')).toBe('0')
    const entries = ['vite', 'webpack', 'rspack', 'index', 'middleware'].map((name) => `${name}.js`)
    const reached = new Set<string>()
    const visit = (file: string): void => {
      if (reached.has(file)) return
      reached.add(file)
      const text = readFileSync(join(repository, 'dist', file), 'utf8')
      expect(text).not.toMatch(/^import .*["'](?:http-proxy-middleware|undici|tough-cookie)["']/m)
      for (const [, next = ''] of text.matchAll(/(?:from|^import) "\.\/([^"]+)"/gm)) visit(next)
    }
    for (const entry of entries) visit(entry)
    expect(
      readdirSync(join(repository, 'dist')).some((file) => /^proxy-.*\.js$/.test(file) && !reached.has(file)),
    ).toBe(true)
  })
})

test('explain needs neither Node nor a page', () => {
  const text = readFileSync(join(repository, 'dist', 'explain.js'), 'utf8')
  expect(text).not.toMatch(/^import\b|\bimport\(|\brequire\(/m)
  const call = {
    request: { url: 'https://api.example.com', origin: 'https://example.com' },
    hops: [{ response: { status: 200, headers: [] } }],
  }
  const code = `${text.replace(/^export \{[^}]*\};?$/m, '')}; explain(${JSON.stringify(call)}).reason`
  expect(runInNewContext(code, { URL, TextDecoder })).toBe('MissingAllowOriginHeader')
})

describe('the command', () => {
  const { bin, version } = require('unplugin-cors-dev/package.json') as { bin: Record<string, string>; version: string }

  test('has the name that npx looks for, and a short one', () => {
    expect(Object.keys(bin)).toEqual(['unplugin-cors-dev', 'cors-dev'])
  })

  test.each(['unplugin-cors-dev', 'cors-dev'])('%s runs as npm links it', (name) => {
    const link = join(project, name)
    symlinkSync(join(project, 'node_modules', 'unplugin-cors-dev', bin[name]!), link)
    const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}` }
    expect(execFileSync(link, ['--version'], { encoding: 'utf8', env }).trim()).toBe(version)
  })

  test('starts without what only a server needs: neither bundler nor proxy', () => {
    const seen = new Set<string>()
    const visit = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      const text = readFileSync(join(repository, 'dist', file), 'utf8')
      for (const [, name = ''] of text.matchAll(/^import\b[^"']*["']([^"']+)["']/gm)) {
        if (name.startsWith('./')) visit(name.slice(2))
        else expect(name).toMatch(/^node:/)
      }
    }
    visit('cli.js')
    expect([...seen].filter((file) => /proxy|vite|context/.test(file))).toEqual([])
  })
})

describe('types', () => {
  const files = {
    'webpack.config.cjs': `
      // @ts-check
      const corsDev = require('unplugin-cors-dev/webpack')
      /** @type {import('webpack').Configuration} */
      const config = { mode: 'none', entry: './entry.cjs', plugins: [corsDev({ targets: { '/api': 'https://api.example.com' } })] }
      corsDev.withCorsDev({ port: 3000 }).port.toFixed()
      // @ts-expect-error no such option
      corsDev({ target: 'https://api.example.com' })
      module.exports = config`,
    'webpack.config.mts': `
      import type { Configuration } from 'webpack'
      import corsDev, { withCorsDev } from 'unplugin-cors-dev/webpack'
      export default { plugins: [corsDev()], devServer: withCorsDev({ port: 1 }) } satisfies Configuration & { devServer: unknown }`,
    'vite.config.mts': `
      import { defineConfig } from 'vite'
      import corsDev from 'unplugin-cors-dev/vite'
      import { unplugin, type CorsDevOptions } from 'unplugin-cors-dev'
      const options: CorsDevOptions = { targets: [{ url: 'https://api.example.com', stripPrefix: true }] }
      export default defineConfig({ plugins: [corsDev(), corsDev(options), unplugin.vite(options)] })`,
    'rspack.config.mts': `
      import type { Configuration } from '@rspack/core'
      import corsDev from 'unplugin-cors-dev/rspack'
      export default { plugins: [corsDev()] } satisfies Configuration`,
    'server.mts': `
      import express from 'express'
      import createCorsDev from 'unplugin-cors-dev/middleware'
      const { middleware, upgrade, close } = createCorsDev({ root: '.', targets: { '/api': 'https://api.example.com' } })
      const app = express()
      app.use(middleware)
      app.listen(0).on('upgrade', upgrade).on('close', () => void close())`,
    'explain.mts': `
      import { explain, type CorsPolicy, type DirectExchange, type Verdict } from 'unplugin-cors-dev/explain'
      const exchange: DirectExchange = { request: { url: 'https://api.example.com', origin: 'http://localhost:5173' }, hops: [] }
      const verdict: Verdict = explain(exchange, { dialect: 'chromium', registrableDomain: () => null })
      const policies: CorsPolicy[] = verdict.fixes.flatMap((fix) => (fix.kind === 'policy' ? [fix.policy] : []))
      policies.at(0)?.requestHeaders.join()
      // @ts-expect-error no such dialect
      explain(exchange, { dialect: 'firefox' })`,
    'page.mts': `
      import { install } from 'unplugin-cors-dev/client'
      const uninstall: () => void = install({ prefix: '/__cors-dev/', relays: {}, decisions: {} }, location.href)
      uninstall()`,
  }

  test('are right for CommonJS and for modules', () => {
    for (const [file, text] of Object.entries(files)) writeFileSync(join(project, file), text)
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2023',
      lib: ['es2023', 'dom', 'dom.iterable'],
      types: ['node'],
      strict: true,
      allowJs: true,
      noEmit: true,
      skipLibCheck: true,
      preserveSymlinks: true,
    }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(files) }))
    const { stdout } = spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', project], {
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
  })

  test('a CommonJS configuration runs', () => {
    writeFileSync(join(project, 'entry.cjs'), 'module.exports = 1')
    const config = files['webpack.config.cjs'].replace("corsDev({ target: 'https://api.example.com' })", '')
    writeFileSync(join(project, 'run.config.cjs'), config)
    const code = `require('webpack')(require('./run.config.cjs')).run((error, stats) => console.log(error ?? stats.hasErrors()))`
    expect(node(code, 'commonjs')).toBe('false')
  })
})
