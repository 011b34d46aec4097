import type { Plugin } from 'vite'
import type { CorsDevOptions } from './options/types'
import { unplugin } from './plugin/unplugin'

/** The plugin for Vite: `plugins: [corsDev()]`. */
const corsDev: (options?: CorsDevOptions) => Plugin = unplugin.vite

export default corsDev
// For `require()`.
export { corsDev as 'module.exports' }
