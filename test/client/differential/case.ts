/** One call of a page, and what the servers answer: all of it plain data, so that a seed brings it back. */

export type ServerName = 'api' | 'other' | 'third' | 'page' | 'down'

export type BodyKind =
  | 'none'
  | 'string'
  | 'json'
  | 'form'
  | 'urlencoded'
  | 'blob'
  | 'typed-blob'
  | 'buffer'
  | 'view'
  | 'large'
  | 'document'
  | 'stream'

/** What the page speaks with the servers that it calls, the dev server or the APIs. */
export type Protocol = 'http/1.1' | 'h2'

export interface Answer {
  /** Who gives it: where the hop before leads. */
  at: ServerName
  status: number
  statusText?: string
  headers: [name: string, value: string][]
  body: 'none' | 'text' | 'json' | 'bytes' | 'html' | 'large' | 'chunks'
  encoding?: 'gzip' | 'deflate' | 'br'
  /** Says how long the body is. */
  counted: boolean
  /** Answers 304 to who knows the `ETag` already. */
  validates?: boolean
  /** Where it stops: for good, or until somebody gives up. */
  ends?: 'before-headers' | 'in-body' | 'cut-before-headers' | 'cut-in-body'
}

export interface HttpCall {
  method: string
  headers: [name: string, value: string][]
  body: BodyKind
  credentials?: RequestCredentials
}

export interface FetchCall extends HttpCall {
  api: 'fetch'
  input:
    | 'string'
    | 'url'
    | 'request'
    | 'request-and-init'
    | 'cloned-request'
    | 'used-request'
    | 'locked-request'
    | 'reused-request'
    | 'clone-before-request'
    | 'init-is-request'
  headersAs: 'object' | 'pairs' | 'headers'
  init: {
    mode?: RequestMode
    redirect?: RequestRedirect
    cache?: RequestCache
    referrerPolicy?: ReferrerPolicy
    referrer?: string
    keepalive?: boolean
    priority?: RequestPriority
    integrity?: string
  }
  /** A body that is refused before anything is sent. */
  refusedBody?: 'locked-stream' | 'stream-without-duplex'
  /** The signal of the Request is not that of the call. */
  ignoresSignal?: boolean
  abort?: 'before' | 'at-once' | 'in-time' | 'after-headers' | 'in-body'
  reason?: 'error' | 'text'
  read: 'text' | 'json' | 'arrayBuffer' | 'blob' | 'bytes' | 'formData' | 'stream' | 'clone' | 'twice' | 'nothing'
}

export interface XhrCall extends HttpCall {
  api: 'xhr'
  isAsync: boolean
  responseType: XMLHttpRequestResponseType
  overrideMimeType?: string
  timeout?: boolean
  listensToUpload: boolean
  abort?: 'opened' | 'at-once' | 'headers' | 'loading' | 'done'
  /** `open()` called twice, or once more when all is over. */
  opensTwice?: boolean
}

export interface EventSourceCall {
  api: 'event-source'
  credentials: boolean
  /** What each connection in turn is given; the one after the last is answered 204. */
  streams: string[][]
  contentType: string
}

export interface WebSocketCall {
  api: 'websocket'
  scheme: 'ws' | 'http'
  protocols?: string | string[]
  /** Which of them the server takes. */
  chosen?: string
  binaryType: BinaryType
  sends: ('text' | 'empty' | 'buffer' | 'view' | 'blob' | 'large')[]
  closes:
    { by: 'page' | 'server'; code?: number; reason?: string } | { by: 'reset' } | { by: 'refusal'; status: number }
  fragment?: boolean
}

export interface BeaconCall {
  api: 'beacon'
  body: Exclude<BodyKind, 'large' | 'document' | 'json' | 'stream'>
}

export interface Case {
  id: string
  call: FetchCall | XhrCall | EventSourceCall | WebSocketCall | BeaconCall
  /** First to last hop. */
  answers: Answer[]
  /** How often the call is made, one after the other. */
  times: number
}

/** What a run of it may be compared by: one entry for each time, in the order in which things happened. */
export type Observation = Record<string, unknown>

export interface Origins extends Record<ServerName, string> {
  page: string
}
