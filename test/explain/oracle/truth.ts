/** A request that reached the server. */
export interface Seen {
  hop: number
  /** What the browser believed to call; without a fragment, which no server sees. */
  url: string
  method: string
  /** Names in lower case. */
  headers: readonly (readonly [string, string])[]
}

/** What Chromium made of a case. */
export interface Truth {
  /** `unknown` where a page lets go of a call that the browser goes on with: only the server tells how far it came. */
  outcome: 'allowed' | 'blocked' | 'unknown'
  /** What the page was given; `type` is unknown where XMLHttpRequest was. */
  response?: { type?: string; status: number; url: string; headers: readonly string[] }
  /** What was thrown at the caller, name and message. */
  thrown?: string
  /** https://chromedevtools.github.io/devtools-protocol/tot/Network/#type-CorsErrorStatus */
  corsError?: string
  failedParameter?: string
  netError?: string
  blockedReason?: string
  /** What the console says of it. */
  texts: readonly string[]
  /** In the order of arrival. */
  seen: readonly Seen[]
}
