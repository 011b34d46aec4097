/**
 * What looking for APIs in modules adds to their transform, in an app of 2,000 modules:
 *
 *     node bench/transform-discovery.ts
 *
 * Builds the package's `dist` first if it is missing: `npm run build`. Figures are CPU time, so that what else the machine
 * does hardly counts; rounds with and without it take turns. Ends with 1 when the goal is missed.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createServer, type Plugin, type ViteDevServer } from 'vite'
import type * as Entry from '../src/vite.ts'

const MODULES = 2000
/** Of a hundred modules: those that mention a URL, as links and the like do, and those that call one. */
const MENTIONING = 10
const CALLING = 2
/** Percent of the transform time. */
const GOAL = 3
const ROUNDS = 9
const WARM_UP = 2

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
const { default: corsDev } = (await import(join(REPOSITORY, 'dist/vite.js'))) as typeof Entry

/** The size and kind of module that apps are made of: a component of some sixty lines. */
function moduleText(index: number): string {
  const kind = index % 100
  const mention = kind < MENTIONING ? `<a href="https://docs.example.com/widgets/${index}">About</a>` : ''
  const call =
    kind < CALLING
      ? `const API = 'https://api${index % 7}.example.com'\nconst save = (body: string) => fetch(\`\${API}/items\`, { method: 'POST', body })`
      : `const save = (body: string) => Promise.resolve(body)`
  const rows = Array.from(
    { length: 12 },
    (_, row) =>
      `      <li key="${row}" className={isOpen ? 'row-${row} open' : 'row-${row}'} onClick={() => select(${row})}>{format(items[${row}])}</li>`,
  )
  return `import { useEffect, useMemo, useState } from 'react'

interface Item { id: number; label: string; weight?: number }
interface Props { title: string; items: Item[]; onChange?: (item: Item | undefined) => void }

${call}

function format(item: Item | undefined): string {
  if (!item) return 'none'
  const { id, label, weight = 1 } = item
  return weight > 1 ? \`\${id}: \${label} (\${weight.toFixed(2)})\` : \`\${id}: \${label}\`
}

export default function Widget${index}({ title, items, onChange }: Props) {
  const [selected, select] = useState<number>(0)
  const [isOpen, setOpen] = useState(false)
  const total = useMemo(() => items.reduce((sum, { weight }) => sum + (weight ?? 0), 0), [items])
  useEffect(() => {
    onChange?.(items[selected])
    void save(JSON.stringify({ title, selected, total }))
  }, [items, selected, total])
  return (
    <section>
      <h2 onClick={() => setOpen((before) => !before)}>{title} #{total}</h2>
      ${mention}
      <ul>
${rows.join('\n')}
      </ul>
    </section>
  )
}
`
}

const folder = join(REPOSITORY, 'test/.tmp')
mkdirSync(folder, { recursive: true })
const root = mkdtempSync(join(folder, 'bench-discovery-'))
const paths = Array.from({ length: MODULES }, (_, index) => {
  writeFileSync(join(root, `widget${index}.tsx`), moduleText(index))
  return `/widget${index}.tsx`
})

async function start(discover: boolean): Promise<ViteDevServer> {
  return createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    server: { middlewareMode: true, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
    plugins: [
      { name: 'no-react', enforce: 'pre', resolveId: (id) => (id.startsWith('react') ? '\0react' : undefined) },
      ...corsDev({ discover, targets: ['https://named.example.com'] }).map(timed),
    ],
  })
}

let inHook = 0

/** Counts the milliseconds that the hook itself takes, which nothing else the machine does is hidden in. */
function timed(plugin: Plugin): Plugin {
  const { transform } = plugin
  if (!plugin.name.endsWith(':source') || typeof transform !== 'object') return plugin
  const { handler } = transform
  const timedHandler: typeof handler = function (code, id, ...rest) {
    const started = performance.now()
    try {
      return handler.call(this, code, id, ...rest)
    } finally {
      inHook += performance.now() - started
    }
  }
  return { ...plugin, transform: { ...transform, handler: timedHandler } }
}

interface Cost {
  /** Milliseconds of CPU for all modules. */
  all: number
  /** Milliseconds of them within the hook. */
  hook: number
}

/** Transforms every module as if it had never been asked for. */
async function transformAll(server: ViteDevServer): Promise<Cost> {
  const { client } = server.environments
  client.moduleGraph.invalidateAll()
  globalThis.gc?.()
  inHook = 0
  const before = process.cpuUsage()
  for (const path of paths) await client.transformRequest(path)
  const { user, system } = process.cpuUsage(before)
  return { all: (user + system) / 1000, hook: inHook }
}

const [without, withIt] = await Promise.all([start(false), start(true)])
const costs = new Map<ViteDevServer, Cost[]>([
  [without, []],
  [withIt, []],
])
for (let round = 0; round < WARM_UP + ROUNDS; round++) {
  // Whoever comes second finds warmer caches.
  for (const server of round % 2 === 0 ? [without, withIt] : [withIt, without]) {
    const cost = await transformAll(server)
    if (round >= WARM_UP) costs.get(server)?.push(cost)
  }
}
await Promise.all([without.close(), withIt.close()])
rmSync(root, { recursive: true, force: true })

/** What else the machine does only ever adds. */
const least = (server: ViteDevServer, figure: keyof Cost): number =>
  Math.min(...(costs.get(server) ?? []).map((cost) => cost[figure]))

const alone = least(without, 'all')
const inHookPercent = (least(withIt, 'hook') / alone) * 100
const percent = ((least(withIt, 'all') - alone) / alone) * 100
console.log(`${MODULES} modules, ${MENTIONING} % mention a URL, ${CALLING} % call one; the least of ${ROUNDS} rounds`)
console.log(`transform alone    ${((alone * 1000) / MODULES).toFixed(0)} µs of CPU a module`)
console.log(`discovery's hook   ${inHookPercent.toFixed(2)} % of that`)
console.log(
  `with and without   ${percent.toFixed(2)} % apart, which includes what the machine's other work adds by chance`,
)
const isMet = inHookPercent < GOAL
console.log(`goal               below ${GOAL} % in the hook: ${isMet ? 'met' : 'missed'}`)
process.exitCode = isMet ? 0 : 1
