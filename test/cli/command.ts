/** The command as it is installed, in a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

const file = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

export interface CommandResult {
  code: number
  stdout: string
  stderr: string
}

export async function runCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  { cwd, file: path = file }: { cwd?: string; file?: string } = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [path, ...args], {
    ...(cwd !== undefined && { cwd }),
    // What CI or a terminal say of themselves is no part of the test, nor is a proxy on the way.
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number]
  return { code, stdout, stderr }
}

/** A command that goes on until it is told to stop. */
export interface RunningCommand {
  /** All that it has printed, without colours. */
  output(): string
  /** Resolves with the match, once there is one. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>
  /** Sends a signal; resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export function startCommand(
  args: readonly string[],
  { cwd, env = {}, file: path = file }: { cwd: string; env?: NodeJS.ProcessEnv; file?: string },
): RunningCommand {
  const child = spawn(process.execPath, [path, ...args], {
    cwd,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', XDG_CACHE_HOME: process.env.XDG_CACHE_HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.on('exit', kill)
  const exited = once(child, 'exit').finally(() => process.off('exit', kill))
  let printed = ''
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const resolve of waiting) resolve()
    waiting.clear()
  }
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += stripVTControlCharacters(text)
      wake()
    })
  child.on('close', wake)

  return {
    output: () => printed,
    async waitFor(pattern) {
      for (;;) {
        const match = pattern.exec(printed)
        if (match) return match
        if (child.exitCode !== null) throw new Error(`The command has ended:\n${printed}`)
        await new Promise<void>((resolve) => waiting.add(resolve))
      }
    },
    async stop(signal = 'SIGINT') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      const [code] = (await exited) as [number | null]
      return code
    },
  }
}
