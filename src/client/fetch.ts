import type { RequestShape } from '../exchange/wire'
import { callOf, nativeGetter, pointAt } from './patch'
import { requestShape } from './request-shape'
import type { Runtime } from './runtime'
import type { TargetUrl } from './to-dev-url'

type Init = RequestInit & { duplex?: 'half' }

/** A call that the dev server may have to make. */
interface Call {
  target: TargetUrl
  request: Request | undefined
  init: Init
  credentials: RequestCredentials
}

export function patchFetch({ scope, urls, decisions, failures, patcher }: Runtime): void {
  const { Request, Response, ReadableStream, TransformStream, TypeError } = scope
  const urlOfRequest = nativeGetter<string>(Request.prototype, 'url')
  const urlOfResponse = nativeGetter<string>(Response.prototype, 'url')
  // Even a call without credentials needs the dev server's own cookie, where that is all that tells it from a stranger.
  // On this machine (secure contexts call no other by plain http) Chromium tells that itself, and it has six more
  // connections to a host for calls that say `omit`: as many as a direct call would have to the API.
  const anonymous = 'userAgentData' in scope.navigator && urls.devPrefix.startsWith('http:') ? 'omit' : 'same-origin'

  patcher.override(scope, 'fetch', (proceed, self, args, called) => {
    const natively = (...given: unknown[]) => proceed(self, given) as Promise<Response>
    let call: ReturnType<typeof callOf> | undefined
    let travel: (() => Promise<Response>) | undefined
    try {
      const request = asRequest(args[0])
      const target = urls.targetOf(request ? urlOfRequest(request) : args[0])
      if (target) {
        call = callOf(called)
        travel = plan(target, request, args, natively)
      }
    } catch {
      // Whatever is wrong with the arguments, the platform finds the words for it.
    }
    const answer = travel ? travel() : natively(...args)
    if (!call) return answer
    return answer.catch((error: unknown) => {
      throw pointAt(error, call)
    })
  })

  /** The way other than the native one, if there is one. Has touched nothing when it throws. */
  function plan(
    target: TargetUrl,
    request: Request | undefined,
    args: unknown[],
    native: typeof fetch,
  ): (() => Promise<Response>) | undefined {
    const call = readCall(target, request, args[1])
    if (!call) return undefined
    const { init } = call
    if (target.relay === 'always') return relayed(call, native)
    const shape = shapeOf(call)
    const route = decisions.known(target, shape)
    if (route) return route === 'relay' ? relayed(call, native) : undefined

    // A body may change after the call, and a Request counts as used from now on.
    const frozen = new Request(args[0] as RequestInfo, init)
    // The one member of an init that a Request doesn't show once it is made.
    const rest = { priority: init.priority }
    return async () => {
      const answer = await Promise.race([decisions.ask(target, shape), aborted(frozen.signal)])
      // Aborted while the dev server was asked: the platform rejects before it sends anything.
      if (answer !== 'relay') return native(frozen, rest)
      return relayed({ ...call, request: frozen, init: rest }, native)()
    }
  }

  function readCall(target: TargetUrl, request: Request | undefined, givenInit: unknown): Call | undefined {
    const init = (givenInit ?? {}) as Init
    if (Object(init) !== init) return undefined
    // `no-cors` needs no help, `same-origin` has to fail, and anything unknown is an error of the platform's.
    if ((init.mode ?? request?.mode ?? 'cors') !== 'cors') return undefined
    const credentials = init.credentials ?? request?.credentials ?? 'same-origin'
    if (!['include', 'same-origin', 'omit'].includes(credentials)) return undefined
    return { target, request, init, credentials }
  }

  function shapeOf({ request, init, credentials }: Call): RequestShape {
    return requestShape(scope, {
      method: init.method ?? request?.method,
      headers: init.headers ?? request?.headers,
      body: init.body,
      credentials: credentials === 'include',
      // The body of a Request doesn't tell what it was made of, but all that is not a stream or mere bytes has a type.
      forcesPreflight:
        init.body instanceof ReadableStream || (!init.body && !!request?.body && !request.headers.has('content-type')),
    })
  }

  function relayed({ target, request, init, credentials }: Call, native: typeof fetch): () => Promise<Response> {
    const kind = credentials === 'include' ? 'to' : 'anon'
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
    relayedInit.credentials = kind === 'to' ? 'include' : anonymous
    // The dev server is of the page's origin, the target is not.
    if (source.referrerPolicy === 'same-origin') relayedInit.referrerPolicy = 'no-referrer'
    const devUrl = urls.toDevUrl(
      kind,
      target.url,
      `${isStream ? '+stream-body' : ''}${source.redirect === 'manual' ? '+manual-redirect' : ''}`,
    )
    const send = (): Promise<Response> =>
      native(devUrl, relayedInit).catch((error: unknown) => {
        if (error instanceof TypeError) failures.explain(source.method, target.url.href)
        throw error
      })

    const whole = made && !(isStream && speaksHttp2()) ? wholeBodyOf(made) : undefined
    if (!whole) return send
    delete relayedInit.duplex
    return async () => {
      relayedInit.body = await whole
      return send()
    }
  }

  /** A Request gives its body away as a stream only, and in Firefox not even so. */
  function wholeBodyOf(request: Request): Promise<Blob> | undefined {
    if (request.body) return gathered(request.body, request.signal)
    return request.body === undefined && !/^(GET|HEAD)$/.test(request.method) ? request.blob() : undefined
  }

  /** The platform sends streams over HTTP/2 and later alone: for a dev server that speaks HTTP/1 they are gathered first. */
  function gathered(stream: ReadableStream, signal: AbortSignal): Promise<Blob> {
    const through = stream.pipeThrough(new TransformStream(), { signal })
    return new Response(through).blob().catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error
    })
  }

  /** Whether the dev server is known to. What it served so far says so. */
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
        if (isFirst && error instanceof TypeError) failures.explain('Reading', upstreamUrl)
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
