import type { HeaderLines } from '../exchange/exchange'

/** What makes the call; Chromium's messages name it. */
export type Initiator =
  | 'fetch'
  | 'XMLHttpRequest'
  | 'EventSource'
  | 'sendBeacon'
  | 'WebSocket'
  | 'image'
  /** Messages say `video` here; `audio` and `track` have words of their own. */
  | 'media'
  | 'audio'
  | 'track'
  | 'font'
  | 'script'
  | 'stylesheet'

/** https://wicg.github.io/local-network-access/#ip-address-space-section */
export type AddressSpace = 'public' | 'local' | 'loopback'

/** A request as page code makes it, before a browser has touched it. */
export interface DirectRequest {
  /** Absolute URL. */
  url: string
  /** Serialized origin of the page that calls; `null` is an opaque one. */
  origin: string
  /** @default 'GET' */
  method?: string
  /** What the script has set, and the `Content-Type` that its body brings along. Names in any case. */
  headers?: HeaderLines
  /** @default 'fetch' */
  initiator?: Initiator
  /**
   * https://fetch.spec.whatwg.org/#concept-request-mode
   *
   * Of an element in `no-cors` mode the verdict is about the way there and back: whether a browser then blocks the opaque
   * response takes its body, which nobody has here (https://github.com/annevk/orb).
   *
   * @default 'cors'; of a beacon `no-cors` if its `Content-Type` is CORS-safelisted
   */
  mode?: 'cors' | 'no-cors' | 'same-origin'
  /**
   * https://fetch.spec.whatwg.org/#concept-request-credentials-mode; `unknown` where nobody could see it, which gets a
   * verdict for either.
   *
   * @default 'same-origin'; of a beacon and a WebSocket `include`
   */
  credentials?: 'omit' | 'same-origin' | 'include' | 'unknown'
  /**
   * https://fetch.spec.whatwg.org/#concept-request-redirect-mode
   *
   * @default 'follow'
   */
  redirect?: 'follow' | 'error' | 'manual'
  /** Whether somebody listens on `XMLHttpRequest.upload` to a body, which sets the use-CORS-preflight flag. */
  hasUploadListener?: boolean
  /** Whether the body is a stream: it sets the use-CORS-preflight flag, and can't be sent a second time. */
  hasStreamBody?: boolean
  /** Where the page comes from, if it is known. @default what its origin tells: `loopback` or nothing */
  addressSpace?: AddressSpace
  /** https://html.spec.whatwg.org/#embedder-policy-value of the page. @default 'unsafe-none' */
  embedderPolicy?: 'unsafe-none' | 'require-corp' | 'credentialless'
}

/** What a server answered. Values as on the wire: one character a byte, one entry a line. */
export interface DirectResponse {
  status: number
  headers: HeaderLines
}

/** One URL on the way of a call: the one it names, or one that a redirect led to. */
export interface DirectHop {
  /** The answer to the CORS-preflight request; absent where nobody asked. */
  preflight?: DirectResponse
  /** The answer to the actual request; absent where it wasn't sent, or not in this page's name. */
  response?: DirectResponse
  /** Of the address that answered. @default what the URL's host tells, if it is a literal or a loopback name */
  addressSpace?: AddressSpace
}

/** The exchange that a page would have had with no proxy in between: what is explained. */
export interface DirectExchange {
  request: DirectRequest
  /** One for each URL, in order. The URL of the first is the request's, that of any other is in the `Location` before it. */
  hops: readonly DirectHop[]
}
