export { unplugin as default, unplugin } from './plugin/unplugin'
export { withCorsDev } from './plugin/webpack'
export { CorsDevError, type Issue } from './options/errors'
export type { CorsDevOptions, RelayOption, TargetOptions, TargetProxyOptions } from './options/types'
