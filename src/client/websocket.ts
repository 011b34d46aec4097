import { patchConnection, relayedUrl } from './relayed-url'
import type { Runtime } from './runtime'

export function patchWebSocket(runtime: Runtime): void {
  patchConnection(runtime, 'WebSocket', ([url, protocols]) => {
    // The host's own socket may stand on a port of its own, and is opened before everything else.
    if (/^vite-/.test(protocols as string)) return undefined
    // No CORS check stands between a page and a socket, but a server that allows the page's calls, with cookies, will
    // allow its sockets; of any other it is unknown.
    return relayedUrl(runtime, url, { credentials: true })?.replace(/^http/, 'ws')
  })
}
