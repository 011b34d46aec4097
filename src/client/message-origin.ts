import { nativeGetter } from './patch'
import type { Runtime } from './runtime'

/** What an event stream or a socket delivers says where it came from: the upstream, not the dev server. */
export function patchMessageOrigin({ scope, urls, patcher }: Runtime): void {
  const { EventSource, MessageEvent, WebSocket } = scope
  const senders = [EventSource, WebSocket].flatMap((Sender) =>
    Sender ? [{ Sender, urlOf: nativeGetter<string>(Sender.prototype, 'url') }] : [],
  )

  patcher.getter<string>(MessageEvent.prototype, 'origin', (origin, self) => {
    const { target } = self as MessageEvent
    const sender = senders.find(({ Sender }) => target instanceof Sender)
    const upstreamUrl = sender && urls.toUpstreamUrl(sender.urlOf(target))
    return upstreamUrl ? new URL(upstreamUrl).origin : origin
  })
}
