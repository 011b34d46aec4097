import { callOf, nativeGetter, pointAt } from './patch'
import { requestShape } from './request-shape'
import type { Runtime } from './runtime'
import type { TargetUrl } from './to-dev-url'

type Init = RequestInit & { duplex?: 'half' }

export function patchFetch({ scope, urls, patcher, decisions, explainFailure }: Runtime): void {
  /** What Requests were given for a body, where that is text: read from them, it comes too late for a page that leaves. */
  const texts = new WeakMap<object, string>()
  const remember = (made: object, text: unknown): object => {
    if (typeof text === 'string') texts.set(made, text)
    return made
  }
  patcher.classConstructor(scope, 'Request', (proceed, [input, init]) =>
    remember(proceed(), (init as Init | undefined)?.body ?? texts.get(input as object)),
  )
  patcher.after(scope.Request.prototype, 'clone', (clone, self) => remember(clone, texts.get(self)))

  const { Blob, Request, Response, ReadableStream, TransformStream, TypeError } = scope
  const urlOfRequest = nativeGetter<string>(Request.prototype, 'url')
  const urlOfResponse = nativeGetter<string>(Response.prototype, 'url')
  // Even a call without credentials needs the dev server's own cookie, where that is all that tells it from a stranger.
  // On this machine (secure contexts call no other by plain http) Chromium tells that itself, and it has six more
  // connections to a host for calls that say `omit`: as many as a direct call would have to the API.
  const anonymous = 'userAgentData' in scope.navigator && urls.devPrefix.startsWith('http:') ? 'omit' : 'same-origin'

  patcher.override(scope, 'fetch', (proceed, self, args, called) => {
    const natively = (...given: unknown[]) => proceed(self, given) as Promise<Response>
    let call: ReturnType<typeof callOf> | undefined
    let answer: Promise<Response> | undefined
    try {
      const request = asRequest(args[0])
      const target = urls.targetOf(request ? urlOfRequest(request) : args[0])
      if (target) {
        call = callOf(called)
        answer = viaDevServer(target, request, args, natively)
      }
    } catch {
      // Whatever is wrong with the arguments, the platform finds the words for it.
    }
    answer ??= natively(...args)
    if (!call) return answer
    return answer.catch((error: unknown) => {
      throw pointAt(error, call)
    })
  })

  /** The answer to a call that goes another way than the native one. Has touched nothing when it throws. */
  function viaDevServer(
    target: TargetUrl,
    request: Request | undefined,
    args: unknown[],
    native: typeof fetch,
  ): Promise<Response> | undefined {
    const init = (args[1] ?? {}) as Init
    if (Object(init) !== init) return undefined
    // `no-cors` needs no help, `same-origin` has to fail, and anything unknown is an error of the platform's.
    if ((init.mode ?? request?.mode ?? 'cors') !== 'cors') return undefined
    const credentials = init.credentials ?? request?.credentials ?? 'same-origin'
    if (!['include', 'same-origin', 'omit'].includes(credentials)) return undefined
    if (target.relay === 'always') return relayed(target, request, init, credentials, native)
    const shape = requestShape(scope, {
      method: init.method ?? request?.method,
      headers: init.headers ?? request?.headers,
      body: init.body,
      credentials: credentials === 'include',
      // The body of a Request doesn't tell what it was made of, but all that is not a stream or mere bytes has a type.
      forcesPreflight:
        init.body instanceof ReadableStream || (!init.body && request?.body && !request.headers.has('content-type')),
    })
    // A page that is leaving does not live to hear an answer that comes later. A service worker can't be stopped for one.
    const leaves = (init.keepalive ?? request?.keepalive) && scope.document
    const route = leaves ? decisions.askNow(target, shape) : decisions.known(target, shape)
    if (route) return route === 'relay' ? relayed(target, request, init, credentials, native) : undefined

    // A body may change after the call, and a Request counts as used from now on.
    const frozen = new Request(args[0] as RequestInfo, init)
    // The one member of an init that a Request doesn't show once it is made.
    const rest = { priority: init.priority }
    return Promise.race([decisions.ask(target, shape), aborted(frozen.signal)]).then((answer) =>
      // Aborted while the dev server was asked: the platform rejects before it sends anything.
      answer === 'relay' ? relayed(target, frozen, rest, credentials, native) : native(frozen, rest),
    )
  }

  function relayed(
    target: TargetUrl,
    request: Request | undefined,
    init: Init,
    credentials: RequestCredentials,
    native: typeof fetch,
  ): Promise<Response> {
    const isStream = init.body instanceof ReadableStream
    // An init that is a Request itself has a stream for a body, as has a Request that is called.
    const made = request || isStream || asRequest(init) ? new Request(request ?? target.url, init) : undefined
    const source: Init = made ?? init
    const relayedInit: Init = { ...init }
    // What a Request shows is a member of an init, or an init has nothing to do with it.
    for (const name in Request.prototype) {
      const value = source[name as keyof Init]
      if (value !== undefined) relayedInit[name as keyof Init] = value as never
    }
    relayedInit.mode = 'cors'
    relayedInit.credentials = credentials === 'include' ? credentials : anonymous
    // The dev server is of the page's origin, the target is not.
    if (source.referrerPolicy === 'same-origin') relayedInit.referrerPolicy = 'no-referrer'
    const devUrl = urls.toDevUrl(
      credentials === 'include',
      target.url,
      `${isStream ? '+stream-body' : ''}${source.redirect === 'manual' ? '+manual-redirect' : ''}`,
    )
    const whole = made && !(isStream && speaksHttp2()) ? wholeBodyOf(made) : undefined
    return (async () => {
      if (whole) {
        delete relayedInit.duplex
        relayedInit.body = await whole
      }
      try {
        return await native(devUrl, relayedInit)
      } catch (error) {
        if (error instanceof TypeError) explainFailure(source.method, target.url.href)
        throw error
      }
    })()
  }

  /**
   * A Request gives its body away as a stream only, and in Firefox not even so. The platform sends streams over HTTP/2 and
   * later alone: for a dev server that speaks HTTP/1 they are gathered first.
   */
  function wholeBodyOf(request: Request): Promise<Blob> | Blob | undefined {
    const { body, method, signal } = request
    const text = texts.get(request)
    // Unlike text it has no type, so that only the Request's own is sent.
    if (text) return new Blob([text])
    if (!body) return body === undefined && !['GET', 'HEAD'].includes(method) ? request.blob() : undefined
    const through = body.pipeThrough(new TransformStream(), { signal })
    return new Response(through).blob().catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error
    })
  }

  /** Whether the dev server is known to speak HTTP/2 or later. What it served so far says so. */
  function speaksHttp2(): boolean {
    return scope.performance
      .getEntries()
      .some(
        (entry) =>
          /^h[23]/.test((entry as PerformanceResourceTiming).nextHopProtocol) &&
          entry.name.startsWith(new URL(urls.devPrefix).origin),
      )
  }

  function asRequest(input: unknown): Request | undefined {
    if (typeof input !== 'object') return undefined
    try {
      // One that another frame made is a Request too.
      urlOfRequest(input)
      return input as Request
    } catch {
      return undefined
    }
  }

  patcher.getter<string>(Response.prototype, 'url', urls.shown)
  patcher.getter<ResponseType>(Response.prototype, 'type', (type, self) =>
    type === 'basic' && urls.toUpstreamUrl(urlOfResponse(self)) ? 'cors' : type,
  )
  // A stream that is read by hand says itself that it broke off.
  for (const read of ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text']) {
    patcher.override(Response.prototype, read, (proceed, self, _, called) => {
      const upstreamUrl = self instanceof Response && urls.toUpstreamUrl(urlOfResponse(self))
      const isFirst = upstreamUrl && !self.bodyUsed
      const reading = proceed() as Promise<unknown>
      if (!upstreamUrl) return reading
      const call = callOf(called)
      return reading.catch((error: unknown) => {
        // Not a body that is no JSON, but one that broke off: it fails as fetch itself does.
        if (isFirst && error instanceof TypeError) explainFailure('Reading', upstreamUrl)
        throw pointAt(error, call)
      })
    })
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve())
  })
}
