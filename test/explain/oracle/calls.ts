import type { Initiator } from '../../../src/explain.ts'
import type { Body } from './case.ts'

/** A call as the script in the page is given it. */
export interface Call {
  id: string
  url: string
  initiator?: Initiator
  method?: string
  headers: (readonly [string, string])[]
  mode?: RequestMode
  credentials?: RequestCredentials
  redirect?: RequestRedirect
  hasUploadListener?: boolean
  body?: Body
}

/** What the script in the page sees of it. */
export interface CallResult {
  id: string
  response?: { type?: string; status: number; url: string; headers: string[] }
  /** Name and message of what was thrown. */
  thrown?: string
  /** Nobody but the network knows what became of it: an element is told just as much of an image that is no image. */
  isOver?: boolean
}

/** Runs in the page, so it stands alone: nothing outside of it is there. */
export async function makeCalls(calls: Call[], concurrency: number, timeout: number): Promise<CallResult[]> {
  const describe = (error: unknown): string => `${(error as Error).name}: ${(error as Error).message}`

  function bodyOf({ body }: Call): BodyInit | undefined {
    if (body === undefined) return undefined
    if (body === 'bytes') return new Uint8Array([120])
    if (body === 'string') return 'x'
    if (body === 'stream') return new Blob(['x']).stream()
    if (body === 'form') return new URLSearchParams('a=b')
    if (body !== 'multipart') return new Blob(['x'], { type: body.blob })
    const form = new FormData()
    form.set('a', 'b')
    return form
  }

  async function viaFetch(call: Call): Promise<CallResult> {
    const { id, url, method, headers, mode, credentials, redirect } = call
    // A member that is there and undefined counts as absent.
    const init: RequestInit & { duplex: string } = {
      duplex: 'half',
      method,
      headers: headers as [string, string][],
      mode,
      credentials,
      redirect,
    }
    const response = await fetch(url, { ...init, body: bodyOf(call), signal: AbortSignal.timeout(timeout) })
    await response.arrayBuffer().catch(() => undefined)
    const names = [...response.headers].map(([name]) => name)
    return { id, response: { type: response.type, status: response.status, url: response.url, headers: names } }
  }

  function viaXhr(call: Call): Promise<CallResult> {
    const { id } = call
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest()
      xhr.open(call.method ?? 'GET', call.url)
      for (const [name, value] of call.headers) xhr.setRequestHeader(name, value)
      xhr.withCredentials = call.credentials === 'include'
      xhr.timeout = timeout
      if (call.hasUploadListener) xhr.upload.onprogress = () => undefined
      xhr.ontimeout = () => reject(new Error('timed out'))
      xhr.onerror = () => resolve({ id, thrown: 'error' })
      xhr.onload = () => {
        const lines = xhr.getAllResponseHeaders().split('\r\n').filter(Boolean)
        const names = lines.map((line) => line.slice(0, line.indexOf(':')))
        resolve({ id, response: { status: xhr.status, url: xhr.responseURL, headers: names } })
      }
      xhr.send(bodyOf(call) as XMLHttpRequestBodyInit | undefined)
    })
  }

  function viaEventSource({ id, url, credentials }: Call): Promise<CallResult> {
    return new Promise((resolve) => {
      const source = new EventSource(url, { withCredentials: credentials === 'include' })
      source.onopen = source.onerror = () => {
        source.close()
        resolve({ id, isOver: true })
      }
    })
  }

  /** Of its `crossorigin` attribute is made the request's mode. */
  const crossOriginOf = ({ mode, credentials }: Call): string | null =>
    mode === 'no-cors' ? null : credentials === 'include' ? 'use-credentials' : 'anonymous'

  function viaElement(call: Call): Promise<CallResult> {
    const { id, url, initiator } = call
    return new Promise((resolve) => {
      const element = document.createElement(initiator === 'image' ? 'img' : initiator === 'script' ? 'script' : 'link')
      element.crossOrigin = crossOriginOf(call)
      element.onload = element.onerror = () => {
        element.remove()
        resolve({ id, isOver: true })
      }
      if (element instanceof HTMLLinkElement) {
        element.rel = 'stylesheet'
        element.href = url
      } else element.src = url
      if (initiator !== 'image') document.head.append(element)
    })
  }

  function viaMedia(call: Call): Promise<CallResult> {
    const { id, url, initiator } = call
    return new Promise((resolve) => {
      const media = document.createElement(initiator === 'audio' ? 'audio' : 'video')
      media.crossOrigin = crossOriginOf(call)
      media.onerror = media.onloadedmetadata = () => resolve({ id, isOver: true })
      if (initiator !== 'track') {
        media.src = url
        return
      }
      const track = document.createElement('track')
      track.onload = track.onerror = () => {
        media.remove()
        resolve({ id, isOver: true })
      }
      track.src = url
      media.append(track)
      document.body.append(media)
      track.track.mode = 'showing'
    })
  }

  function viaWebSocket({ id, url }: Call): Promise<CallResult> {
    return new Promise((resolve) => {
      const socket = new WebSocket(url)
      socket.onerror = () => resolve({ id, thrown: 'error' })
      socket.onopen = () => {
        resolve({ id, isOver: true })
        socket.close()
      }
    })
  }

  function via(call: Call): Promise<CallResult> {
    switch (call.initiator) {
      case 'XMLHttpRequest':
        return viaXhr(call)
      case 'WebSocket':
        return viaWebSocket(call)
      case 'EventSource':
        return viaEventSource(call)
      case 'image':
      case 'script':
      case 'stylesheet':
        return viaElement(call)
      case 'media':
      case 'audio':
      case 'track':
        return viaMedia(call)
      case 'font': {
        const isOver = { id: call.id, isOver: true }
        return new FontFace('f', `url("${call.url}")`).load().then(
          () => isOver,
          () => isOver,
        )
      }
      case 'sendBeacon':
        navigator.sendBeacon(call.url, bodyOf(call))
        return Promise.resolve({ id: call.id, isOver: true })
      default:
        return viaFetch(call)
    }
  }

  const results: CallResult[] = []
  let next = 0
  async function work(): Promise<void> {
    for (let call = calls[next++]; call !== undefined; call = calls[next++]) {
      try {
        results.push(await via(call))
      } catch (error) {
        results.push({ id: call.id, thrown: describe(error) })
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return results
}
