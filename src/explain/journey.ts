import type { RegistrableDomain } from '../standard/site'
import { consoleText } from './console-text'
import type { AddressSpace, DirectExchange, DirectHop } from './direct-exchange'
import { type Facts, type Reason, REASONS } from './reasons'
import type { Request } from './request'
import type { Dialect, HopVerdict, Problem, Unsettled, Verdict } from './verdict'

/** By what is judged. */
export interface Rules {
  dialect: Dialect
  registrableDomain: RegistrableDomain | undefined
}

/** A request on its way from URL to URL, and what has been found out so far. */
export interface Journey {
  rules: Rules
  exchange: DirectExchange
  request: Request
  /** https://fetch.spec.whatwg.org/#concept-request-response-tainting */
  tainting: 'basic' | 'cors' | 'opaque'
  /** https://fetch.spec.whatwg.org/#concept-request-tainted-origin */
  isOriginTainted: boolean
  /** https://fetch.spec.whatwg.org/#concept-request-url-list */
  urls: URL[]
  problems: Problem[]
  unsettled: Unsettled[]
  hops: HopVerdict[]
  /** Index of the hop with which the network request began that Chromium still uses. */
  networkRequestFrom: number
  response: Verdict['response']
  /** Whether the page has let go of it, while Chromium goes on: nothing more is said in the console. */
  isUnheard: boolean
  /** Whether anything was met that the other dialect may judge otherwise. */
  mayDiffer: boolean
}

/** What main fetch starts from, again and again. */
export interface NextRequest {
  url: URL
  method: string
  headers: Hop['headers']
}

/** Where it is at the moment. */
export interface Hop {
  index: number
  url: URL
  /** Of its URL, serialized: made anew each time it is asked of a URL. */
  urlOrigin: string
  /** Its URL as messages name it: without user name and password. */
  href: string
  method: string
  headers: readonly (readonly [name: string, value: string])[]
  /** The request's origin, serialized. */
  origin: string
  /** What was seen of it; nothing, if nobody followed the redirect that leads here. */
  seen: DirectHop | undefined
}

/** What of a hop a report needs; before there is one, its URL may not even parse. */
export type Place = Pick<Hop, 'index' | 'href' | 'origin' | 'method'> & { url?: URL }

export interface Details extends Pick<Facts, 'status' | 'value' | 'names' | 'location'> {
  /** What Chromium's message names as the URL that failed, if not the hop's. */
  failedUrl?: string
  /** What an answer says, if Chromium's message does not name it. */
  unnamed?: string
  /** Of Chromium's network stack, if a reason has several. */
  netError?: string
  /** Whether Chromium says nothing. */
  isSilent?: boolean
  addressSpace?: AddressSpace
  /** Of the rule, if it is not the reason's own. */
  anchor?: string
}

export function report(journey: Journey, place: Place, at: Problem['at'], reason: Reason, details: Details = {}): void {
  const { request } = journey
  const { index, href, url, origin, method } = place
  const {
    // Where a redirect leads it is another matter.
    failedUrl = index === 0 && request.losesCredentials ? href : (url?.href ?? href),
    status,
    value,
    unnamed,
    names,
    location,
    addressSpace,
    netError,
  } = details
  const { anchor = REASONS[reason].anchor } = details
  journey.problems.push({
    reason,
    hop: index,
    at,
    sentence: REASONS[reason].sentence({ url: href, origin, method, status, value: value ?? unnamed, names, location }),
    consoleText:
      details.isSilent || journey.isUnheard
        ? undefined
        : consoleText(reason, {
            initiator: request.initiator,
            page: request.origin,
            firstUrl: request.consoleHref,
            url: failedUrl,
            value,
            status,
            addressSpace,
            netError,
          }),
    value,
    names,
    anchor,
  })
}
