/** The machine that is measured on: its cores, and what else runs on it. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, constants, cpus, platform, release, setPriority } from 'node:os'

/**
 * Whose figures are taken runs alone on one core; all that only helps to take them shares the other. Who is to answer one
 * call at a time takes any: on one alone it would wait for its own compiler, which elsewhere has another.
 */
export type Core = 'contestant' | 'helpers' | 'any'

const CORE_NUMBERS = { helpers: 0, contestant: 1, any: undefined } satisfies Record<Core, number | undefined>

/** Without `taskset` (macOS, Windows) the system decides, and CPU time per request stays the steadiest figure. */
export const PINS = availableParallelism() >= 2 && spawnSync('taskset', ['-V']).status === 0

/** A command that runs `words` on one core, where that can be had. */
export function pinned(core: Core, words: readonly string[]): [command: string, ...args: string[]] {
  const [command = '', ...args] = words
  const number = CORE_NUMBERS[core]
  return PINS && number !== undefined ? ['taskset', '-c', String(number), command, ...args] : [command, ...args]
}

/**
 * Whether small calls are made by wrk: https://github.com/wg/wrk. Node's own way takes a whole core for what a proxy gets
 * done on another, and slows it down: cores share caches and memory.
 */
export const HAS_WRK = spawnSync('wrk', ['-v']).error === undefined

/** Lets a process that was just started in a session of its own go before all others. Only root may, as a rule. */
export function goFirst(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_HIGHEST)
    // Linux shares cores among sessions first, and by their priority only then among processes.
    writeFileSync(`/proc/${pid}/autogroup`, String(constants.priority.PRIORITY_HIGHEST))
  } catch {
    // Then it shares.
  }
}

export function describeMachine(): Record<string, string | number | boolean> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    system: `${platform()} ${release()}`,
    node: process.version,
    pinned: PINS,
    calls: HAS_WRK ? 'wrk' : 'Node',
  }
}

/** Ours, among all processes. */
export interface Watched {
  /** All processes of this run. */
  pids: readonly number[]
  /** Those that have a core to themselves. */
  alone: readonly number[]
}

/**
 * Starts to watch for processes that are none of ours.
 *
 * @returns a function that tells the share of a core that they took meanwhile, as far as Linux tells it: nothing is
 * known of what other guests of the same host took
 */
export function watchForeignLoad({ pids, alone }: Watched): () => number {
  const start = performance.now()
  const before = { busy: busySeconds(), ours: sumOf(pids, 'ran'), waited: sumOf(alone, 'waited') }
  return () => {
    const seconds = (performance.now() - start) / 1000
    const busy = busySeconds() - before.busy - (sumOf(pids, 'ran') - before.ours)
    const waited = sumOf(alone, 'waited') - before.waited
    // The kernel takes samples of who is busy, and writes down who waited.
    const SAMPLING_ERROR = 0.1
    return Math.max(0, busy / seconds - SAMPLING_ERROR, waited / seconds)
  }
}

const TICKS_PER_SECOND = 100

function busySeconds(): number {
  const line = /^cpu .*$/m.exec(readOrNothing('/proc/stat'))?.[0] ?? ''
  const [, user = 0, nice = 0, system = 0, , , , , steal = 0] = line.split(/ +/).map(Number)
  return (user + nice + system + steal) / TICKS_PER_SECOND
}

/** https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat, of the main thread */
function sumOf(pids: readonly number[], what: 'ran' | 'waited'): number {
  const field = what === 'ran' ? 0 : 1
  return pids.reduce((sum, pid) => {
    if (what === 'waited') return sum + Number(readOrNothing(`/proc/${pid}/schedstat`).split(' ')[field] ?? 0) / 1e9
    // The second field is the command in brackets and may contain anything.
    const stat = readOrNothing(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ')
    // Its own time and that of children which have ended, in user and kernel mode.
    return sum + stat.slice(11, 15).reduce((ticks, field) => ticks + Number(field), 0) / TICKS_PER_SECOND
  }, 0)
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Forgets a process's peak memory so far, where the system can. */
export function resetPeakMemory(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // Then the peak is that of the whole life.
  }
}

/** Resident memory in MB, now and at its peak; `undefined` where the system does not say. */
export function memoryOf(pid: number): { now: number; peak: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
    return { now: kilobytes('VmRSS') / 1024, peak: kilobytes('VmHWM') / 1024 }
  } catch {
    return undefined
  }
}
