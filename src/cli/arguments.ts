import { isIP } from 'node:net'
import { parseArgs } from 'node:util'
import type { Issue } from '../options/errors'
import { nearestName } from '../options/nearest-name'
import { wrap } from './terminal'

/** What a command reads from its line, said once: for the parser, for `--help` and for messages. */
export interface ArgumentList {
  /** The words that are no options, in order. */
  words: readonly Word[]
  /** By long name, without the dashes. */
  options: Readonly<Record<string, OptionShape>>
}

export interface Word {
  name: string
  about: string
  example: string
  isOptional?: true
}

export interface OptionShape {
  /**
   * `flag` stands alone, `value` stands once with a value, `values` any number of times, `optional` alone or with a value
   * behind an equals sign: a word behind a space could be meant for itself.
   */
  kind: 'flag' | 'value' | 'values' | 'optional'
  short?: string
  /** What stands for the value in `--help`. */
  placeholder?: string
  about: string
  /** Whether the empty text is a value. */
  mayBeEmpty?: true
  /** Whether its value is a word, another way to give it. */
  isWord?: true
}

export interface GivenArguments {
  words: string[]
  /** Whether a flag is given. */
  has(name: string): boolean
  /** The value of an option. */
  value(name: string): string | undefined
  /** All values of an option that may stand several times. */
  values(name: string): readonly string[]
}

/** Every option's values, and every mistake: all are told at once. */
export function parseArguments(
  list: ArgumentList,
  args: readonly string[],
): { given: GivenArguments; issues: Issue[] } {
  const issues: Issue[] = []
  const report = (path: string, value: string | undefined, why: string, instead: string): void => {
    issues.push(argumentIssue(path, value, why, instead))
  }

  // Not strict, since that would throw at the first mistake. The tokens tell all there is to know.
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(list.options).map(([name, { kind, short }]) => [
        name,
        {
          type: kind === 'flag' || kind === 'optional' ? 'boolean' : 'string',
          multiple: true,
          ...(short !== undefined && { short }),
        } as const,
      ]),
    ),
  })

  const words: string[] = []
  const values = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const shape = Object.hasOwn(list.options, name) ? list.options[name] : undefined
    if (!shape) {
      report(rawName, undefined, ...unknownOption(rawName, list))
    } else if (shape.kind === 'flag') {
      if (value === undefined) values.set(name, [])
      else report(rawName, value, 'takes no value: it stands alone', `Write ${rawName}, or leave it out`)
    } else if (shape.kind === 'optional' && value === undefined) {
      values.set(name, [])
    } else if (isMissing(value, shape) || (!inlineValue && value.startsWith('-'))) {
      // `--origin --json`: the next option is not meant as a value.
      const example = value
        ? `${rawName}=${value}, if that is the value`
        : `${rawName} <${shape.placeholder ?? 'value'}>`
      report(rawName, undefined, `has no value: it needs one, ${shape.about}`, `Write ${example}`)
    } else if (shape.isWord) {
      words.push(value)
    } else if (shape.kind !== 'values' && values.has(name)) {
      report(rawName, value, `is given twice: only one value can count`, `Remove one of them`)
    } else {
      values.set(name, [...(values.get(name) ?? []), value])
    }
  }

  for (const { name, about, example, isOptional } of list.words.slice(words.length)) {
    if (!isOptional) report(`<${name}>`, undefined, `is missing: it is ${about}`, `Write ${example}`)
  }
  for (const extra of words.slice(list.words.length)) {
    const few = list.words.length === 1 ? `one <${list.words[0]?.name}>` : `${list.words.length} words`
    // Vite takes it behind a blank.
    const isHost = isIP(extra) !== 0 && Object.hasOwn(list.options, 'host')
    const instead = isHost ? `Write --host=${extra}` : 'Remove it, or quote what belongs together'
    report(`argument`, extra, `is one too many: the command takes ${few}`, instead)
  }

  return {
    issues,
    given: {
      words,
      has: (name) => values.has(name),
      value: (name) => values.get(name)?.[0],
      values: (name) => values.get(name) ?? [],
    },
  }
}

function isMissing(value: string | undefined, { mayBeEmpty }: OptionShape): value is undefined | '' {
  return value === undefined || (value === '' && !mayBeEmpty)
}

export function argumentIssue(path: string, value: string | undefined, why: string, instead: string): Issue {
  return { code: 'CORS_DEV_ARGUMENT', path, ...(value !== undefined && { value }), why, instead }
}

function unknownOption(rawName: string, list: ArgumentList): [why: string, instead: string] {
  const names = Object.keys(list.options)
  const nearest = rawName.startsWith('--') ? nearestName(rawName.slice(2), names) : undefined
  return [
    `is no known option: there are ${names.map((name) => `--${name}`).join(', ')}`,
    nearest === undefined ? 'Remove it' : `Did you mean --${nearest}? Write that`,
  ]
}

export function describeWord({ name, isOptional }: Word): string {
  return isOptional ? `[${name}]` : `<${name}>`
}

/** The lines of `--help` about words and options. */
export function describeArguments({ words, options }: ArgumentList, width: number): string[] {
  const rows = [
    ...words.map((word) => [describeWord(word), word.about] as const),
    ...Object.entries(options).map(([name, { kind, short, placeholder = 'value', about }]) => {
      const value = {
        flag: '',
        optional: `[=<${placeholder}>]`,
        value: ` <${placeholder}>`,
        values: ` <${placeholder}> …`,
      }
      const long = `--${name}${value[kind]}`
      return [`${short === undefined ? '    ' : `-${short}, `}${long}`, about] as const
    }),
    ['-h, --help', 'this'] as const,
  ]
  const column = Math.max(...rows.map(([left]) => left.length)) + 4
  return rows.flatMap(([left, about]) =>
    wrap(about, Math.max(width - column, 20)).map(
      (line, index) => `  ${index === 0 ? left : ''}`.padEnd(column) + line,
    ),
  )
}
