import type { Server } from 'node:http'

/**
 * A client library with the server that it was made for. Every module in `libraries/` exports one as `client`, and is run
 * in every host.
 */
export interface Client<Modules extends Record<string, object>> {
  /** Which packages the page imports, by the names under which its code is given them. */
  imports: { [Name in keyof Modules]: string }
  /**
   * Makes `server` the real one, with no CORS. What it returns checks what the server saw, when the page is done.
   */
  serve(server: Server): () => unknown
  /** Runs in the page, an arrow function that uses nothing from outside. Throws if anything is not as it should be. */
  page: (given: Modules & PageGiven) => Promise<void>
  /** What the browser's console says of the failures that the page brings about. */
  consoleErrors?: RegExp
}

export interface PageGiven {
  /** The server's origin. */
  api: string
  /** The path route that leads there. */
  route: string
  /** Throws unless both are the same when written as JSON. */
  equal(actual: unknown, expected: unknown): void
}
