/**
 * What the plugin costs at start: the time from `vite` on the command line until it says that it is ready, and until it
 * has answered the first page, with the plugin and three targets and without it.
 *
 * `npm run bench` takes ten rounds; `npm run bench -- 20` takes twenty. Fails when the plugin makes Vite ready later by
 * more than 5 % and by more than 20 ms.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { runRounds, saveResults, summarize } from './rounds.ts'
import type { Variant } from './rounds.ts'

const REPOSITORY = join(import.meta.dirname, '..')
const PROJECTS = join(REPOSITORY, '.cache/bench-startup')
const ALLOWED = { share: 0.05, milliseconds: 20 }

const rounds = Number(process.argv[2] ?? 10)

/** A variant is what its vite.config.js says; what other packages cost is one more line here. */
const variants = [
  startOf('without', 'export default {}'),
  startOf(
    'with the plugin',
    `import corsDev from 'unplugin-cors-dev/vite'
    const targets = { '/api': 'http://127.0.0.1:4001', '/auth': 'http://127.0.0.1:4002', '/files': 'http://127.0.0.1:4003' }
    export default { plugins: [corsDev({ targets })] }`,
  ),
]

function startOf(name: string, config: string): Variant {
  const root = join(PROJECTS, name.replaceAll(' ', '-'))
  rmSync(root, { recursive: true, force: true })
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  // As an installed package: Vite bundles what a configuration imports from elsewhere.
  symlinkSync(REPOSITORY, join(root, 'node_modules/unplugin-cors-dev'), 'junction')
  writeFileSync(join(root, 'package.json'), '{ "name": "bench", "private": true, "type": "module" }\n')
  writeFileSync(join(root, 'index.html'), '<!doctype html><script type="module" src="/main.js"></script>\n')
  writeFileSync(join(root, 'main.js'), 'console.log(1)\n')
  writeFileSync(join(root, 'vite.config.js'), `${config}\n`)
  return { name, measure: () => startVite(root) }
}

async function startVite(root: string): Promise<{ ready: number; 'first page': number }> {
  const vite = join(REPOSITORY, 'node_modules/vite/bin/vite.js')
  const start = performance.now()
  const child = spawn(process.execPath, [vite, '--host', '127.0.0.1', '--port', '0'], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
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
    await (await fetch(url)).text()
    return { ready, 'first page': performance.now() - start }
  } finally {
    if (child.exitCode === null) {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }
  }
}

const measured = await runRounds(variants, rounds)
rmSync(PROJECTS, { recursive: true, force: true })

const results = ['ready', 'first page'].map((figure) => {
  const series = variants.map(({ name }) => ({
    name,
    ...summarize((measured.get(name) ?? []).map((measurement) => measurement[figure] ?? Number.NaN)),
  }))
  const base = series[0]?.median ?? Number.NaN
  return {
    figure,
    variants: series.map((one) => ({ ...one, ratio: one.median / base, difference: one.median - base })),
  }
})

const format = (milliseconds: number) => `${milliseconds.toFixed(0)} ms`
for (const { figure, variants } of results) {
  console.log(`\n${figure}: median of ${rounds} starts`)
  console.table(
    Object.fromEntries(
      variants.map(({ name, median, min, max, quartiles, ratio, difference }) => [
        name,
        {
          median: format(median),
          difference: format(difference),
          ratio: ratio.toFixed(3),
          'middle half': quartiles.map(format).join(' – '),
          range: `${format(min)} – ${format(max)}`,
        },
      ]),
    ),
  )
}
console.log(`written to ${saveResults('startup', { rounds, results })}`)

const ours = results[0]?.variants[1]
if (ours && ours.ratio > 1 + ALLOWED.share && ours.difference > ALLOWED.milliseconds) {
  console.error(`The plugin costs more than ${ALLOWED.share * 100} % and ${ALLOWED.milliseconds} ms.`)
  process.exitCode = 1
}
