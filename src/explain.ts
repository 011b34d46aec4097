export { explain, type ExplainOptions } from './explain/explain'
export type {
  AddressSpace,
  DirectExchange,
  DirectHop,
  DirectRequest,
  DirectResponse,
  Initiator,
} from './explain/direct-exchange'
export type {
  CookieVerdict,
  Dialect,
  Fix,
  HopVerdict,
  Outcome,
  PreflightCause,
  Problem,
  Unsettled,
  Verdict,
} from './explain/verdict'
export type { Reason } from './explain/reasons'
export type { CorsPolicy } from './cors/policy'
export type { HeaderLines } from './exchange/exchange'
