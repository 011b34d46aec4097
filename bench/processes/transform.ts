/** A Vite that transforms every module of a project again and again, with the plugin or without. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer, type ViteDevServer } from 'vite'
import type * as Entry from '../../src/vite.ts'
import { answerCommands } from './worker.ts'

export interface TransformSettings {
  root: string
  package: string
  withPlugin: boolean
  modules: number
}

let vite: ViteDevServer | undefined
let urls: string[] = []

answerCommands({
  async start({ root, package: folder, withPlugin, modules }: TransformSettings) {
    mkdirSync(join(root, 'src'))
    urls = Array.from({ length: modules }, (_, index) => `/src/module-${index}.ts`)
    for (const [index, url] of urls.entries()) writeFileSync(join(root, url), moduleText(index))
    const { default: corsDev } = (await import(join(folder, 'dist/vite.js'))) as typeof Entry
    vite = await createServer({
      configFile: false,
      root,
      clearScreen: false,
      plugins: withPlugin ? [corsDev({ targets: { '/api': 'http://127.0.0.1:4001' } })] : [],
      server: { host: '127.0.0.1', port: 0 },
    })
    await vite.listen()
  },
  /** Milliseconds for all modules. */
  async run() {
    if (!vite) throw new Error('there is no Vite')
    const { client } = vite.environments
    client.moduleGraph.invalidateAll()
    const start = performance.now()
    for (const url of urls) await client.transformRequest(url)
    return performance.now() - start
  },
})

function moduleText(index: number): string {
  return `
    interface User { id: number; name: string }
    export const path${index}: string = '/api/users/${index}'
    export async function load${index}(id: number): Promise<User | undefined> {
      const response = await fetch(\`\${path${index}}/\${id}\`)
      return response.ok ? ((await response.json()) as User) : undefined
    }
    export class Store${index} { users: User[] = []; add(user: User): void { this.users.push(user) } }
    if (import.meta.hot) import.meta.hot.accept()
  `
}
