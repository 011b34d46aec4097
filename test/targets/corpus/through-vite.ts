import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import vue from '@vitejs/plugin-vue'
import { createServer, type Plugin } from 'vite'
import { type CalledUrl, mayCallUrl, urlsInProgram } from '../../../src/targets/urls-in-program'
import type { CorpusFile } from './read'

export interface FoundUrl extends CalledUrl {
  /** 1-based, in the file as it was written. */
  line: number
}

const TEMPORARY = fileURLToPath(new URL('../../.tmp/', import.meta.url))

/** What is found in modules once Vite and the plugins of their frameworks have made JavaScript of them. */
export async function findThroughVite(
  files: readonly CorpusFile[],
): Promise<Map<CorpusFile, { found: FoundUrl[]; error?: Error }>> {
  mkdirSync(TEMPORARY, { recursive: true })
  const root = mkdtempSync(join(TEMPORARY, 'corpus-'))
  const results = new Map<CorpusFile, { found: FoundUrl[]; error?: Error }>()
  const byPath = new Map<string, CorpusFile>()
  for (const file of files) {
    // Many projects have JSX in `.js` files, and tell their bundler so.
    const path = join(file.package, file.file.replace(/\.js$/, '.jsx'))
    byPath.set(path, file)
    results.set(file, { found: [] })
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), file.code)
  }

  const others: Plugin = {
    name: 'others-are-empty',
    enforce: 'pre',
    resolveId: (id) =>
      byPath.has(id.split('?', 1)[0]?.slice(1) ?? '') || /plugin-vue/.test(id) ? undefined : `\0empty:${id}`,
    load: (id) => (id.startsWith('\0empty:') ? '' : undefined),
  }
  const probe: Plugin = {
    name: 'probe',
    enforce: 'post',
    transform(code, id) {
      const file = byPath.get(
        relative(root, id.split('?', 1)[0] ?? '')
          .split(sep)
          .join('/'),
      )
      if (!file || !mayCallUrl(code)) return
      const map = new SourceMap(this.getCombinedSourcemap() as never)
      for (const url of urlsInProgram(this.parse(code))) {
        const before = code.slice(0, url.start).split('\n')
        const entry = map.findEntry(before.length - 1, before.at(-1)?.length ?? 0)
        results.get(file)?.found.push({ ...url, line: 'originalLine' in entry ? entry.originalLine + 1 : 0 })
      }
    },
  }
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    appType: 'custom',
    server: { middlewareMode: true, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
    plugins: [others, vue(), svelte({ configFile: false }), probe],
  })
  try {
    for (const [path, file] of byPath) {
      try {
        await server.environments.client.transformRequest(`/${path}`)
      } catch (error) {
        const result = results.get(file)
        if (result) result.error = error as Error
      }
    }
  } finally {
    await server.close()
    rmSync(root, { recursive: true, force: true })
  }
  return results
}
