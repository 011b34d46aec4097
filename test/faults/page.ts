/** A page, as far as a connection knows one: calls that can be watched, fed and left, over HTTP/1.1 or HTTP/2. */
import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'

export interface Answer {
  /** 0 if none came. */
  status: number
  headers: Record<string, string>
  body: string
  /** Whether it came to its own end. */
  isWhole: boolean
}

export interface Call {
  /** As it stands. */
  answer: Answer
  over: Promise<Answer>
  send(bytes: string | Buffer): void
  /** Nothing more is sent. */
  finish(): void
  /** Gives up, as a page does that is closed. */
  leave(): void
}

export interface Page {
  call(path: string, options?: { method?: string; body?: true; headers?: Record<string, string> }): Call
  /** Lets its connections go. */
  close(): void
}

/** Its connections are kept, as browsers keep them. @param origin of the dev server */
export function openPage(origin: string, version: 1 | 2): Page {
  return version === 1 ? http1(origin) : http2(origin)
}

const OWN = { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' }

function http1(origin: string): Page {
  const { protocol, port, host } = new URL(origin)
  const [Agent, request] = protocol === 'https:' ? [HttpsAgent, requestHttps] : [HttpAgent, requestHttp]
  let agent = new Agent({ keepAlive: true })
  return {
    call(path, { method = 'GET', body, headers } = {}) {
      const answer: Answer = { status: 0, headers: {}, body: '', isWhole: false }
      let hasLeft = false
      let settle: (answer: Answer) => void = () => {}
      const over = new Promise<Answer>((resolve) => (settle = resolve))
      const send = (): ClientRequest => {
        const req = request({
          // What can't be sent again takes a connection of its own, which is not closed just as it is used.
          ...{ host: '127.0.0.1', port, path, method, agent: !body && agent, rejectUnauthorized: false },
          headers: { host, ...OWN, ...headers, ...(body && { 'transfer-encoding': 'chunked' }) },
        })
        req.on('error', () => {})
        req.on('close', () => {
          if (answer.status !== 0) return
          // The dev server closed a kept connection just as it was used: browsers send that once more.
          if (!body && req.reusedSocket && !hasLeft) current = send()
          else settle(answer)
        })
        req.on('response', (res: IncomingMessage) => {
          answer.status = res.statusCode ?? 0
          for (const [name, value] of Object.entries(res.headers)) answer.headers[name] = [value].flat().join(', ')
          res.setEncoding('latin1').on('data', (text: string) => (answer.body += text))
          res
            .on('error', () => {})
            .on('close', () => {
              answer.isWhole = res.complete
              settle(answer)
            })
        })
        if (body) req.flushHeaders()
        else req.end()
        return req
      }
      let current = send()
      return {
        answer,
        over,
        send: (bytes) => void current.write(bytes),
        finish: () => void current.end(),
        leave() {
          hasLeft = true
          current.destroy()
        },
      }
    },
    close() {
      agent.destroy()
      agent = new Agent({ keepAlive: true })
    },
  }
}

function http2(origin: string): Page {
  const { host } = new URL(origin)
  let session: ClientHttp2Session | undefined
  return {
    call(path, { method = 'GET', body, headers } = {}) {
      if (!session || session.closed || session.destroyed) {
        session = connect(origin.replace('localhost', '127.0.0.1'), { rejectUnauthorized: false })
        session.on('error', () => {})
      }
      const answer: Answer = { status: 0, headers: {}, body: '', isWhole: false }
      const fields = { ':method': method, ':path': path, ':scheme': 'https', ':authority': host, ...OWN, ...headers }
      const stream = session.request(fields, { endStream: !body })
      let hasEnded = false
      const over = new Promise<Answer>((resolve) => {
        stream.on('error', () => {}).on('end', () => (hasEnded = true))
        stream.on('response', (received) => {
          answer.status = Number(received[':status'])
          for (const [name, value] of Object.entries(received)) answer.headers[name] = [value].flat().join(', ')
        })
        stream.setEncoding('latin1').on('data', (text: string) => (answer.body += text))
        stream.on('close', () => {
          answer.isWhole = hasEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR
          resolve(answer)
        })
      })
      return {
        answer,
        over,
        send: (bytes) => void stream.write(bytes),
        finish: () => void stream.end(),
        leave: () => void stream.close(constants.NGHTTP2_CANCEL),
      }
    },
    close: () => session?.destroy(),
  }
}
