import { patchConnection, relayedUrl } from './relayed-url'
import type { Runtime } from './runtime'

export function patchEventSource(runtime: Runtime): void {
  patchConnection(runtime, 'EventSource', ([url, init]) =>
    relayedUrl(runtime, url, { credentials: !!(init as EventSourceInit | undefined)?.withCredentials }),
  )
}
