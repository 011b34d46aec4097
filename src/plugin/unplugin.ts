import { createUnplugin, type UnpluginInstance } from 'unplugin'
import type { CorsDevOptions } from '../options/types'
import { vitePlugins } from './vite'
import { applyToCompiler } from './webpack'

/** The plugin for all hosts: `unplugin.vite()`, `unplugin.webpack()`, `unplugin.rspack()`. */
export const unplugin: UnpluginInstance<CorsDevOptions | undefined, true> = createUnplugin((options) => {
  // This runs when a configuration is read, builds included, so it starts nothing and checks nothing: a mistake in a
  // tool for development must not break a build.
  const [main, styles, source] = vitePlugins(options ?? {})
  return [
    {
      name: main.name,
      enforce: 'pre',
      vite: main,
      webpack: (compiler) => applyToCompiler(compiler, options ?? {}),
      rspack: (compiler) => applyToCompiler(compiler, options ?? {}),
    },
    { name: styles.name, vite: styles },
    { name: source.name, enforce: 'post', vite: source },
  ]
})
