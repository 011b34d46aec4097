/**
 * Makes the corpus anew: `node test/targets/corpus/cut.ts [package…]` downloads the packages into `.cache/corpus`, cuts the files
 * down to what their URLs depend on, and writes one file per package beside this one. Marks are kept; a new URL is
 * marked `?`, for a person to judge. Tests need none of this.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'vite'
import { type Fragment, parseFragments, printFragments, URL_START } from './fragment.ts'
import { corpusName, type CorpusPackage, PACKAGES } from './packages.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const CACHE = fileURLToPath(new URL('../../../.cache/corpus/', import.meta.url))

interface AstNode {
  type: string
  start: number
  end: number
}

/** Lists of which an item can be left out without changing what the others mean. */
const LISTS = ['body', 'properties', 'members', 'cases', 'children']

/** Some files link to the documentation of every function. */
const MOST_COMMENTS = 2

const wanted = process.argv.slice(2)
for (const corpusPackage of PACKAGES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const folder = download(corpusPackage)
  const path = join(HERE, `${corpusName(corpusPackage)}.txt`)
  const known = existsSync(path) ? parseFragments(readFileSync(path, 'utf8')) : []
  const fragments = corpusPackage.files.map((file) =>
    marked(
      file,
      cut(file, readFileSync(join(folder, file), 'utf8')),
      known.find((fragment) => fragment.file === file),
    ),
  )
  const { name, version, licence, copyright } = corpusPackage
  writeFileSync(path, `${name}@${version}\nExcerpts, ${licence}, © ${copyright}\n\n${printFragments(fragments)}`)
  const open = fragments.flatMap(({ lines }) => lines).filter(({ marks }) => marks.includes('?')).length
  console.log(`${name}: ${fragments.length} files, ${open} lines to judge`)
}

function download({ name, version }: CorpusPackage): string {
  const folder = join(CACHE, `${name.replace('/', '+')}@${version}`)
  if (existsSync(join(folder, 'package.json'))) return folder
  mkdirSync(folder, { recursive: true })
  const archive = execFileSync('npm', ['pack', '--silent', `${name}@${version}`], { cwd: folder, encoding: 'utf8' })
  execFileSync('tar', ['xzf', archive.trim(), '--strip-components=1'], { cwd: folder })
  rmSync(join(folder, archive.trim()))
  return folder
}

function marked(file: string, code: string, known: Fragment | undefined): Fragment {
  const before = new Map(known?.lines.map((line) => [line.code.trim(), line.marks]))
  const lines = code.split('\n').map((line) => {
    const count = line.match(URL_START)?.length ?? 0
    return { code: line, marks: count === 0 ? '' : (before.get(line.trim()) ?? '?'.repeat(count)) }
  })
  return { file, lines }
}

function cut(file: string, text: string): string {
  const source = text.replace(/\r\n?/g, '\n')
  const whole = /\.(?:vue|svelte|html)$/.test(file)
    ? source
        .replace(/<style\b[^>]*>[^]*?<\/style>\n?/g, '')
        .replace(/(<script\b(?![^>]*(?:importmap|json))[^>]*>\n?)([^]*?)(<\/script>)/g, (_, open, script, close) => {
          const outside = source.replaceAll(script as string, '')
          return open + cutScript(/lang="ts"/.test(open as string) ? 'a.ts' : 'a.js', script as string, outside) + close
        })
    : cutScript(file, source)
  const fragment = whole
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{2,}/g, '\n')
    .trim()
  return fragment
}

function cutScript(file: string, code: string, outside = ''): string {
  let rest = code
  // What is left out may have been all that another statement was needed for.
  for (let round = 0; round < 4; round++) rest = cutOnce(file, rest, outside)
  return rest
}

