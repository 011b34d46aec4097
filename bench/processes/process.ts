import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type Core, goFirst, pinned } from '../machine.ts'
import type { Answer, Question } from './worker.ts'

/** A process of its own that answers commands; see `worker.ts`. */
export interface BenchProcess {
  readonly pid: number
  /** Rejects when the process fails, dies, or says nothing for too long. */
  ask<Value>(command: string, argument?: unknown, timeout?: number): Promise<Value>
  /** @param signal - other than SIGKILL, it is given two seconds to end by itself */
  stop(signal?: 'SIGTERM'): Promise<void>
}

export interface ProcessOptions {
  core: Core
  cwd?: string
  env?: Record<string, string>
}

const DEFAULT_TIMEOUT = 30_000
const GRACE = 2000

const running = new Set<BenchProcess>()
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** All processes that this run has started and not ended. */
export function runningPids(): number[] {
  return [process.pid, ...[...running].map(({ pid }) => pid)]
}

export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((one) => one.stop()))
}

/** @param file - module below bench/processes/ */
export function startProcess(file: string, { core, cwd, env }: ProcessOptions): BenchProcess {
  const script = join(import.meta.dirname, file)
  const [command, ...args] = pinned(core, [process.execPath, '--expose-gc', script])
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, NO_COLOR: '1', NODE_ENV: 'development', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  if (child.pid !== undefined) goFirst(child.pid)
  const waiting = new Map<number, (answer: Omit<Answer, 'id'>) => void>()
  let printed = ''
  let last = 0

  for (const stream of [child.stdout, child.stderr]) {
    // All that it says is read, as a terminal would; the last of it explains a death.
    stream?.setEncoding('utf8').on('data', (text: string) => (printed = (printed + text).slice(-4000)))
  }
  child.on('message', (message) => {
    const { id, ...answer } = message as Answer
    waiting.get(id)?.(answer)
  })
  child.on('error', (error) => fail(error.message))
  child.on('exit', (code, signal) => {
    children.delete(child)
    running.delete(self)
    fail(`ended with ${signal ?? code}`)
  })
  children.add(child)

  function fail(why: string): void {
    for (const settle of waiting.values()) settle({ error: `the process ${why}:\n${printed}` })
  }

  const self: BenchProcess = {
    pid: child.pid ?? 0,
    async ask<Value>(command: string, argument?: unknown, timeout = DEFAULT_TIMEOUT) {
      const id = ++last
      let settle: (answer: Omit<Answer, 'id'>) => void = () => {}
      const promise = new Promise<Omit<Answer, 'id'>>((resolve) => (settle = resolve))
      waiting.set(id, settle)
      const timer = setTimeout(
        () => settle({ error: `"${command}" took more than ${timeout} ms:\n${printed}` }),
        timeout,
      )
      if (child.connected) child.send({ id, command, argument } satisfies Question)
      else settle({ error: `the process is gone:\n${printed}` })
      const answer = await promise
      clearTimeout(timer)
      waiting.delete(id)
      if (answer.error !== undefined) throw new Error(answer.error)
      return answer.value as Value
    },
    async stop(signal) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
      const exited = once(child, 'exit')
      const timer = setTimeout(() => child.kill('SIGKILL'), signal ? GRACE : 0)
      if (signal) child.kill(signal)
      await exited
      clearTimeout(timer)
    },
  }
  running.add(self)
  return self
}
