/**
 * What a plugin costs at start: the time from `vite` on the command line until it says that it is ready, and until it
 * has answered the first page.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import type { Bench } from '../bench.ts'
import { HPM_IN_VITE, PLUGIN_IN_VITE, VITE_PROXY } from '../contestants.ts'
import { goFirst, pinned } from '../machine.ts'
import { runRounds, showProgress, type Variant } from '../rounds.ts'
import { toRow, type Workload } from '../workload.ts'

export const VITE_ALONE = 'Vite alone'

/** A variant is what its vite.config.js says. */
const CONFIGS: Record<string, string> = {
  [VITE_ALONE]: 'export default {}',
  [VITE_PROXY]: `
    export default { server: { proxy: { '/api': { target: 'http://127.0.0.1:4001', changeOrigin: true } } } }`,
  [HPM_IN_VITE]: `
    import { createProxyMiddleware } from 'http-proxy-middleware'
    const proxy = createProxyMiddleware({ target: 'http://127.0.0.1:4001', pathFilter: '/api', changeOrigin: true })
    export default { plugins: [{ name: 'proxy', configureServer: ({ middlewares }) => void middlewares.use(proxy) }] }`,
  [PLUGIN_IN_VITE]: `
    import corsDev from 'unplugin-cors-dev/vite'
    const targets = { '/api': 'http://127.0.0.1:4001', '/auth': 'http://127.0.0.1:4002', '/files': 'http://127.0.0.1:4003' }
    export default { plugins: [corsDev({ targets })] }`,
}

export const startup: Workload = {
  name: 'startup',
  title: 'Start of Vite',
  figures: [{ name: 'ready ms' }, { name: 'first page ms' }],
  rounds: 10,
  async measure(bench, rounds) {
    const projects = Object.entries(CONFIGS).map(([name, config]) => ({ name, root: makeProject(bench, config) }))
    showProgress('compiling what Vite loads')
    await Promise.all(projects.map(({ root }) => startVite(root, COMPILED_AFTER)))
    const variants = projects.map(({ name, root }): Variant => ({ name, measure: () => startVite(root) }))
    const outcomes = await runRounds(variants, rounds)
    return [...outcomes].map(([name, outcome]) => toRow(name, outcome))
  },
}

function makeProject(bench: Bench, config: string): string {
  const root = bench.makeProject()
  // As an installed package: Vite bundles what a configuration imports from elsewhere.
  mkdirSync(join(root, 'node_modules'))
  symlinkSync(bench.package, join(root, 'node_modules/unplugin-cors-dev'), 'junction')
  writeFileSync(join(root, 'index.html'), '<!doctype html><script type="module" src="/main.js"></script>\n')
  writeFileSync(join(root, 'vite.config.js'), `${config}\n`)
  return root
}

const TIMEOUT = 30_000

/**
 * Milliseconds after which Vite has written down what Node has compiled (`module.flushCompileCache()`): every start but
 * the first reads that, and who measures only first starts measures what nobody has twice.
 */
const COMPILED_AFTER = 12_000

/** @param stays milliseconds that it goes on */
async function startVite(root: string, stays = 0): Promise<{ 'ready ms': number; 'first page ms': number }> {
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js')
  const words = [process.execPath, vite, '--host', '127.0.0.1', '--port', '0']
  const [command, ...args] = pinned('contestant', words)
  const start = performance.now()
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: AbortSignal.timeout(TIMEOUT),
    killSignal: 'SIGKILL',
    detached: true,
  })
  if (child.pid !== undefined) goFirst(child.pid)
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  child.on('error', () => {})
  try {
    let printed = ''
    let url: string | undefined
    for await (const text of child.stdout.setEncoding('utf8')) {
      printed += stripVTControlCharacters(String(text))
      url = /Local: +(http\S+)/.exec(printed)?.[1]
      if (url) break
    }
    if (!url) throw new Error(`Vite did not start:\n${printed}`)
    const ready = performance.now() - start
    await (await fetch(url, { signal: AbortSignal.timeout(TIMEOUT) })).text()
    const firstPage = performance.now() - start
    await setTimeout(stays)
    return { 'ready ms': ready, 'first page ms': firstPage }
  } finally {
    process.off('exit', killAtExit)
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }
  }
}
