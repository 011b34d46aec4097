import type { WebpackPluginInstance } from 'webpack'
import type { CorsDevOptions } from './options/types'
import { unplugin } from './plugin/unplugin'
import { withCorsDev } from './plugin/webpack'

/** The plugin for webpack: `plugins: [corsDev()]`. */
const corsDev: ((options?: CorsDevOptions) => WebpackPluginInstance) & { withCorsDev: typeof withCorsDev } =
  Object.assign((options?: CorsDevOptions) => unplugin.webpack(options), { withCorsDev })

export default corsDev
// What `require()` returns; there, `withCorsDev` is its property.
export { corsDev as 'module.exports', withCorsDev }
export type { CorsDevOptions } from './options/types'
