import { createMiddleware } from './plugin/middleware'

export { createMiddleware as default, createMiddleware as 'module.exports' }
export type { CorsDevMiddleware, CorsDevMiddlewareOptions } from './plugin/middleware'