function cutOnce(file: string, code: string, outside: string): string {
  const lang = file.endsWith('.tsx') ? 'tsx' : file.endsWith('.ts') ? 'ts' : 'jsx'
  const { program, errors, comments } = parseSync(`file.${lang}`, code, { lang })
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`)
  const names = namesOfUrls(program, code)
  const isNeeded = (text: string): boolean =>
    text.search(URL_START) >= 0 || names.some((name) => name.test(text)) || isForTemplate(text, outside)
  const gone: [start: number, end: number][] = []
  const withUrls = comments.filter(({ start, end }) => code.slice(start, end).search(URL_START) >= 0)
  for (const comment of comments) {
    if (!withUrls.slice(0, MOST_COMMENTS).includes(comment)) gone.push([comment.start, comment.end])
  }

  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit)
    if (typeof node !== 'object' || node === null || !('type' in node)) return
    for (const [key, child] of Object.entries(node)) {
      if (!LISTS.includes(key) || !Array.isArray(child) || (node as AstNode).type === 'ObjectPattern') {
        visit(child)
        continue
      }
      for (const item of child as AstNode[]) {
        const text = code.slice(item.start, item.end)
        const isBinding = item.type === 'ImportDeclaration' || item.type === 'JSXClosingElement'
        if (isBinding ? isImportNeeded(item, code, outside) : isNeeded(text)) visit(item)
        else gone.push([item.start, endWithComma(code, item.end)])
      }
    }
  }
  visit(program)
  let rest = code
  let lowest = Infinity
  for (const [start, end] of gone.sort((a, b) => b[0] - a[0] || b[1] - a[1])) {
    if (end > lowest) continue
    const shorter = rest.slice(0, start) + rest.slice(end)
    lowest = start
    rest = shorter
  }
  const check = parseSync(`file.${lang}`, rest, { lang })
  return check.errors.length > 0 ? code : rest
}

/** Names whose mention says what a URL is for: `const BASE = 'https://…'`, `{ apiRoot: 'https://…' }`, and what is made of them. */
function namesOfUrls(program: AstNode, code: string): RegExp[] {
  const variables = new Set<string>()
  const properties = new Set<string>()
  const isTelling = (text: string): boolean =>
    text.length < 2000 && (text.search(URL_START) >= 0 || [...variables].some((name) => mention(name).test(text)))
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit)
    if (typeof node !== 'object' || node === null) return
    const { type, id, init, key, value, left, right } = node as Record<string, AstNode & { name: string }> & {
      type?: string
    }
    if (type === 'VariableDeclarator' && id?.type === 'Identifier' && isValue(init)) {
      if (isTelling(code.slice(init.start, init.end))) variables.add(id.name)
    }
    const property = type === 'AssignmentExpression' ? (left as unknown as { property?: typeof key }).property : key
    const held = type === 'AssignmentExpression' ? right : value
    if (property?.type === 'Identifier' && property.name.length > 4 && isValue(held)) {
      if (isTelling(code.slice(held.start, held.end)) && !/Object|Array/.test(held.type)) properties.add(property.name)
    }
    Object.values(node).forEach(visit)
  }
  visit(program)
  visit(program)
  for (const name of ['title', 'description', 'message', 'attribution', 'children']) properties.delete(name)
  return [...[...variables].map(mention), ...[...properties].map((name) => new RegExp(`\\b${escape(name)}\\b`))]
}

function isValue(node: AstNode | undefined): node is AstNode {
  return node !== undefined && node !== null && !/Function|Class|JSX|Await|Call/.test(node.type)
}

function mention(name: string): RegExp {
  return new RegExp(`(?<![\\w$.])${escape(name)}(?![\\w$])`)
}

/** A template stays whole, and needs what it mentions. */
function isForTemplate(text: string, outside: string): boolean {
  return outside !== '' && text.length < 400 && /^(?:(?:export )?(?:let|const|function)\b|\$:)/.test(text)
}

function isImportNeeded({ start, end }: AstNode, code: string, outside: string): boolean {
  const rest = code.slice(0, start) + code.slice(end) + outside
  const locals = code.slice(start, end).match(/[A-Za-z_$][\w$]*/g) ?? []
  return locals.some(
    (name) =>
      !/^(?:import|from|as|type)$/.test(name) &&
      new RegExp(`(?<![\\w$./-])${escape(name)}(?![\\w$])`).test(rest.replace(/^import[^]*?from.*$/gm, '')),
  )
}

function endWithComma(code: string, end: number): number {
  return end + (/^\s*[,;]/.exec(code.slice(end))?.[0].length ?? 0)
}

function escape(text: string): string {
  return text.replace(/[$]/g, '\\$')
}
