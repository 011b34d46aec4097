import { nativeGetter, type Native } from './patch'
import { requestShape } from './request-shape'
import type { Runtime } from './runtime'
import type { TargetUrl } from './to-dev-url'

/** What a request to a target was told so far, so that it can be opened once more under another URL. */
interface Opened {
  target: TargetUrl
  method: string
  isAsync: boolean
  /** Where it is open natively. */
  url: string
  headers: [name: string, value: string][]
  /** `pending`: `send()` was called, and the dev server is being asked how. */
  state: 'opened' | 'pending' | 'sent'
}

/**
 * `open()` knows the URL but not yet `withCredentials` and the headers, which decide the way. So `send()` opens a second
 * time where needed: no event fires, and all but the headers stays (`responseType`, `timeout`, the MIME type, listeners).
 *
 * @see https://xhr.spec.whatwg.org/#the-open()-method
 */
export function patchXhr({ scope, urls, decisions, failures, patcher }: Runtime): void {
  // A service worker has none.
  const Xhr = scope.XMLHttpRequest
  if (!Xhr) return
  const { prototype } = Xhr
  const { open, send, setRequestHeader } = prototype
  const withCredentialsOf = nativeGetter<boolean>(prototype, 'withCredentials')
  const opened = new WeakMap<object, Opened>()
  const withUpload = new WeakSet<object>()
  const explained = new WeakSet<object>()

  patcher.override(prototype, 'open', (native, self, args) => {
    const call = readOpen(args)
    const result = Reflect.apply(native, self, call ? [args[0], call.url, ...args.slice(2)] : args)
    // Only now is the former request gone, and with it what was pending.
    if (call) opened.set(self as object, call)
    else opened.delete(self as object)
    return result
  })

  function readOpen(args: unknown[]): Opened | undefined {
    const [method, url, isAsync, user, password] = args
    const target = args.length > 1 && !user && !password ? urls.targetOf(url) : undefined
    if (!target) return undefined
    return {
      target,
      method: String(method),
      isAsync: args.length < 3 || !!isAsync,
      url: target.relay === 'always' ? urls.toDevUrl('anon', target.url) : target.url.href,
      headers: [],
      state: 'opened',
    }
  }

  patcher.override(prototype, 'setRequestHeader', (native, self, args) => {
    const call = opened.get(self as object)
    if (call?.state === 'pending') return failAsUnopened(native, args)
    const result = Reflect.apply(native, self, args)
    call?.headers.push([String(args[0]), String(args[1])])
    return result
  })

  patcher.override(prototype, 'send', (native, self, args) => {
    const xhr = self as XMLHttpRequest
    const call = opened.get(xhr)
    if (call?.state === 'pending') return failAsUnopened(native, args)
    if (call?.state !== 'opened') return Reflect.apply(native, self, args)
    call.state = 'sent'

    const credentials = withCredentialsOf(xhr)
    try {
      // Listeners can't be counted, but nobody asks for `upload` to do anything else. Too strict a question is safe.
      const forcesPreflight = withUpload.has(xhr)
      const shape = requestShape(scope, { ...call, body: args[0], credentials, forcesPreflight })
      const route = decisions.known(call.target, shape)
      if (!route && call.isAsync) {
        const body = frozenBody(args[0])
        call.state = 'pending'
        void decisions.ask(call.target, shape).then((answer) => {
          if (opened.get(xhr) !== call || call.state !== 'pending') return
          call.state = 'sent'
          try {
            if (answer === 'relay') relay(xhr, call, credentials)
          } catch {
            // It is still open under its own URL.
          }
          Reflect.apply(native, xhr, [body])
        })
        return undefined
      }
      if ((route ?? decisions.askNow(call.target, shape)) === 'relay') relay(xhr, call, credentials)
    } catch {
      // It is open under one URL or the other: sent it must be, and only once.
    }
    try {
      return Reflect.apply(native, self, args)
    } catch (error) {
      // A synchronous request fails by throwing, and names its URL.
      if (call.isAsync || !(error instanceof scope.DOMException)) throw error
      explain(call)
      const shown = (text = '') => text.replace(call.url, call.target.url.href)
      // One that a script makes has no stack.
      throw Object.assign(new scope.DOMException(shown(error.message), error.name), { stack: shown(error.stack) })
    }
  })

  patcher.override(prototype, 'abort', (native, self, args) => {
    const call = opened.get(self as object)
    // It stays open, and browsers forget its headers.
    if (call) call.headers = []
    if (call?.state === 'pending') {
      opened.delete(self as object)
      sendNothing(self as XMLHttpRequest, call)
    }
    return Reflect.apply(native, self, args)
  })

  /** For an `abort()` that has to fire its events, although the request was never sent. */
  function sendNothing(xhr: XMLHttpRequest, call: Opened): void {
    try {
      open.call(xhr, call.method, 'data:,', true)
      send.call(xhr)
    } catch {
      // The page's CSP may forbid it. Then the events are missing.
    }
  }

  function relay(xhr: XMLHttpRequest, call: Opened, credentials: boolean): void {
    const url = urls.toDevUrl(
      credentials ? 'to' : 'anon',
      call.target.url,
      withUpload.has(xhr) ? '+upload-listener' : undefined,
    )
    if (url !== call.url) {
      open.call(xhr, call.method, url, call.isAsync)
      call.url = url
      for (const [name, value] of call.headers) setRequestHeader.call(xhr, name, value)
    }
    if (explained.has(xhr)) return
    explained.add(xhr)
    xhr.addEventListener('error', () => {
      const failed = opened.get(xhr)
      if (failed && urls.toUpstreamUrl(failed.url)) explain(failed)
    })
  }

  function explain({ method, target, url }: Opened): void {
    if (urls.toUpstreamUrl(url)) failures.explain(method, target.url.href)
  }

  /** What the platform throws for a request in a wrong state, thrown by a request in a wrong state. */
  function failAsUnopened(native: Native, args: unknown[]): unknown {
    return Reflect.apply(native, new Xhr(), args)
  }

  function frozenBody(body: unknown): unknown {
    const { Blob, FormData, URLSearchParams } = scope
    // Like these it has no type, so that none is sent.
    if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return new Blob([body as BlobPart])
    if (!(body instanceof FormData || body instanceof URLSearchParams)) return body
    const copy = body instanceof FormData ? new FormData() : new URLSearchParams()
    for (const [name, value] of body as Iterable<[string, string]>) copy.append(name, value)
    return copy
  }

  patcher.getter<XMLHttpRequestUpload>(prototype, 'upload', (upload, self) => {
    withUpload.add(self)
    return upload
  })
  patcher.getter<string>(prototype, 'responseURL', urls.shown)
}
