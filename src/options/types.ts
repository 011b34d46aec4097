import type { Options as HpmOptions } from 'http-proxy-middleware'

/**
 * How page code that calls a target by its absolute URL reaches it.
 *
 * - `always`: through the relay on the dev server.
 * - `as-needed`: directly where the target already allows the page's origin, which the dev server asks it before the
 *   first call of each kind; through the relay otherwise.
 * - `never`: directly, as without this plugin.
 */
export type RelayOption = 'always' | 'as-needed' | 'never'

/**
 * The options of http-proxy-middleware that can be given per target.
 *
 * Left out are those that choose an authority (`target`, `router`, `forward`, `followRedirects`: the table of targets
 * alone decides what can be reached) and those whose work is done without being asked (`changeOrigin`, `ws`,
 * `cookieDomainRewrite`, `autoRewrite` and the like). Naming one of these is an error that says so.
 *
 * @see https://github.com/chimurai/http-proxy-middleware#options
 */
export type TargetProxyOptions = Pick<
  HpmOptions,
  | 'auth'
  | 'headers'
  | 'on'
  | 'pathFilter'
  | 'pathRewrite'
  | 'plugins'
  | 'proxyTimeout'
  | 'secure'
  | 'selfHandleResponse'
  | 'ssl'
  | 'timeout'
  | 'xfwd'
>

export interface TargetOptions {
  /**
   * Absolute `http`, `https`, `ws` or `wss` URL of the upstream. Its path is put before the path of every call that
   * comes down the path route.
   */
  url: string

  /**
   * Whether the path route's own prefix is dropped: with `'/api'`, `/api/users` is sent as `/users`.
   *
   * @default false, as in Vite's `server.proxy`
   */
  stripPrefix?: boolean

  /**
   * What the upstream is told in `Origin` and `Referer`.
   *
   * - `target`: the target's own origin. What servers that refuse foreign origins want to see.
   * - `page`: the origin a browser would send if it called directly (`productionOrigin`, else the page's).
   * - `remove`: neither header is sent.
   *
   * @default `target` on path routes and for unsafe methods; `page` for relayed GET and HEAD
   * @see https://fetch.spec.whatwg.org/#origin-header
   */
  origin?: 'target' | 'page' | 'remove'

  /**
   * How page code that calls this target by its absolute URL reaches it.
   *
   * @default `always` for targets that were named, `as-needed` for those that were found
   */
  relay?: RelayOption

  /**
   * Whether calls to this target are explained; see {@link CorsDevOptions.explain}.
   *
   * @default what the plugin's `explain` says
   */
  explain?: boolean

  /** Options of http-proxy-middleware for this target. */
  proxy?: TargetProxyOptions
}

export interface CorsDevOptions {
  /**
   * The upstreams that page code calls: a map from path to target, or a list of targets.
   *
   * A key is a path prefix, compared segment by segment (`/api` takes `/api/users`, not `/apiary`), or a regular
   * expression if it starts with `^`, tested against path and query. Every target, in a map or a list, is also reached
   * by its absolute URL; of several with one origin, the first one's options count there.
   *
   * @default the targets that are found: see `discover`
   * @throws `CORS_DEV_TARGET` unless every target is an absolute http(s) or ws(s) URL
   */
  targets?: Record<string, string | TargetOptions> | readonly (string | TargetOptions)[]

  /**
   * Origins, other than the dev server's own, whose pages may call through it: for pages that another server renders
   * or that reach the dev server through a tunnel. The dev server also answers to the hosts of these origins.
   *
   * Each is a serialized origin (`https://app.example.com`), or `loopback` for `localhost`, `127.0.0.1` and `[::1]` on
   * any port. Routes with injected headers (`proxy.headers`, `proxy.auth`) never count `loopback`.
   *
   * @default ['loopback'], as Vite's own `server.cors`
   * @throws `CORS_DEV_ORIGIN` for `*`, `null`, and whatever is not an origin
   * @see https://fetch.spec.whatwg.org/#http-access-control-allow-origin
   */
  origins?: readonly string[]

  /**
   * Origin that the page will have in production. Relayed GET and HEAD carry it, so that the upstream answers as it
   * would answer then.
   *
   * @default the page's own origin
   * @throws `CORS_DEV_ORIGIN` unless it is a serialized http(s) origin
   */
  productionOrigin?: string

  /**
   * How page code reaches targets that were found and not named: those in `.env` files, and those that `discover` finds.
   *
   * @default 'as-needed'
   */
  relay?: RelayOption

  /**
   * Whether targets are looked for beyond what names them: in the servers of OpenAPI documents, in the URLs that the
   * project's own modules and HTML call, as the dev server transforms them (never those of dependencies), and in what the
   * page calls at run time (without credentials). Such targets lead to public addresses, those in code to this machine as
   * well; whatever else they lead to is called as without this plugin, and the log says which line would name it.
   *
   * @default true
   */
  discover?: boolean

  /**
   * Whether the terminal says once for each kind of call that a browser would block it in production, why, and what the
   * real server has to send.
   *
   * To know, the dev server asks a target the CORS-preflight requests that a browser would have sent it: after the call,
   * once per target, method and set of header names, and at most 30 a minute. `false` sends none and says nothing.
   *
   * @default true
   * @throws `CORS_DEV_OPTION` unless it is `true` or `false`
   * @see https://fetch.spec.whatwg.org/#cors-preflight-fetch
   */
  explain?: boolean
}

/**
 * Options of http-proxy-middleware that `proxy` does not take.
 *
 * @internal
 */
export type RefusedProxyOption = Exclude<keyof HpmOptions, keyof TargetProxyOptions>

/** @internal */
export type ProxyEventName = keyof NonNullable<HpmOptions['on']>

/**
 * One entry of `targets`, checked.
 *
 * @internal
 */
export interface TargetInput {
  /** Where it stands: `targets["/api"]` or `targets[1]`. */
  name: string
  /** Its key in a map: starts with a slash, or is a valid expression that starts with `^`. */
  path: string | undefined
  /** An absolute http(s) or ws(s) URL without credentials, query and fragment. */
  url: string
  stripPrefix: boolean
  origin: NonNullable<TargetOptions['origin']> | undefined
  relay: RelayOption
  /** `undefined`: as the plugin's `explain` says. */
  explain: boolean | undefined
  proxy: TargetProxyOptions
}

/**
 * What the code reads: every option checked and filled in.
 *
 * @internal
 */
export interface ResolvedOptions {
  targets: readonly TargetInput[]
  /** Whether `targets` was given, be it empty. */
  hasExplicitTargets: boolean
  /** Serialized origins, and the word `loopback`. */
  origins: readonly string[]
  /** A serialized http(s) origin. */
  productionOrigin: string | undefined
  relay: RelayOption
  discover: boolean
  explain: boolean
  /** Names of the options that were given: what is said elsewhere only fills in the others. */
  given: ReadonlySet<keyof CorsDevOptions>
}
