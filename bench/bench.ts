/** One run: where it builds, what it starts, and that all of it ends. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Contestant, ContestantSettings } from './contestants.ts'
import type { Core } from './machine.ts'
import { openPage, type Page } from './page.ts'
import type { Usage } from './processes/contestant.ts'
import type { DistanceSettings } from './processes/distance.ts'
import type { Drops, OriginSettings } from './processes/origin.ts'
import { type BenchProcess, startProcess, stopAll } from './processes/process.ts'
import type { Row } from './workload.ts'

const REPOSITORY = join(import.meta.dirname, '..')

export interface Origin {
  process: BenchProcess
  /** `http://127.0.0.1:4000` */
  url: string
  port: number
}

/** A contestant that runs, with its page open. */
export interface Running {
  contestant: Contestant
  /** None for the API itself. */
  process: BenchProcess | undefined
  port: number
  page: Page
  /** What the page calls for a path of the API. */
  pathOf(path: string): string
  /** CPU seconds, and MB, so far; nothing for the API itself. */
  usage(options?: { collect: boolean }): Promise<Usage | undefined>
}

export interface Bench {
  origin(options?: { tls?: boolean; drops?: Drops }): Promise<Origin>
  /** The same API at the end of a long line; milliseconds there and back. */
  distance(origin: Origin, roundTrip: number): Promise<Origin>
  /** The process that asks: see processes/load.ts. */
  load(): BenchProcess
  start(
    contestant: Contestant,
    upstream: Origin,
    options?: { https?: boolean; root?: string; moreUpstreams?: readonly string[]; core?: Core },
  ): Promise<Running>
  /** Starts all; those that do not start are told in rows. */
  startAll(
    contestants: readonly Contestant[],
    upstream: Origin,
    options?: { https?: boolean },
  ): Promise<{ running: Running[]; failed: Row[] }>
  /** An empty project. */
  makeProject(): string
  readonly package: string
  /** Who is to be measured. */
  readonly contestants: readonly Contestant[]
}

const START_TIMEOUT = 60_000
const FOLDER = /^bench-\d+$/

/** Gives `use` a bench, and leaves nothing behind. */
export async function withBench<Result>(
  contestants: readonly Contestant[],
  use: (bench: Bench) => Promise<Result>,
): Promise<Result> {
  const cache = join(REPOSITORY, '.cache')
  mkdirSync(cache, { recursive: true })
  for (const name of readdirSync(cache)) {
    // Of a run that was killed.
    if (FOLDER.test(name) && !isAlive(Number(name.slice('bench-'.length))))
      rmSync(join(cache, name), { recursive: true })
  }
  const folder = join(cache, `bench-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  const clean = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  process.once('exit', clean)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      console.error(`\nended by ${signal}`)
      process.exit(130)
    })
  }
  try {
    return await use(createBench(folder, contestants))
  } finally {
    await stopAll()
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** What is measured is built here, so that `dist` may change meanwhile. */
export function buildPackage(folder: string): void {
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(REPOSITORY, 'package.json'), join(folder, 'package.json'))
  const tsup = join(dirname(createRequire(import.meta.url).resolve('tsup/package.json')), 'dist/cli-default.js')
  const words = [tsup, '--no-dts', '--out-dir', join(folder, 'dist')]
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: REPOSITORY, encoding: 'utf8' })
  if (status !== 0) throw new Error(`The build failed:\n${stdout}${stderr}`)
}

function createBench(folder: string, contestants: readonly Contestant[]): Bench {
  const packageFolder = join(folder, 'package')
  buildPackage(packageFolder)
  let projects = 0
  let certificate: Promise<{ key: string; cert: string }> | undefined

  const bench: Bench = {
    package: packageFolder,
    contestants,

    async origin({ tls = false, drops } = {}) {
      const settings: OriginSettings = {
        ...(tls && { tls: await (certificate ??= makeCertificate()) }),
        ...(drops && { drops }),
      }
      const started = startProcess('origin.ts', { core: 'helpers' })
      const port = await started.ask<number>('start', settings)
      return { process: started, port, url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}` }
    },

    async distance({ url, port: near }, roundTrip) {
      const started = startProcess('distance.ts', { core: 'helpers' })
      const port = await started.ask<number>('start', { port: near, roundTrip } satisfies DistanceSettings)
      return { process: started, port, url: url.replace(String(near), String(port)) }
    },

    load: () => startProcess('load.ts', { core: 'helpers' }),

    makeProject() {
      const root = join(folder, `project-${++projects}`)
      mkdirSync(root)
      writeFileSync(join(root, 'package.json'), '{ "name": "bench", "private": true, "type": "module" }\n')
      writeFileSync(
        join(root, 'index.html'),
        '<!doctype html><html><head><title>bench</title></head><body></body></html>',
      )
      writeFileSync(join(root, 'main.js'), 'console.log(1)\n')
      return root
    },

    async start(
      contestant,
      upstream,
      { https = false, root = bench.makeProject(), moreUpstreams = [], core = 'contestant' } = {},
    ) {
      const { module, way } = contestant
      if (module === undefined) {
        return {
          contestant,
          process: undefined,
          port: upstream.port,
          page: await openPage(upstream.url.replace('127.0.0.1', 'localhost')),
          pathOf: (path) => path,
          usage: () => Promise.resolve(undefined),
        }
      }
      const started = startProcess('contestant.ts', { core, cwd: root })
      try {
        const settings: ContestantSettings = {
          upstream: upstream.url,
          moreUpstreams,
          package: packageFolder,
          root,
          https,
        }
        const { port } = await started.ask<{ port: number }>('start', { module, settings }, START_TIMEOUT)
        const relay = `/__cors-dev/to/${upstream.url.replace('://', '/')}`
        return {
          contestant,
          process: started,
          port,
          page: await openPage(`${https ? 'https' : 'http'}://localhost:${port}`),
          pathOf: (path) => (way === 'relay' ? relay + path : path),
          usage: (options = { collect: false }) => started.ask<Usage>('usage', options),
        }
      } catch (error) {
        await started.stop()
        throw error
      }
    },

    async startAll(contestants, upstream, options) {
      const failed: Row[] = []
      const running = await Promise.all(
        contestants.map((contestant) =>
          bench.start(contestant, upstream, options).catch((error: Error) => {
            failed.push({ contestant: contestant.name, figures: {}, failure: `did not start: ${error.message}` })
            return undefined
          }),
        ),
      )
      return { running: running.filter((one) => one !== undefined), failed }
    },
  }
  return bench
}

/** As most APIs have it: an ECDSA key. */
async function makeCertificate(): Promise<{ key: string; cert: string }> {
  // webpack-dev-server brings it, for its own https.
  const { generate } = createRequire(createRequire(import.meta.url).resolve('webpack-dev-server'))('selfsigned') as {
    generate(attributes: object[], options: object): Promise<{ private: string; cert: string }>
  }
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  return { key, cert }
}
