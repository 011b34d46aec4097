import type { RspackPluginInstance } from '@rspack/core'
import type { CorsDevOptions } from './options/types'
import { unplugin } from './plugin/unplugin'
import { withCorsDev } from './plugin/webpack'

/** The plugin for Rspack: `plugins: [corsDev()]`. */
const corsDev: ((options?: CorsDevOptions) => RspackPluginInstance) & { withCorsDev: typeof withCorsDev } =
  Object.assign((options?: CorsDevOptions) => unplugin.rspack(options), { withCorsDev })

export default corsDev
// What `require()` returns; there, `withCorsDev` is its property.
export { corsDev as 'module.exports', withCorsDev }
export type { CorsDevOptions } from './options/types'
