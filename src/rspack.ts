import type { RspackPluginInstance } from '@rspack/core'
import type { CorsDevOptions } from './options/types'
import { unplugin } from './plugin/unplugin'
import { withCorsDev as wrapDevServerOptions } from './plugin/webpack'

/**
 * Options for a dev server built by hand: `new RspackDevServer(withCorsDev({ … }), compiler)`. Without the plugin in the
 * configuration, the second argument takes its options.
 */
export const withCorsDev: <Options extends object>(devServerOptions: Options, options?: CorsDevOptions) => Options =
  wrapDevServerOptions

/** The plugin for Rspack: `plugins: [corsDev()]`. */
const corsDev: ((options?: CorsDevOptions) => RspackPluginInstance) & { withCorsDev: typeof withCorsDev } =
  Object.assign((options?: CorsDevOptions) => unplugin.rspack(options), { withCorsDev })

export default corsDev
// For `require()`.
export { corsDev as 'module.exports' }
