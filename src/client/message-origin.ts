import type { Runtime } from './runtime'

/** What an event stream or a socket delivers says where it came from: the upstream, not the dev server. */
export function patchMessageOrigin({ scope, urls, patcher }: Runtime): void {
  const { EventSource, MessageEvent, WebSocket } = scope
  patcher.getter<string>(MessageEvent.prototype, 'origin', (origin, { target }: MessageEvent) =>
    urls.prefix.startsWith(`${origin.replace(/^ws/, 'http')}/`) &&
    [EventSource, WebSocket].some((Sender) => Sender && target instanceof Sender)
      ? new URL((target as WebSocket).url).origin
      : origin,
  )
}
