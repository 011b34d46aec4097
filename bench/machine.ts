/** The machine that is measured on: its cores, and what else runs on it. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, platform, release } from 'node:os'

/** Whose figures are taken runs alone on one core; all that only helps to take them shares the other. */
export type Core = 'contestant' | 'helpers'

const CORE_NUMBERS: Record<Core, number> = { helpers: 0, contestant: 1 }

/** Without `taskset` (macOS, Windows) the system decides, and CPU time per request stays the steadiest figure. */
export const PINS = availableParallelism() >= 2 && spawnSync('taskset', ['-V']).status === 0

/** A command that runs `words` on one core, where that can be had. */
export function pinned(core: Core, words: readonly string[]): [command: string, ...args: string[]] {
  const [command = '', ...args] = words
  return PINS ? ['taskset', '-c', String(CORE_NUMBERS[core]), command, ...args] : [command, ...args]
}

export function describeMachine(): Record<string, string | number | boolean> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    system: `${platform()} ${release()}`,
    node: process.version,
    pinned: PINS,
  }
}

/** As Linux counts in /proc. */
const TICKS_PER_SECOND = 100

/**
 * Starts to watch for load that is none of ours.
 *
 * @param pids - all processes of this run
 * @returns a function that tells the share of one core that others took meanwhile; `undefined` where that can't be told
 */
export function watchForeignLoad(pids: readonly number[]): () => number | undefined {
  const start = performance.now()
  const before = ticks(pids)
  return () => {
    const after = ticks(pids)
    const seconds = (performance.now() - start) / 1000
    if (!before || !after) return undefined
    const foreign = after.all - before.all - (after.ours - before.ours)
    return Math.max(0, foreign / TICKS_PER_SECOND / seconds)
  }
}

function ticks(pids: readonly number[]): { all: number; ours: number } | undefined {
  try {
    const [, user = 0, nice = 0, system = 0, , , , , steal = 0] = (
      /^cpu .*$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[0] ?? ''
    )
      .split(/ +/)
      .map(Number)
    return { all: user + nice + system + steal, ours: pids.reduce((sum, pid) => sum + ticksOf(pid), 0) }
  } catch {
    return undefined
  }
}

function ticksOf(pid: number): number {
  try {
    // The second field is the command in brackets and may contain anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return Number(fields[11]) + Number(fields[12])
  } catch {
    return 0
  }
}

/** Forgets a process's peak memory so far, where the system can. */
export async function resetPeakMemory(pid: number): Promise<void> {
  const { writeFile } = await import('node:fs/promises')
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {})
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
