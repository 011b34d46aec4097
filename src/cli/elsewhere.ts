import type { IncomingMessage, ServerResponse } from 'node:http'
import { printable, withoutQuery } from '../exchange/printable'
import { guardRequest, type GuardPolicy } from '../proxy/guard'
import { refuse } from '../proxy/refusal'

const MOST_SAID = 20

/**
 * Answers what is no path of a stand-alone proxy: to pages that may call, in a way that they can read, since a missing
 * prefix would look like a missing CORS header to them.
 */
export function answerElsewhere(
  policy: GuardPolicy,
  path: string,
  say: (line: string) => void,
): (req: IncomingMessage, res: ServerResponse) => void {
  const said = new Set<string>()
  return (req, res) => {
    const { method = 'GET', url = '/', headers } = req
    const admission = guardRequest(
      {
        method,
        url,
        headers,
        authority: headers.host,
        isEncrypted: false,
        isUpgrade: false,
        way: 'path',
        injectsHeaders: false,
        hasSession: false,
      },
      policy,
    )
    if (!admission.allowed) return refuse(res, admission.status, admission.code)
    const asked = printable(withoutQuery(url)).slice(0, 120)
    if (!said.has(asked) && said.size < MOST_SAID && headers['sec-fetch-dest'] !== 'image')
      say(`${printable(method)} ${asked} is no path of this proxy: its paths begin with ${path}. Call ${path}${asked}.`)
    said.add(asked)
    refuse(res, 404, 'not-found', admission)
  }
}
