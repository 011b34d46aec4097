import type { DirectExchange } from './direct-exchange'
import type { Dialect, Verdict } from './verdict'

export function explain(exchange: DirectExchange, options: { dialect?: Dialect } = {}): Verdict {
  throw new Error(`not written yet: ${exchange.request.url} ${options.dialect}`)
}
