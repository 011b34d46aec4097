import { readFile } from 'node:fs/promises'
import type { SourceMapPayload } from 'node:module'
import { isAbsolute, join, relative, sep } from 'node:path'
import type { ViteDevServer } from 'vite'
import type { CodePlace } from '../exchange/wire'
import type { WrittenPlace } from './learner'
import { lineThatReadsSame, originalPlace } from './original-line'

/** Where the developer wrote what Vite has served. */
export async function placeInVite(server: ViteDevServer, place: CodePlace): Promise<WrittenPlace | undefined> {
  const { root, base, publicDir } = server.config
  const { pathname, search } = new URL(place.url)
  if (!pathname.startsWith(base)) return undefined
  const path = `/${decodeURI(pathname.slice(base.length))}`
  // What Vite puts behind URLs to have them loaded anew.
  const query = search.replace(/([?&])(?:t=\d+|import)(?:&|$)/g, '$1').replace(/[?&]$/, '')
  const module = server.environments.client.moduleGraph.urlToModuleMap.get(path + query)
  if (module?.file) {
    const map = module.transformResult?.map as SourceMapPayload | null | undefined
    const file = relative(root, module.file).split(sep).join('/')
    const isDependency = /[\\/]node_modules[\\/]/.test(module.file) || path.startsWith('/@vite/')
    return { file, line: originalPlace(map, place)?.line ?? place.line, isDependency }
  }
  if (path.startsWith('/@')) return { file: path.slice(1), line: place.line, isDependency: true }
  const isPage = path.endsWith('/') || path.endsWith('.html')
  if (isPage) return placeInPage(server, path.replace(/\/$/, '/index.html'), place.line)
  const file = relative(root, join(publicDir, path))
  return file.startsWith('..') || isAbsolute(file) ? undefined : { file: file.split(sep).join('/'), line: place.line }
}

/** A page is served with more in it than was written. */
async function placeInPage(server: ViteDevServer, path: string, line: number): Promise<WrittenPlace> {
  const file = path.slice(1)
  const written = await readFile(join(server.config.root, file), 'utf8').catch(() => undefined)
  if (written === undefined) return { file }
  return { file, line: lineThatReadsSame(await server.transformIndexHtml(path, written), line, written) }
}
