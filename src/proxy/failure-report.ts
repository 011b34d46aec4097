import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ExchangeLog } from '../exchange/log'
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
  const url = new URLSearchParams(req.url?.split('?')[1] ?? '').get('url') ?? ''
  const asHttp = url.replace(/^ws/, 'http').split('#', 1)[0]
  for (const { upstreamUrl, pageOrigin, failure, startedAt, duration = 0 } of exchanges.newestFirst()) {
    if (startedAt + duration < Date.now() - RECENT_MS) break
    if (!failure || upstreamUrl !== asHttp || pageOrigin !== admission.pageOrigin) continue
    const report: FailureReport = { code: failure.code, message: `${failure.cause}. ${failure.remedy}` }
    return sendJson(res, admission, report)
  }
  sendJson(res, admission, undefined)
}
