import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ExchangeLog } from '../exchange/log'
import { withoutTokens } from '../options/secrets'
import type { FailureReport } from '../exchange/wire'
import { sendJson } from './decision'
import type { Admission } from './guard'

/** An older failure is not the one that the page has just seen. */
const RECENT_MS = 10_000

/** The endpoint that tells the runtime why a call failed of which the platform only says that it did. */
export function answerFailureReport(
  req: IncomingMessage,
  res: ServerResponse,
  admission: Admission,
  exchanges: ExchangeLog,
): void {
  // Not a parameter among others, but all that follows: the runtime is spared the encoding.
  const [, url = ''] = req.url?.split(/\?url=(.*)/s) ?? []
  // As it was recorded.
  const asHttp = withoutTokens(url.replace(/^ws/, 'http'))
  for (const exchange of exchanges.newestFirst()) {
    const { pageOrigin, failure, startedAt, duration = 0 } = exchange
    if (startedAt + duration < Date.now() - RECENT_MS) break
    if (!failure || pageOrigin !== admission.pageOrigin || exchange.upstreamUrl !== asHttp) continue
    const report: FailureReport = { code: failure.code, message: `${failure.cause}. ${failure.remedy}` }
    return sendJson(res, admission, report)
  }
  sendJson(res, admission, undefined)
}
