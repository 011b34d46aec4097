/** What comes with the package when somebody installs it, and how it gets to where they install it from. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const read = (file: string): string => readFileSync(join(repository, file), 'utf8')

interface Package {
  name: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  scripts?: Record<string, string>
  gypfile?: boolean
  publishConfig?: { provenance?: boolean }
}

/** Folders of all packages that come along, by Node's own way of finding them. */
function installed(folder: string, found = new Map<string, Package>()): Map<string, Package> {
  if (found.has(folder)) return found
  const json = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package
  found.set(folder, json)
  const optional = json.optionalDependencies ?? {}
  for (const name of Object.keys({ ...json.dependencies, ...optional })) {
    let from = folder
    while (!existsSync(join(from, 'node_modules', name, 'package.json')) && dirname(from) !== from) from = dirname(from)
    const next = join(from, 'node_modules', name)
    if (name in optional && !existsSync(next)) continue
    installed(next, found)
  }
  return found
}

const packages = [...installed(repository.replace(/\/$/, ''))]

describe('what is installed', () => {
  test('runs nothing at its installation', () => {
    expect(packages.length).toBeGreaterThan(10)
    for (const [folder, { name, scripts = {}, gypfile }] of packages) {
      const atInstallation = ['preinstall', 'install', 'postinstall'].filter((script) => script in scripts)
      expect([name, atInstallation, gypfile]).toEqual([name, [], undefined])
      // npm runs node-gyp where it finds one of these.
      expect(existsSync(join(folder, 'binding.gyp'))).toBe(false)
    }
    // Of a package that is installed from its repository npm runs these, too.
    const { scripts = {} } = packages[0]![1]
    expect(['prepare', 'prepack'].filter((script) => script in scripts)).toEqual([])
  })

  test('is little, and the README says of each what for', () => {
    const direct = Object.keys(packages[0]![1].dependencies ?? {})
    const [, table = ''] = read('README.md').split('## Dependencies, and why')
    for (const name of direct) expect(table.split('\n## ')[0]).toContain(`[\`${name}\`]`)
    expect(direct.length).toBeLessThanOrEqual(6)
    expect(packages.length).toBeLessThanOrEqual(30)
  })

  test('is what the registry has, to the last byte', () => {
    const lock = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { resolved?: string; integrity?: string; link?: boolean; inBundle?: boolean }>
    }
    for (const [path, { resolved, integrity, inBundle }] of Object.entries(lock.packages)) {
      if (path === '' || inBundle) continue
      expect(resolved ?? 'https://registry.npmjs.org/', path).toMatch(/^https:\/\/registry\.npmjs\.org\//)
      expect(integrity, path).toMatch(/^sha512-/)
    }
  })
})

describe('what is published', () => {
  const [{ files = [] } = {}] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: repository,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as { files?: { path: string }[] }[]
  const paths = files.map(({ path }) => path)

  test('is the build and its papers', () => {
    expect(paths.filter((path) => !path.startsWith('dist/')).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'package.json',
    ])
    expect(paths.filter((path) => !/\.(?:js|d\.ts|md|json)$|^LICENSE$/.test(path))).toEqual([])
  })

  test('starts no program, evaluates no text, and says nothing of the machine that it was built on', () => {
    const scripts = paths.filter((path) => path.startsWith('dist/') && path.endsWith('.js'))
    expect(scripts.length).toBeGreaterThan(5)
    for (const path of scripts) {
      const text = read(path)
      // As text it is looked for in what webpack's `devtool: 'eval'` makes.
      expect(text, path).not.toMatch(/child_process|node:vm\b|worker_threads|(?<!['"])\beval\(|new Function\(/)
      expect(text, path).not.toContain(repository)
    }
  })

  test('is signed by the one workflow that may, which has no token', () => {
    expect(packages[0]![1].publishConfig?.provenance).toBe(true)
    const workflows = globSync('.github/workflows/*.yml', { cwd: repository })
    for (const file of workflows) {
      const { jobs, permissions } = parse(read(file)) as {
        permissions: object
        jobs: Record<string, { permissions?: object; steps: { run?: string }[] }>
      }
      expect(permissions).toEqual({ contents: 'read' })
      for (const job of Object.values(jobs)) {
        const publishes = job.steps.some(({ run }) => run?.includes('npm publish --provenance'))
        const may = publishes ? { contents: 'read', 'id-token': 'write' } : undefined
        expect(job.permissions).toEqual(may)
      }
      expect(read(file)).not.toContain('secrets.')
    }
    expect(workflows.map(read).join()).toContain('npm publish --provenance')
  })
})

test('every test that SECURITY.md names is there', () => {
  const named = [...read('SECURITY.md').matchAll(/`(test\/[^`]+)`/g)].map(([, file = '']) => file)
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((file) => !existsSync(join(repository, file)))).toEqual([])
})
