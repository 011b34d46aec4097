import type { Plugin } from 'vite'
import type { CorsDevOptions } from './options/types'
import { vitePlugins } from './plugin/vite'

/** The plugin for Vite: `plugins: [corsDev()]`. */
// Not by way of `unplugin`, which would only pass it on: loading it is most of what the plugin costs a start of Vite.
const corsDev = (options: CorsDevOptions = {}): Plugin[] => vitePlugins(options)

export default corsDev
// What `require()` returns.
export { corsDev as 'module.exports' }
export type { CorsDevOptions } from './options/types'
