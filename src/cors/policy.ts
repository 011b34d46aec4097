/**
 * Who may read a server's answers, as far as the CORS protocol can say it. It knows no server's syntax.
 *
 * https://fetch.spec.whatwg.org/#http-new-header-syntax
 */
export interface CorsPolicy {
  /** Serialized origins, each of them answered with itself; or `*`, which goes with no credentials. */
  origins: readonly string[] | '*'
  /** Whether requests with cookies, HTTP authentication or client certificates may be read. */
  credentials: boolean
  /** Methods beyond the CORS-safelisted `GET`, `HEAD` and `POST`. */
  methods: readonly string[]
  /** Lower-case names of request headers beyond the CORS-safelisted ones; never `*`. */
  requestHeaders: readonly string[]
  /** Lower-case names of response headers that scripts may read beyond the CORS-safelisted ones; never `*`. */
  exposedHeaders: readonly string[]
  /** Whether preflights have to be answered at all: with an ok status, without a redirect, without authentication. */
  answersPreflight: boolean
}
