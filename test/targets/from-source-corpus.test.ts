import { expect, test } from 'vitest'
import { parseAst } from 'vite'
import { urlsInHtml } from '../../src/targets/urls-in-html'
import { readCorpus } from './corpus/read'
import { findThroughVite } from './corpus/through-vite'

test('x', async () => {
  const files = readCorpus().filter(({ file }) => !file.endsWith('.html'))
  const results = await findThroughVite(files)
  const html = readCorpus().filter(({ file }) => file.endsWith('.html'))
  for (const file of html) {
    const parse = (code: string) => { try { return parseAst(code) as never } catch (error) { console.log('NOPARSE', file.file, String(error).slice(0,200)); return undefined } }
    results.set(file, { found: urlsInHtml(file.code, parse).map((url) => ({ ...url, line: file.code.slice(0, url.start).split('\n').length })) })
  }
  let tp = 0, fp = 0, fn = 0, lines = 0
  for (const [file, { found, error }] of results) {
    if (error) console.log('ERR', file.package, file.file, error.message.split('\n')[0])
    const open = [...file.urls]
    const hit = new Set()
    for (const url of found) {
      const text = url.url.slice(0, 60)
      const candidates = open.filter((judged) => !hit.has(judged) && (judged.text.startsWith(text) || text.startsWith(judged.text.split(/[$'"`]/)[0])))
      const judged = candidates.find(({ line }) => line === url.line) ?? candidates[0]
      if (!judged) { console.log('LOST', file.package, file.file, url); continue }
      if (judged.line === url.line) lines++
      hit.add(judged)
      if (judged.isApi) tp++
      else { fp++; console.log('FP', file.package, file.file + ':' + judged.line, url.name, url.url) }
    }
    for (const judged of open) if (judged.isApi && !hit.has(judged)) { fn++; console.log('FN', file.package, file.file + ':' + judged.line, judged.text) }
  }
  console.log({ tp, fp, fn, lines, precision: tp / (tp + fp), recall: tp / (tp + fn) })
  expect(1).toBe(1)
}, 120000)
