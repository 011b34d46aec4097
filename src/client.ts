export { install } from './client/install'
export type { ClientConfig } from './exchange/wire'
