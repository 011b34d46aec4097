import type { Runtime } from './runtime'
import { asHttp } from './to-dev-url'

/** What an event stream or a socket delivers says where it came from: the upstream, not the dev server. */
export function patchMessageOrigin({ scope, urls, patcher }: Runtime): void {
  type Event = { target: EventSource | WebSocket }
  patcher.getter<string>(scope.MessageEvent.prototype, 'origin', (origin, { target }: Event) =>
    // Of all that messages come to, these two alone have a number here.
    target?.readyState >= 0 && urls.devPrefix.startsWith(`${asHttp(origin)}/`) ? new URL(target.url).origin : origin,
  )
}
