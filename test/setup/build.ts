/**
 * Builds the package before the tests if a source is newer than the build: hosts are tested with what is shipped, and
 * the runtime in the page is a bundle.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../../', import.meta.url))

export default function setUp(): () => void {
  build()
  return () => rmSync(join(repository, 'test', '.tmp', `cache-${process.pid}`), { recursive: true, force: true })
}

function build(): void {
  const sources = globSync(['src/**/*.ts', 'tsup.config.ts', 'package.json'], { cwd: repository })
  const newest = Math.max(...sources.map((file) => statSync(join(repository, file)).mtimeMs))
  const built = ['index.d.ts', 'client.d.ts', 'client.iife.js', 'service-worker.iife.js', 'vite.js'].map((file) =>
    join(repository, 'dist', file),
  )
  if (built.every((file) => existsSync(file) && statSync(file).mtimeMs > newest)) return

  // What an older build left would be packed, too.
  rmSync(join(repository, 'dist'), { recursive: true, force: true })
  const tsup = join(dirname(createRequire(import.meta.url).resolve('tsup/package.json')), 'dist/cli-default.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsup], { cwd: repository, encoding: 'utf8' })
  if (status !== 0) throw new Error(`The build failed:\n${stdout}${stderr}`)
}
