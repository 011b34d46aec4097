/** A webpack-dev-server as a developer has it, compression and all. */
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import webpack from 'webpack'
import WebpackDevServer, { type Configuration } from 'webpack-dev-server'
import type { ContestantSettings } from '../contestants.ts'

const require = createRequire(import.meta.url)

export async function startWebpack(
  { root, https }: ContestantSettings,
  given: Configuration,
): Promise<{ port: number }> {
  const HtmlWebpackPlugin = require('html-webpack-plugin') as new (options: object) => webpack.WebpackPluginInstance
  const compiler = webpack({
    mode: 'development',
    context: root,
    entry: './main.js',
    plugins: [new HtmlWebpackPlugin({ template: join(root, 'index.html') })],
  })
  const options: Configuration = { port: 0, host: '127.0.0.1', ...(https && { server: 'https' as const }), ...given }
  const server = new WebpackDevServer(options, compiler)
  const compiled = new Promise<void>((resolve) => compiler.hooks.done.tap('bench', () => resolve()))
  await server.start()
  await compiled
  return { port: (server.server?.address() as AddressInfo).port }
}
