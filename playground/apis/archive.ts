import { serveApi, type Api } from './serve.ts'

/** An address that nobody answers at: the API that somebody forgot to start. */
export async function reserveArchive(): Promise<Api> {
  const api = await serveApi({
    name: 'archive',
    title: 'Archive',
    hostname: '127.0.0.1',
    listener: (_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end('{"reels":1204}')
    },
  })
  await api.stop()
  return api
}
