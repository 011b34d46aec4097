/** The far side of `process.ts`: what a process of a bench answers to. */

export type Commands = Record<string, (argument: never) => unknown>

export interface Question {
  id: number
  command: string
  argument: unknown
}

export interface Answer {
  id: number
  value?: unknown
  error?: string
}

/** Answers the bench's questions, and ends with the bench, however that ends. */
export function answerCommands(commands: Commands): void {
  process.on('message', (message) => void answer(message as Question))
  process.on('disconnect', () => process.exit())

  async function answer({ id, command, argument }: Question): Promise<void> {
    let reply: Answer
    try {
      const run = commands[command]
      if (!run) throw new Error(`no command "${command}"`)
      reply = { id, value: await run(argument as never) }
    } catch (error) {
      reply = { id, error: (error as Error).stack ?? String(error) }
    }
    process.send?.(reply)
  }
}
