import type { Case, Observation, Origins, XhrCall } from './case'

/** What the page is handed of a case. */
export interface Asked {
  given: Case
  origins: Origins
  url: string
  /** Of the body that the last answer has. */
  integrity: string
}

/**
 * Runs in the page, so it is one function that leans on nothing: makes the calls of the cases, some at a time, and writes
 * down whatever a script can see of them.
 */
export async function observe({
  asked,
  concurrency,
}: {
  asked: Asked[]
  concurrency: number
}): Promise<[id: string, Observation][]> {
  performance.setResourceTimingBufferSize(1_000_000)
  const observations: [string, Observation][] = []
  const queue = [...asked]
  const observed: string[] = []
  /** What the runtime asks the dev server for itself is no call of the page's. */
  const isCall = ({ name }: PerformanceEntry): boolean => !name.includes('/__cors-dev/failure?')
  const note = (entries: PerformanceEntryList): void => {
    observed.push(...entries.filter(isCall).map(({ name }) => name))
  }
  const observer = new PerformanceObserver((list) => note(list.getEntries()))
  observer.observe({ type: 'resource' })

  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const { given } = next
        const seen: Observation = {}
        observations.push([given.id, seen])
        for (let time = 0; time < given.times; time++) {
          const once: Observation = (seen[`call ${time}`] = {})
          await within(20_000, run(next, once)).catch((error: unknown) => (once.failed = shown(error)))
        }
        await within(5_000, entered(next)).catch(() => undefined)
        // Nor is it known whether one that was given up has an entry.
        if (!('abort' in given.call && given.call.abort) && !('timeout' in given.call && given.call.timeout))
          seen.timing = performance
            .getEntriesByType('resource')
            .filter((entry) => isCall(entry) && entry.name.includes(`/${given.id}/`))
            .map((entry) => {
              const { name, initiatorType, responseStatus, decodedBodySize } = entry as PerformanceResourceTiming
              return {
                name,
                initiatorType,
                responseStatus,
                // Of a body that nobody waits for, as much as has come.
                decodedBodySize: isRead(given) && decodedBodySize,
                json: (entry.toJSON() as { name: string }).name === name,
              }
            })
        if (seen.timing) seen.named = performance.getEntriesByName(next.url).length
      }
    }),
  )
  note(observer.takeRecords())
  observer.disconnect()
  for (const { given } of asked)
    if (isEntered(given))
      observations.find(([id]) => id === given.id)![1].observed = [
        ...new Set(observed.filter((name) => name.includes(`/${given.id}/`))),
      ]
  return observations

  function isRead({ call, answers }: Case): boolean {
    if (call.api === 'fetch') return call.read !== 'nothing' && !call.abort && !answers.some(({ ends }) => ends)
    return call.api !== 'xhr' || (!call.abort && !call.timeout && !answers.some(({ ends }) => ends))
  }

  function run(next: Asked, once: Observation): Promise<void> {
    switch (next.given.call.api) {
      case 'fetch':
        return runFetch(next, once)
      case 'xhr':
        return runXhr(next, next.given.call, once)
      case 'event-source':
        return runEventSource(next, once)
      case 'websocket':
        return runWebSocket(next, once)
      case 'beacon':
        return runBeacon(next, once)
    }
  }

  /** Entries are made when a body is over, which a script may hear of first. */
  async function entered({ given, url }: Asked): Promise<void> {
    if (!isEntered(given)) return
    const isTwice = given.call.api === 'fetch' && /^(reused|clone-before)/.test(given.call.input)
    const calls = given.times * (isTwice ? 2 : 1)
    for (let turn = 0; turn < 200 && performance.getEntriesByName(url).length < calls; turn++)
      await new Promise((resolve) => setTimeout(resolve, 5))
  }

  /** A stream's entry comes some time after its end, and that of a call that was given up may not come. */
  function isEntered({ call, answers }: Case): boolean {
    if (call.api !== 'fetch' && call.api !== 'xhr') return false
    return !call.abort && answers.every(({ ends }) => !ends || ends.startsWith('cut'))
  }

  async function within<T>(time: number, promise: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error('never ended')), time)))
    return Promise.race([promise, late]).finally(() => clearTimeout(timer))
  }

  function shown(error: unknown): unknown {
    if (!(error instanceof Error || error instanceof DOMException)) return { thrown: String(error) }
    return {
      name: error.name,
      // Said where the error is found at once, which is a matter of time.
      message: error.message.replace(/^Failed to execute 'json' on 'Response': (?=Unexpected)/, ''),
      class: Object.getPrototypeOf(error) === TypeError.prototype ? 'TypeError' : error.constructor.name,
      // Its first frame is to be the caller's: these are not.
      frames: (error.stack ?? '').split('\n').filter((line) => /__cors-dev|Reflect\./.test(line)),
    }
  }

  async function digest(bytes: ArrayBuffer | Uint8Array): Promise<string> {
    const view = new Uint8Array(bytes as ArrayBuffer)
    let hash = 0
    for (const byte of view) hash = (Math.imul(hash, 31) + byte) | 0
    return `${view.length} ${hash}`
  }

  async function shownBody(value: unknown): Promise<unknown> {
    if (value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value)) {
      return typeof value === 'string' && value.length > 200
        ? `${value.length} ${await digest(new TextEncoder().encode(value))}`
        : value
    }
    if (value instanceof ArrayBuffer || value instanceof Uint8Array)
      return { class: value.constructor.name, bytes: await digest(value) }
    if (value instanceof Blob) return { type: value.type, bytes: await digest(await value.arrayBuffer()) }
    if (value instanceof FormData) return { form: [...(value as unknown as Iterable<[string, string]>)] }
    if (value instanceof Document)
      return { contentType: value.contentType, URL: value.URL, text: value.documentElement?.outerHTML }
    return { json: JSON.stringify(value) }
  }

  function bodyOf(kind: string): unknown {
    switch (kind) {
      case 'string':
        return 'Gr\u00fc\u00dfe'
      case 'json':
        return JSON.stringify({ a: 1 })
      case 'form': {
        const form = new FormData()
        form.append('name', 'v\u00e4lue')
        form.append('file', new File(['text'], 'a "b".txt', { type: 'text/plain' }))
        return form
      }
      case 'urlencoded':
        return new URLSearchParams({ a: '1 2', b: '\u00fc' })
      case 'blob':
        return new Blob(['blob'])
      case 'typed-blob':
        return new Blob(['{}'], { type: 'application/json' })
      case 'buffer':
        return new Uint8Array([0, 1, 254, 255]).buffer
      case 'view':
        return new Uint8Array([9, 9, 0, 1, 254, 255]).subarray(2)
      case 'large':
        return 'x'.repeat(150_000)
      case 'stream':
        return new Blob(['one ', 'two']).stream()
      case 'document':
        return new DOMParser().parseFromString('<p>\u00fc', 'text/html')
      default:
        return undefined
    }
  }

  async function runFetch({ given, origins, url, integrity }: Asked, once: Observation): Promise<void> {
    const { call } = given
    if (call.api !== 'fetch') return
    const controller = new AbortController()
    const reason = call.reason === 'error' ? new RangeError('enough') : call.reason
    const abort = (): void => (reason ? controller.abort(reason) : controller.abort())
    const init: RequestInit = { ...call.init, method: call.method }
    if (init.integrity === 'right') init.integrity = integrity
    if (init.referrer?.startsWith('/')) init.referrer = origins.page + init.referrer
    if (call.credentials) init.credentials = call.credentials
    const body = bodyOf(call.body) as BodyInit | undefined
    if (body !== undefined) init.body = body
    if (call.body === 'stream') Object.assign(init, { duplex: 'half' })
    if (call.refusedBody) {
      const stream = new ReadableStream()
      if (call.refusedBody === 'locked-stream') stream.getReader()
      Object.assign(init, { method: 'POST', body: stream })
      if (call.refusedBody === 'locked-stream') Object.assign(init, { duplex: 'half' })
    }
    if (call.abort) init.signal = call.abort === 'in-time' ? AbortSignal.timeout(150) : controller.signal

    let response: Response
    let request: Request | undefined
    let calling: Promise<Response> | undefined
    try {
      init.headers =
        call.headersAs === 'pairs'
          ? call.headers
          : call.headersAs === 'object'
            ? Object.fromEntries(call.headers)
            : new Headers(call.headers)
      if (call.abort === 'before') abort()
      switch (call.input) {
        case 'string':
          calling = fetch(url, init)
          break
        case 'url':
          calling = fetch(new URL(url), init)
          break
        case 'request':
          calling = fetch((request = new Request(url, init)))
          break
        case 'request-and-init': {
          const { method, body: given, ...rest } = init
          request = new Request(url, {
            method,
            body: given,
            ...(call.ignoresSignal && { signal: init.signal }),
            ...('duplex' in init && { duplex: init.duplex }),
          })
          calling = fetch(request, call.ignoresSignal ? { ...rest, signal: null } : rest)
          break
        }
        case 'cloned-request':
          request = new Request(url, init)
          calling = fetch(request.clone())
          break
        case 'used-request':
          request = new Request(url, init)
          await request.text()
          calling = fetch(request)
          break
        case 'locked-request':
          request = new Request(url, init)
          request.body?.getReader()
          calling = fetch(request)
          break
        case 'reused-request':
          request = new Request(url, init)
          await fetch(request).then(
            (first) => first.arrayBuffer().catch(() => undefined),
            (error: unknown) => (once.firstError = shown(error)),
          )
          calling = fetch(request)
          break
        case 'clone-before-request': {
          request = new Request(url, init)
          const clone = request.clone()
          const first = await fetch(request).catch(() => undefined)
          once.firstBody = await first?.text().catch(shown)
          calling = fetch(clone)
          break
        }
        case 'init-is-request':
          calling = fetch(url, (request = new Request(url, init)))
      }
      if (request) once.requestUsedAtOnce = request.bodyUsed
      if (call.abort === 'at-once') abort()
      // Changes after the call come too late.
      if (call.headersAs === 'headers') (init.headers as Headers).set('x-custom', 'changed')
      response = await calling
    } catch (error) {
      once.sync = calling === undefined
      once.error = shown(error)
      once.isReason = error === reason
      if (request) once.requestUsed = request.bodyUsed
      return
    }
    once.request = request && { used: request.bodyUsed, url: request.url }
    once.response = {
      class: response.constructor === Response,
      type: response.type,
      url: response.url,
      redirected: response.redirected,
      status: response.status,
      statusText: response.statusText,
      ok: response.ok,
      headers: [...(response.headers as unknown as Iterable<[string, string]>)],
      hasBody: response.body !== null,
      used: response.bodyUsed,
    }
    if (call.abort === 'after-headers') abort()
    try {
      switch (call.read) {
        case 'nothing':
          await response.body?.cancel()
          break
        case 'clone': {
          const clone = response.clone()
          once.clone = {
            type: clone.type,
            url: clone.url,
            redirected: clone.redirected,
            headers:
              JSON.stringify([...(clone.headers as unknown as Iterable<[string, string]>)]) ===
              JSON.stringify([...(response.headers as unknown as Iterable<[string, string]>)]),
          }
          if (call.abort === 'in-body') setTimeout(abort, 0)
          const both = await Promise.allSettled([response.text(), clone.arrayBuffer()])
          once.body = await Promise.all(
            both.map((one) => (one.status === 'fulfilled' ? shownBody(one.value) : shown(one.reason))),
          )
          break
        }
        case 'stream': {
          const parts: Uint8Array[] = []
          once.parts = 'none'
          if (response.body) {
            const reader = response.body.getReader()
            try {
              for (let part = await reader.read(); !part.done; part = await reader.read()) {
                parts.push(part.value)
                if (call.abort === 'in-body') abort()
              }
            } finally {
              // A break may overtake what came before it.
              if (given.answers.some(({ ends }) => ends === 'cut-in-body')) parts.length = 0
              once.parts = await digest(await new Blob(parts as BlobPart[]).arrayBuffer())
            }
          }
          break
        }
        default: {
          const read = call.read === 'twice' ? 'text' : call.read
          const reading = response[read]()
          once.usedWhileReading = response.bodyUsed
          if (call.abort === 'in-body') abort()
          once.body = await shownBody(await reading)
          if (call.read === 'twice') await response.text()
        }
      }
    } catch (error) {
      once.readError = shown(error)
      once.isReason = error === reason
    }
    once.usedAfter = response.bodyUsed
    try {
      response.clone()
    } catch (error) {
      once.cloneError = shown(error)
    }
  }

  function runXhr({ given, url }: Asked, call: XhrCall, once: Observation): Promise<void> {
    const xhr = new XMLHttpRequest()
    const events: string[] = []
    once.events = events
    const thrown: unknown[] = []
    once.thrown = thrown
    function attempt(action: () => void): void {
      try {
        action()
      } catch (error) {
        thrown.push(shown(error))
      }
    }
    // How much of a body goes up before it is no longer asked for is a matter of time.
    const isSentInFull = !given.answers.some(
      ({ status, ends }, hop) => ends ?? (hop < given.answers.length - 1 && status < 304),
    )
    const bodiless: string[] = []
    once.bodiless = bodiless
    // Whether a body that breaks off was heard of before is a matter of time.
    const isCut = given.answers.some(({ ends }) => ends === 'cut-in-body')
    const note = (source: string, event: Event): void => {
      if (isCut && /^(readystatechange|progress)$/.test(event.type) && xhr.readyState < 4 && xhr.readyState > 1) return
      if (source && call.body === 'none') bodiless.push(event.type)
      if (source && (call.body === 'none' || !isSentInFull)) return
      const { type } = event
      const { loaded, total, lengthComputable } = event as ProgressEvent
      const size = 'loaded' in event ? ` ${loaded}/${total}${lengthComputable ? '' : '?'}` : ''
      // How far it came, and how often and when that is told, is a matter of time.
      const line =
        type === 'progress'
          ? `${source}progress ${total} ${lengthComputable}`
          : `${source}${type} ${xhr.readyState} ${xhr.status}${size}`
      const isRepeated = type === 'progress' || (type === 'readystatechange' && xhr.readyState === 3)
      if (!isRepeated || !events.includes(line)) events.push(line)
      if (source || event.target !== xhr) return
      if (call.abort === 'headers' && type === 'readystatechange' && xhr.readyState === 2) xhr.abort()
      if (call.abort === 'loading' && type === 'progress') xhr.abort()
      if (call.abort === 'done' && type === 'load') xhr.abort()
    }
    const TYPES = ['readystatechange', 'loadstart', 'progress', 'abort', 'error', 'load', 'timeout', 'loadend']
    for (const type of TYPES) xhr.addEventListener(type, (event) => note('', event))
    if (call.listensToUpload)
      for (const type of TYPES.slice(1)) xhr.upload.addEventListener(type, (event) => note('upload.', event))
    const ended = new Promise<void>((resolve) => xhr.addEventListener('loadend', () => setTimeout(resolve, 0)))

    const open = (): void =>
      attempt(() => (call.isAsync ? xhr.open(call.method, url) : xhr.open(call.method, url, false)))
    open()
    if (call.opensTwice) {
      attempt(() => xhr.setRequestHeader('x-first', 'gone'))
      open()
    }
    attempt(() => (xhr.responseType = call.responseType))
    attempt(() => (xhr.withCredentials = call.credentials === 'include'))
    for (const [name, value] of call.headers) attempt(() => xhr.setRequestHeader(name, value))
    if (call.overrideMimeType) attempt(() => xhr.overrideMimeType(call.overrideMimeType!))
    if (call.timeout) xhr.timeout = 150
    if (call.abort === 'opened') xhr.abort()
    const before = thrown.length
    attempt(() => xhr.send(bodyOf(call.body) as XMLHttpRequestBodyInit))
    once.atOnce = [xhr.readyState, xhr.status]
    attempt(() => xhr.setRequestHeader('x-late', '1'))
    if (call.abort === 'at-once') xhr.abort()
    const isOver = !call.isAsync || xhr.readyState === 0 || thrown.slice(before).length > 1
    return (isOver ? Promise.resolve() : ended).then(async () => {
      const read = (action: () => unknown): unknown => {
        try {
          return action()
        } catch (error) {
          return shown(error)
        }
      }
      once.result = {
        readyState: xhr.readyState,
        status: xhr.status,
        statusText: xhr.statusText,
        responseURL: xhr.responseURL,
        responseType: xhr.responseType,
        headers: xhr.getAllResponseHeaders().split('\r\n'),
        custom: xhr.getResponseHeader('X-One'),
        text: await shownBody(read(() => xhr.responseText)),
        xml: await shownBody(read(() => xhr.responseXML)),
        response: await shownBody(read(() => xhr.response)),
        upload: xhr.upload instanceof XMLHttpRequestUpload,
      }
    })
  }

  function runEventSource({ given, url }: Asked, once: Observation): Promise<void> {
    const { call } = given
    if (call.api !== 'event-source') return Promise.resolve()
    const events: string[] = []
    once.events = events
    let errors = 0
    const source = new EventSource(url, { withCredentials: call.credentials })
    once.source = {
      url: source.url,
      withCredentials: source.withCredentials,
      readyState: source.readyState,
      class: source.constructor === EventSource,
    }
    return new Promise((resolve) => {
      for (const type of ['open', 'message', 'named', 'error'])
        source.addEventListener(type, (event) => {
          const { data, lastEventId, origin } = event as MessageEvent<string>
          events.push(
            [
              type,
              source.readyState,
              ...(type === 'message' || type === 'named' ? [data, lastEventId, origin] : []),
            ].join(' '),
          )
          // Where nobody listens it would try for ever.
          if (type === 'error' && ++errors === 5) source.close()
          if (source.readyState === EventSource.CLOSED) resolve()
        })
    })
  }

  function runWebSocket({ given, url }: Asked, once: Observation): Promise<void> {
    const { call } = given
    if (call.api !== 'websocket') return Promise.resolve()
    const events: string[] = []
    once.events = events
    const address = (call.scheme === 'ws' ? url.replace('http', 'ws') : url) + (call.fragment ? '#fragment' : '')
    let socket: WebSocket
    try {
      socket = call.protocols === undefined ? new WebSocket(address) : new WebSocket(address, call.protocols)
    } catch (error) {
      once.error = shown(error)
      return Promise.resolve()
    }
    socket.binaryType = call.binaryType
    once.socket = {
      url: socket.url,
      readyState: socket.readyState,
      protocol: socket.protocol,
      class: socket.constructor === WebSocket,
    }
    let left = call.sends.length
    const finish = (): void => {
      if (left > 0 || call.closes.by !== 'page') return
      const { code, reason } = call.closes
      try {
        if (code === undefined) socket.close()
        else if (reason === undefined) socket.close(code)
        else socket.close(code, reason)
      } catch (error) {
        once.closeError = shown(error)
        socket.close()
      }
    }
    return new Promise((resolve) => {
      socket.onopen = () => {
        events.push(`open ${socket.readyState} ${socket.protocol} ${socket.extensions}`)
        for (const kind of call.sends)
          socket.send(
            kind === 'text'
              ? 'Gr\u00fc\u00dfe'
              : kind === 'empty'
                ? ''
                : kind === 'large'
                  ? 'x'.repeat(100_000)
                  : (bodyOf(kind) as ArrayBuffer),
          )
        finish()
      }
      socket.onmessage = ({ data, origin, lastEventId }: MessageEvent<unknown>) => {
        const size =
          typeof data === 'string'
            ? `text ${data.length}`
            : data instanceof Blob
              ? `blob ${data.size}`
              : `buffer ${(data as ArrayBuffer).byteLength}`
        events.push(`message ${size} ${origin} ${lastEventId}`)
        left--
        finish()
      }
      socket.onerror = () => events.push(`error ${socket.readyState}`)
      socket.onclose = ({ code, reason, wasClean }) => {
        events.push(`close ${socket.readyState} ${code} ${reason} ${wasClean}`)
        resolve()
      }
    })
  }

  async function runBeacon({ given, url }: Asked, once: Observation): Promise<void> {
    const { call } = given
    if (call.api !== 'beacon') return
    once.sent = navigator.sendBeacon(url, bodyOf(call.body) as BodyInit)
    // Nobody hears of its end but resource timing.
    for (let turn = 0; turn < 200 && !performance.getEntriesByName(url).length; turn++)
      await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
