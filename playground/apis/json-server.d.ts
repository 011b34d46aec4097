declare module 'json-server' {
  import type { Application, RequestHandler } from 'express'

  const jsonServer: {
    create(): Application
    defaults(options: { logger?: boolean; noCors?: boolean; static?: string }): RequestHandler[]
    router(data: object): RequestHandler
    bodyParser: RequestHandler[]
  }
  export default jsonServer
}
