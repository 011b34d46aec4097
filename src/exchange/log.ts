import type { Exchange } from './exchange'
import { type ExchangeRecord, RecordedExchange } from './recorded-exchange'

export interface ExchangeLog {
  /** Adds a finished exchange, without its secrets from here on; the oldest one makes room. */
  add(record: ExchangeRecord): Exchange
  /** Newest first. */
  newestFirst(): Iterable<Exchange>
  /** Calls back for every exchange added from now on, until the returned function is called. */
  subscribe(subscriber: (exchange: Exchange) => void): () => void
}

/**
 * A bounded list: a dev server that runs for a week must not grow with every call. Of five hundred, every garbage
 * collection of a busy server copies most of what it looks at; of two hundred, next to nothing.
 */
export function createExchangeLog(capacity = 200): ExchangeLog {
  const ring: Exchange[] = []
  const subscribers = new Set<(exchange: Exchange) => void>()
  let next = 0

  return {
    add(record) {
      const exchange = new RecordedExchange(record)
      ring[next] = exchange
      next = (next + 1) % capacity
      for (const subscriber of subscribers) subscriber(exchange)
      return exchange
    },
    *newestFirst() {
      for (let back = 1; back <= ring.length; back++) {
        const exchange = ring[(next - back + capacity) % capacity]
        if (exchange) yield exchange
      }
    },
    subscribe(subscriber) {
      subscribers.add(subscriber)
      return () => subscribers.delete(subscriber)
    },
  }
}
