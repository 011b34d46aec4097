import { spawnSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))

if (isBuildStale()) {
  console.log('Building unplugin-cors-dev …')
  const tsup = fileURLToPath(new URL('../node_modules/tsup/dist/cli-default.js', import.meta.url))
  const { status } = spawnSync(process.execPath, [tsup, '--silent'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

// Loaded only now, since the hosts' configurations import the built package.
const { startPlayground } = await import('./playground.ts')
const { url, pages, apis, close } = await startPlayground()

const bold = (text: string) => styleText('bold', text)
const dim = (text: string) => styleText('dim', text)
const row = (name: string, value: string) => `  ${name.padEnd(18)} ${value}`
console.log(`
${bold('unplugin-cors-dev playground')}

${apis.map((api) => row(api.title, dim(api.isRunning() ? api.url : `${api.url} (not started, on purpose)`))).join('\n')}

${row('Vite', pages.vite.through)}
${row('  without plugin', dim(pages.vite.direct))}
${row('webpack', pages.webpack.through)}
${row('  without plugin', dim(pages.webpack.direct))}

${bold(`Open ${styleText('cyan', `${url}/`)}`)}   Ctrl-C stops everything.
`)

let isStopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, async () => {
    // Vite closes itself on SIGTERM too, and a second Ctrl-C should not wait.
    if (isStopping) process.exit(1)
    isStopping = true
    await close()
    process.exit(0)
  })
}

function isBuildStale(): boolean {
  const newest = Math.max(
    ...globSync(['src/**/*.ts', 'tsup.config.ts', 'package.json'], { cwd: root }).map((file) => modifiedAt(file)),
  )
  const built = globSync('dist/*.{js,d.ts}', { cwd: root }).map((file) => modifiedAt(file))
  return built.length === 0 || Math.max(...built) < newest
}

function modifiedAt(file: string): number {
  return statSync(new URL(`../${file}`, import.meta.url)).mtimeMs
}
