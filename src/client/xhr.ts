import { nativeGetter } from './patch'
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
  state: typeof OPENED | typeof PENDING | typeof SENT
}

const OPENED = 0
/** `send()` was called, and the dev server is being asked how. */
const PENDING = 1
const SENT = 2

/**
 * `open()` knows the URL but not yet `withCredentials` and the headers, which decide the way. So `send()` opens a second
 * time where needed: no event fires, and all but the headers stays (`responseType`, `timeout`, the MIME type, listeners).
 *
 * @see https://xhr.spec.whatwg.org/#the-open()-method
 */
export function patchXhr({ scope, urls, patcher, decisions, explainFailure }: Runtime): void {
  // A service worker has none.
  const Xhr = scope.XMLHttpRequest
  if (!Xhr) return
  const { prototype } = Xhr
  const { open, send, setRequestHeader } = prototype
  const withCredentialsOf = nativeGetter<boolean>(prototype, 'withCredentials')
  const opened = new WeakMap<object, Opened>()
  const withUpload = new WeakSet<object>()

  patcher.override(prototype, 'open', (proceed, self, args) => {
    const [method, given, isAsync = args.length < 3, user, password] = args
    const target = user || password ? undefined : urls.targetOf(given)
    // Whoever instrumented the platform before sees one `open()` of most requests.
    const url = target && (target.relay === 'always' ? urls.toDevUrl(false, target.url) : target.url.href)
    if (url) args[1] = url
    const result = proceed()
    // Only now is the former request gone, and with it what was pending.
    opened.delete(self as object)
    if (url) {
      opened.set(self as object, {
        target,
        method: method as string,
        isAsync: !!isAsync,
        url,
        headers: [],
        state: OPENED,
      })
    }
    return result
  })

  /** What the platform throws for a request in a wrong state is thrown by a request in a wrong state. */
  const unlessPending = (xhr: object, call: Opened | undefined): object => (call?.state === PENDING ? new Xhr() : xhr)

  patcher.override(prototype, 'setRequestHeader', (proceed, self, args) => {
    const call = opened.get(self as object)
    const result = proceed(unlessPending(self as object, call))
    call?.headers.push(args.map(String) as [string, string])
    return result
  })

  patcher.override(prototype, 'send', (proceed, self, args) => {
    const xhr = self as XMLHttpRequest
    const call = opened.get(xhr)
    if (call?.state !== OPENED) return proceed(unlessPending(xhr, call))
    call.state = SENT

    const credentials = withCredentialsOf(xhr)
    try {
      // Listeners can't be counted, but nobody asks for `upload` to do anything else. Too strict a question is safe.
      const shape = requestShape(scope, { ...call, body: args[0], credentials, forcesPreflight: withUpload.has(xhr) })
      const route = decisions.known(call.target, shape)
      if (!route && call.isAsync) {
        const body = frozenBody(args[0])
        call.state = PENDING
        void decisions.ask(call.target, shape).then((answer) => {
          if (opened.get(xhr) !== call || call.state !== PENDING) return
          call.state = SENT
          try {
            if (answer === 'relay') relay(xhr, call, credentials)
          } catch {
            // It is still open under its own URL.
          }
          proceed(xhr, [body])
        })
        return undefined
      }
      if ((route ?? decisions.askNow(call.target, shape)) === 'relay') relay(xhr, call, credentials)
    } catch {
      // It is open under one URL or the other: sent it must be, and only once.
    }
    try {
      return proceed()
    } catch (error) {
      // A synchronous request fails by throwing, and names its URL.
      if (call.isAsync || !(error instanceof scope.DOMException)) throw error
      explain({ target: xhr })
      const { name, message, stack = '' } = error
      // One that a script makes has no stack.
      throw Object.assign(new scope.DOMException(urls.shown(message), name), { stack: urls.shown(stack) })
    }
  })

  patcher.override(prototype, 'abort', (proceed, self) => {
    const xhr = self as XMLHttpRequest
    const call = opened.get(xhr)
    // It stays open, and browsers forget its headers.
    if (call) call.headers = []
    if (call?.state === PENDING) {
      opened.delete(xhr)
      // It has to fire its events, although it was never sent.
      open.call(xhr, call.method, 'data:,', true)
      send.call(xhr)
    }
    return proceed()
  })

  function relay(xhr: XMLHttpRequest, call: Opened, credentials: boolean): void {
    const url = urls.toDevUrl(credentials, call.target.url, withUpload.has(xhr) ? '+upload-listener' : undefined)
    if (url !== call.url) {
      open.call(xhr, call.method, url, call.isAsync)
      call.url = url
      for (const header of call.headers) setRequestHeader.apply(xhr, header)
    }
    // Of one that is used again, this is the same listener.
    xhr.addEventListener('error', explain)
  }

  function explain({ target: xhr }: { target: unknown }): void {
    const call = opened.get(xhr as object)
    if (call && urls.toUpstreamUrl(call.url)) explainFailure(call.method, call.target.url.href)
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
  // Firefox keeps it where a redirect fails, and that is how the dev server fails a call.
  patcher.getter<string>(prototype, 'responseURL', (url, { status }) => (status ? urls.shown(url) : ''))
}
