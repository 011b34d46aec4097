import { explain } from '../../../src/explain/explain.ts'
import type { Verdict } from '../../../src/explain.ts'
import type { Case } from './case.ts'

/** No public suffix list says otherwise: all names here are `<name>.<site>.test`. */
const registrableDomain = (hostname: string): string | null =>
  hostname.endsWith('.test') ? hostname.split('.').slice(-2).join('.') : null

export function verdictOf({ exchange }: Pick<Case, 'exchange'>): Verdict {
  return explain(exchange, { dialect: 'chromium', registrableDomain })
}
