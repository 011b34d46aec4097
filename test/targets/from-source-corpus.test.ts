/**
 * How well the URLs that are called are told from those that are not, in sources of real projects judged by hand:
 * `corpus/`. Modules go through Vite and the plugins of their frameworks, as they do in a dev server.
 */
import { parseAst } from 'vite'
import { beforeAll, describe, expect, it } from 'vitest'
import type { SyntaxNode } from '../../src/targets/syntax-tree'
import { urlsInHtml } from '../../src/targets/urls-in-html'
import { corpusName, PACKAGES } from './corpus/packages'
import { type CorpusFile, type JudgedUrl, readCorpus } from './corpus/read'
import { findThroughVite, type FoundUrl } from './corpus/through-vite'

interface Result {
  file: CorpusFile
  url: string
  isApi: boolean
  isFound: boolean
  /** Whether it was found on the line where it stands. */
  isOnLine: boolean
}

/** What no rule was made for. */
const HELD_OUT = new Set(PACKAGES.filter(({ isHeldOut }) => isHeldOut).map(corpusName))

const isHeldOut = ({ file }: Result): boolean => HELD_OUT.has(file.package)

let results: Result[]
let files: CorpusFile[]
const errors: string[] = []

beforeAll(async () => {
  files = readCorpus()
  const isHtml = ({ file }: CorpusFile): boolean => file.endsWith('.html')
  const modules = await findThroughVite(files.filter((file) => !isHtml(file)))
  results = files.flatMap((file) => {
    const { found, error } = isHtml(file) ? findInHtml(file) : (modules.get(file) ?? { found: [] })
    if (error) errors.push(`${file.package} ${file.file}: ${error.message}`)
    return compare(file, found)
  })
}, 120_000)

function findInHtml({ code }: CorpusFile): { found: FoundUrl[]; error?: Error } {
  const parse = (script: string): SyntaxNode => parseAst(script)
  const found = urlsInHtml(code, parse).map((url) => ({ ...url, line: code.slice(0, url.start).split('\n').length }))
  return { found }
}

function compare(file: CorpusFile, found: readonly FoundUrl[]): Result[] {
  const matches = new Map<JudgedUrl, FoundUrl>()
  for (const url of found) {
    const isSame = ({ text }: JudgedUrl): boolean => text.startsWith(url.url) || url.url.startsWith(beginningOf(text))
    const open = file.urls.filter((judged) => !matches.has(judged) && isSame(judged))
    const judged = open.find(({ line }) => line === url.line) ?? open[0]
    if (judged) matches.set(judged, url)
    else errors.push(`${file.package} ${file.file}: found ${url.url}, which was not judged`)
  }
  return file.urls.map((judged) => {
    const match = matches.get(judged)
    const { text, line, isApi } = judged
    return {
      file,
      url: `${file.package} ${file.file}:${line} ${beginningOf(text)}`,
      isApi,
      isFound: match !== undefined,
      isOnLine: match?.line === line,
    }
  })
}

const beginningOf = (text: string): string => /^[^'"`$\s]*/.exec(text)?.[0] ?? ''

function score(of: readonly Result[]): {
  urls: number
  apis: number
  found: number
  precision: number
  recall: number
} {
  const found = of.filter(({ isFound }) => isFound)
  const right = found.filter(({ isApi }) => isApi).length
  const apis = of.filter(({ isApi }) => isApi).length
  return { urls: of.length, apis, found: found.length, precision: right / found.length, recall: right / apis }
}

describe('in the corpus', () => {
  it('every module goes through the dev server, and everything found was judged', () => {
    expect(errors).toEqual([])
    expect(new Set(files.map((file) => file.package)).size).toBeGreaterThanOrEqual(40)
  })

  it('95 of 100 URLs found are called, and 90 of 100 that are called are found', () => {
    const extensions = [...new Set(files.map(({ file }) => /\.\w+$/.exec(file)?.[0] ?? ''))].sort()
    const ofExtension = (extension: string): Result[] => results.filter(({ file }) => file.file.endsWith(extension))
    console.table({
      ...Object.fromEntries(extensions.map((extension) => [extension, score(ofExtension(extension))])),
      'held out': score(results.filter(isHeldOut)),
      all: score(results),
    })
    console.log(
      'found, but not called:',
      results.filter(({ isFound, isApi }) => isFound && !isApi).map(({ url }) => url),
    )
    console.log(
      'called, but not found:',
      results.filter(({ isFound, isApi }) => !isFound && isApi).map(({ url }) => url),
    )
    for (const { precision, recall } of [score(results), score(results.filter(isHeldOut))]) {
      expect(precision).toBeGreaterThanOrEqual(0.95)
      expect(recall).toBeGreaterThanOrEqual(0.9)
    }
  })

  it('each is told with the line on which the developer wrote it', () => {
    expect(results.filter(({ isFound, isOnLine }) => isFound && !isOnLine).map(({ url }) => url)).toEqual([])
  })
})
