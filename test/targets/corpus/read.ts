import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { codeOf, type Fragment, parseFragments, URL_START } from './fragment'

export interface CorpusFile {
  package: string
  file: string
  code: string
  urls: JudgedUrl[]
}

/** A URL of the corpus, as it was judged by hand. */
export interface JudgedUrl {
  /** 1-based. */
  line: number
  isApi: boolean
  /** From the scheme to the end of its line. */
  text: string
}

const HERE = new URL('.', import.meta.url)

export function readCorpus(): CorpusFile[] {
  return readdirSync(HERE)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .flatMap((name) =>
      parseFragments(readFileSync(fileURLToPath(new URL(name, HERE)), 'utf8')).map((fragment) => ({
        package: name.replace('.txt', ''),
        file: fragment.file,
        code: codeOf(fragment),
        urls: judgedUrls(fragment),
      })),
    )
}

function judgedUrls({ file, lines }: Fragment): JudgedUrl[] {
  return lines.flatMap(({ marks, code }, index) => {
    const starts = [...code.matchAll(URL_START)].map((match) => match.index)
    if (starts.length !== marks.length || marks.includes('?')) {
      throw new Error(`${file}:${index + 1} has ${starts.length} URLs and the marks "${marks}"`)
    }
    return starts.map((start, position) => ({
      line: index + 1,
      isApi: marks[position] === '+',
      text: code.slice(start),
    }))
  })
}
