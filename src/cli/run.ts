import { version } from '../../package.json'
import { CorsDevError, type Issue } from '../options/errors'
import { nearestName } from '../options/nearest-name'
import { argumentIssue, describeArguments, parseArguments } from './arguments'
import { check } from './check'
import { type Command, EXIT, type Surroundings } from './command'
import { describeTerminal, neutralise, wrap } from './terminal'

const NAME = 'unplugin-cors-dev'

const COMMANDS: readonly Command[] = [check]

/** Runs the command that the arguments name; says which exit code it ends with. */
export async function run(args: readonly string[], process: NodeJS.Process): Promise<number> {
  const { stdout, stderr, env, platform } = process
  const surroundings: Surroundings = {
    env,
    print: (text) => stdout.write(text),
    terminal: describeTerminal(stdout, env, platform),
  }
  // `… | head`: who reads no further needs no more.
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }

  const [first, ...rest] = args
  const command = COMMANDS.find(({ name }) => name === first)
  const ownArgs = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : undefined)
  try {
    if (command) {
      if (ownArgs.includes('--help') || ownArgs.includes('-h'))
        return print(surroundings, commandHelp(command, surroundings))
      const { given, issues } = parseArguments(command.arguments, rest)
      const prepared = command.prepare(given)
      issues.push(...prepared.issues)
      if (issues.length > 0) throw new CorsDevError(issues)
      return await prepared.run(surroundings)
    }
    if (first === '--help' || first === '-h' || first === 'help') return print(surroundings, help(surroundings))
    if (first === '--version' || first === '-v') return print(surroundings, `${version}\n`)
    throw new CorsDevError([unknownCommand(first)])
  } catch (error) {
    if (!(error instanceof CorsDevError)) throw error
    stderr.write(`${error.message.split('\n').map(neutralise).join('\n')}\n`)
    const topic = command ? ` ${command.name}` : ''
    stderr.write(`\n${NAME}${topic} --help says what can be written.\n`)
    return EXIT.undecided
  }
}

function print({ print }: Surroundings, text: string): number {
  print(text)
  return 0
}

function unknownCommand(first: string | undefined): Issue {
  const names = COMMANDS.map(({ name }) => name)
  const list = `there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`
  if (first === undefined)
    return argumentIssue('<command>', undefined, `is missing: ${list}`, `Write ${NAME} check <url>`)
  if (/^(?:https?|wss?):/i.test(first))
    return argumentIssue('<command>', first, `is no command: it is a URL, and ${list}`, `Write ${NAME} check <url>`)
  const nearest = nearestName(first, names) ?? names[0]
  return argumentIssue('<command>', first, `is no command: ${list}`, `Write ${NAME} ${nearest}`)
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

function usage({ name, arguments: { words } }: Command): string {
  return [name, ...words.map((word) => `<${word.name}>`)].join(' ')
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
