import type { Dispatcher } from 'undici'
import type { DirectResponse } from '../explain/direct-exchange'
import type { HeaderLines } from '../exchange/exchange'
import { addressLiteral, refusesHost } from '../targets/address'
import type { Target } from '../targets/target'
import { createDispatcher } from './connect'
import { classifyFailure, UpstreamError } from './errors'
import { recordLines } from './upstream-request'

export interface DirectRequestLine {
  /** Absolute http(s) URL. */
  url: string
  method: string
  /** Sent as they are, in this order; `Host` and `Content-Length` are added. */
  headers: HeaderLines
  body?: string | undefined
}

export interface DirectAnswer extends DirectResponse {
  /** The IP address that answered; absent behind a proxy. */
  remoteAddress?: string
}

export interface DirectConnections {
  /**
   * Status and header of the answer. Its body is never read.
   *
   * @throws UpstreamError
   */
  send(line: DirectRequestLine): Promise<DirectAnswer>
  close(): Promise<void>
}

export interface DirectConnectionsInput {
  env: NodeJS.ProcessEnv
  /** Milliseconds that each answer may take, the connection included. */
  timeout: number
  /** Whether certificates are accepted that a browser would stop at. */
  isInsecure: boolean
  /** What stands for the asked URL in messages. */
  name: string
  /** What helps where it is up to these settings: whoever gives them has names for them. */
  remedies: { timeout: string; certificate: string }
}

/** Chromium's own limit: https://source.chromium.org/chromium/chromium/src/+/main:net/http/http_stream_parser.h */
const MAX_HEADER_SIZE = 256 * 1024

/** Requests to any server, made for nobody but the developer who asks: no page, no cookies, no proxying. */
export function createDirectConnections(input: DirectConnectionsInput): DirectConnections {
  const { env, timeout, isInsecure, name, remedies } = input
  const known = new Map<string, { target: Target; dispatcher: Dispatcher; remoteAddress: string | undefined }>()

  function connectionTo(origin: string) {
    const before = known.get(origin)
    if (before) return before
    const target: Target = {
      origin,
      basePath: '',
      path: undefined,
      stripPrefix: false,
      originPolicy: 'page',
      relay: 'never',
      // As strict as a browser: the certificate of a loopback server counts too.
      proxy: { secure: !isInsecure, proxyTimeout: timeout },
      provenance: { source: 'options', name },
    }
    const connection = {
      target,
      remoteAddress: undefined as string | undefined,
      dispatcher: createDispatcher(target, env, {
        maxHeaderSize: MAX_HEADER_SIZE,
        connected: (address) => {
          connection.remoteAddress = address
        },
      }),
    }
    known.set(origin, connection)
    return connection
  }

  return {
    async send({ url, method, headers, body }) {
      const { origin, pathname, search } = new URL(url)
      const isFirst = known.size === 0
      const connection = connectionTo(origin)
      const { target } = connection
      // Where a redirect leads is not what the developer has named.
      refuseUncommonAddress(target, isFirst)
      try {
        const answer = await receiveHeader(connection.dispatcher, timeout, {
          origin,
          path: pathname + search,
          method,
          headers: headers.flat(),
          body: body ?? null,
        })
        return { ...answer, ...(connection.remoteAddress !== undefined && { remoteAddress: connection.remoteAddress }) }
      } catch (error) {
        const failure = classifyFailure(error as Error, target)
        if (failure.code === 'timeout') failure.remedy = remedies.timeout
        if (failure.code === 'tls' && !isProtocolError(error)) failure.remedy = remedies.certificate
        throw new UpstreamError(failure, { cause: error })
      }
    },
    async close() {
      await Promise.all([...known.values()].map(({ dispatcher }) => dispatcher.destroy()))
    },
  }
}

/** Whether the other side speaks no TLS, or another one: whom it would be is another question. */
function isProtocolError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(?:EPROTO|ERR_SSL_)/.test(String(error.code))
}

function refuseUncommonAddress({ origin }: Target, isNamed: boolean): void {
  const { hostname } = new URL(origin)
  const kind = refusesHost(hostname, isNamed)
  if (kind === undefined) return
  throw new UpstreamError({
    code: 'address',
    cause: `${addressLiteral(hostname)} is ${
      kind === 'unspecified' || kind === 'multicast'
        ? 'no address of one server'
        : 'an address inside of a machine or its cloud, where no redirect is followed to'
    }`,
    remedy: 'Name the address of one server.',
  })
}

function receiveHeader(
  dispatcher: Dispatcher,
  timeout: number,
  options: Dispatcher.DispatchOptions,
): Promise<DirectResponse> {
  return new Promise((resolve, reject) => {
    let control: Dispatcher.DispatchController | undefined
    // The transport's own clocks tick coarsely, and start anew for each phase.
    const timer = setTimeout(() => {
      const error = Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
      reject(error)
      control?.abort(error)
    }, timeout)
    dispatcher.dispatch(options, {
      onRequestStart(controller) {
        control = controller
      },
      onResponseStart(controller, status, received) {
        // Early hints and their like come before the answer.
        if (status < 200) return
        clearTimeout(timer)
        resolve({ status, headers: recordLines(received) })
        // An event stream has no end, and a download is not wanted.
        controller.abort(new Error('the header is all that was asked for'))
      },
      onResponseData() {},
      onResponseEnd() {},
      onResponseError(_controller, error) {
        clearTimeout(timer)
        reject(error)
      },
    })
  })
}
