import { version } from '../../package.json'
import { CorsDevError, type Issue } from '../options/errors'
import { nearestName } from '../options/nearest-name'
import { existsSync } from 'node:fs'
import { argumentIssue, describeArguments, describeWord, parseArguments } from './arguments'
import { check } from './check'
import { type Command, EXIT, type Surroundings } from './command'
import { proxy } from './proxy'
import { serve } from './serve'
import { describeTerminal, neutralise, wrap } from './terminal'

const NAME = 'unplugin-cors-dev'

const COMMANDS: readonly Command[] = [serve, proxy, check]

/** Runs the command that the arguments name; says which exit code it ends with. */
export async function run(args: readonly string[], process: NodeJS.Process): Promise<number> {
  const { stdout, stderr, env, platform } = process
  const surroundings: Surroundings = {
    name: `${NAME} ${version}`,
    env,
    print: (text) => stdout.write(text),
    complain: (text) => stderr.write(text),
    terminal: describeTerminal(stdout, env, platform),
    untilStopped: () =>
      new Promise((resolve) => {
        // Once: whoever does not want to wait for the end says so a second time.
        for (const [signal, number] of [
          ['SIGINT', 2],
          ['SIGTERM', 15],
        ] as const)
          process.once(signal, () => resolve(128 + number))
      }),
  }
  // `… | head`: who reads no further needs no more.
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }

  const [first, ...others] = args
  const named = COMMANDS.find(({ name }) => name === first)
  const command = named ?? serve
  const rest = named ? others : args
  const ownArgs = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : undefined)
  try {
    if (first === '--help' || first === '-h' || first === 'help') return print(surroundings, help(surroundings))
    if (first === '--version' || first === '-v') return print(surroundings, `${version}\n`)
    if (ownArgs.includes('--help') || ownArgs.includes('-h'))
      return print(surroundings, commandHelp(command, surroundings))
    const mistaken = named ? undefined : mistakenCommand(first)
    if (mistaken) throw new CorsDevError([mistaken])
    const { given, issues } = parseArguments(command.arguments, rest)
    const prepared = command.prepare(given)
    issues.push(...prepared.issues)
    if (issues.length > 0) throw new CorsDevError(issues)
    return await prepared.run(surroundings)
  } catch (error) {
    if (!(error instanceof CorsDevError)) throw error
    stderr.write(`${error.message.split('\n').map(neutralise).join('\n')}\n`)
    const topic = named ? ` ${named.name}` : ''
    stderr.write(`\n${NAME}${topic} --help says what can be written.\n`)
    return EXIT.undecided
  }
}

function print({ print }: Surroundings, text: string): number {
  print(text)
  return 0
}

/** What stands where a folder would, and was meant for a command. */
function mistakenCommand(first: string | undefined): Issue | undefined {
  if (first === undefined || existsSync(first)) return undefined
  const names = COMMANDS.map(({ name }) => name)
  const list = `there are ${names.join(', ')}`
  if (/^(?:https?|wss?):/i.test(first)) {
    const instead = `Write ${NAME} proxy <url>, or ${NAME} check <url>`
    return argumentIssue('<command>', first, `is no command: it is a URL, and ${list}`, instead)
  }
  const nearest = nearestName(first, names)
  if (nearest === undefined) return undefined
  return argumentIssue('<command>', first, `is neither a folder nor a command: ${list}`, `Write ${NAME} ${nearest}`)
}

function help({ terminal: { width } }: Surroundings): string {
  return lines(
    `${NAME} ${version}`,
    '',
    'Commands',
    ...COMMANDS.flatMap((command) => [
      `  ${usage(command)}`,
      ...wrap(command.summary, width - 6).map((line) => `      ${line}`),
    ]),
    '',
    'Options',
    '  -h, --help     this, or with a command what that takes',
    '  -v, --version  the version',
  )
}

function commandHelp(command: Command, { terminal: { width } }: Surroundings): string {
  return lines(
    `${NAME} ${usage(command)} [options]`,
    '',
    ...wrap(command.summary, width),
    '',
    ...describeArguments(command.arguments, width),
    '',
    // What is indented is to be copied as it stands.
    ...command.notes.flatMap((note) => (note.startsWith(' ') ? note : wrap(note, width))),
  )
}

function usage({ name, isUsual, arguments: { words } }: Command): string {
  return [isUsual ? `[${name}]` : name, ...words.map(describeWord)].join(' ')
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
