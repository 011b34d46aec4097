import { createUnplugin, type UnpluginInstance } from 'unplugin'
import type { CorsDevOptions } from '../options/types'
import { NAME } from './name'
import { vitePlugin } from './vite'
import { applyToCompiler } from './webpack'

/** The plugin for all hosts: `unplugin.vite()`, `unplugin.webpack()`, `unplugin.rspack()`. */
export const unplugin: UnpluginInstance<CorsDevOptions | undefined, false> = createUnplugin((options) => ({
  // This runs when a configuration is read, builds included, so it starts nothing and checks nothing: a mistake in a
  // tool for development must not break a build.
  name: NAME,
  enforce: 'pre',
  vite: vitePlugin(options ?? {}),
  webpack: (compiler) => applyToCompiler(compiler, options ?? {}),
  rspack: (compiler) => applyToCompiler(compiler, options ?? {}),
}))
