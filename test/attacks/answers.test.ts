/** An upstream that has been taken over, or is broken: what it answers with, and what becomes of it. */
import { gzipSync } from 'node:zlib'
import type { ClientHttp2Session } from 'node:http2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Host, type HostKind, startHost } from '../e2e/hosts'
import { toBytes, UPGRADE } from './corpus'
import { open, openHttp2, type Raw, read, sendBytes, sendHttp2 } from './raw'
import { type LenientUpstream, startLenientUpstream } from './upstream'

const OK = 'HTTP/1.1 200 OK\r\n'
const SECOND = `${OK}Content-Length: 6\r\nX-Second: yes\r\n\r\nSECOND`

/**
 * - a number: the page is given this status, and all of the body.
 * - `failure`: a 502, since it was no answer.
 * - `cut`: what had come was passed on, and then the connection ends, so that half of it does not pass for the whole.
 * - `whole or none`: servers may differ on how broken it is; one answer it is at most.
 */
type Becomes = number | 'failure' | 'cut' | 'whole or none'

const ANSWERS: Record<string, [bytes: string, becomes: Becomes]> = {
  'two at once': [`${OK}Content-Length: 3\r\n\r\none${SECOND}`, 200],
  'two, the first without a body': [`HTTP/1.1 204 No Content\r\n\r\n${SECOND}`, 204],
  'two, the first not modified': [`HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n${SECOND}`, 304],
  'a body where there is none': ['HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nabcde', 204],
  'an upgrade that nobody asked for': [
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'failure',
  ],
  'a thousand promises, then an answer': [
    `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(1000)}${OK}Content-Length: 2\r\n\r\nok`,
    200,
  ],
  'a call to go on that nobody waited for': [
    `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
    'whole or none',
  ],
  'hints, then an answer': [
    `HTTP/1.1 103 Early Hints\r\nLink: <https://evil.example/>; rel=preload\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
    200,
  ],
  'a status of no class': ['HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n', 'whole or none'],
  'a status of nothing': ['HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n', 'whole or none'],
  'a status beyond the classes': ['HTTP/1.1 799 High\r\nContent-Length: 0\r\n\r\n', 'whole or none'],
  'a status of four digits': ['HTTP/1.1 2000 Long\r\nContent-Length: 0\r\n\r\n', 'failure'],
  'a status of letters': ['HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n', 'failure'],
  'another protocol': ['SSH-2.0-OpenSSH_9.9\r\n', 'failure'],
  'HTTP/0.9': ['<html>hello</html>', 'failure'],
  'a frame of HTTP/2': ['\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff', 'failure'],
  'an alert of TLS': ['\x15\x03\x01\0\x02\x02\x46', 'failure'],
  'a head beyond all measure': [`${OK}X-Long: ${'x'.repeat(200_000)}\r\nContent-Length: 0\r\n\r\n`, 'failure'],
  'fields beyond all measure': [`${OK}${'X-Many: x\r\n'.repeat(20_000)}Content-Length: 0\r\n\r\n`, 'failure'],
  'a name that is none': [`${OK}Bad Name: x\r\nContent-Length: 0\r\n\r\n`, 'failure'],
  'a NUL in a value': [`${OK}X-A: a\0b\r\nContent-Length: 0\r\n\r\n`, 'whole or none'],
  'a control character in a value': [`${OK}X-A: a\x01b\x7f\r\nContent-Length: 2\r\n\r\nok`, 'whole or none'],
  'a CR in a value': [`${OK}X-A: a\rSet-Cookie: x=1\r\nContent-Length: 0\r\n\r\n`, 'whole or none'],
  'lines that end with LF': ['HTTP/1.1 200 OK\nContent-Length: 2\n\nok', 'whole or none'],
  'a folded line': [`${OK}X-A: a\r\n b\r\nContent-Length: 2\r\n\r\nok`, 'whole or none'],
  'line breaks in its reason, if one reads it wrong': [
    `HTTP/1.1 403 No\xc4\x8d\xc4\x8aX-Second: yes\xc4\x8d\xc4\x8aSet-Cookie: planted=1\r\nContent-Length: 0\r\n\r\n`,
    403,
  ],
  'bytes beyond ASCII in a value': [`${OK}X-A: \xe4\xff\r\nContent-Length: 2\r\n\r\nok`, 200],
  'two lengths': [`${OK}Content-Length: 2\r\nContent-Length: 40\r\n\r\nok`, 'whole or none'],
  'both framings': [
    `${OK}Content-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    'whole or none',
  ],
  'a negative length': [`${OK}Content-Length: -1\r\n\r\nok`, 'failure'],
  'a length beyond numbers': [`${OK}Content-Length: 99999999999999999999\r\n\r\nok`, 'whole or none'],
  'a chunk beyond numbers': [`${OK}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nok`, 'cut'],
  'a chunk of negative size': [`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n-1\r\n\r\n`, 'cut'],
  'trailers that set what heads do': [
    `${OK}Transfer-Encoding: chunked\r\nTrailer: Set-Cookie\r\n\r\n2\r\nok\r\n0\r\nSet-Cookie: planted=1\r\nX-Second: yes\r\n\r\n`,
    200,
  ],
  'trailers beyond all measure': [
    `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-A: ${'x'.repeat(200_000)}\r\n\r\n`,
    'whole or none',
  ],
  'a transfer that is coded as never heard of': [`${OK}Transfer-Encoding: gzip\r\n\r\nok`, 'whole or none'],
  'a coding a hundred times over': [
    `${OK}Content-Encoding: ${'gzip, '.repeat(99)}gzip\r\nContent-Length: 2\r\n\r\nok`,
    200,
  ],
  'a thousand cookies': [
    `${OK}${Array.from({ length: 1000 }, (_, i) => `Set-Cookie: c${i}=1\r\n`).join('')}Content-Length: 2\r\n\r\nok`,
    200,
  ],
  'a cookie of a kind that never was': [
    `${OK}Set-Cookie: ;;;=\x80; Domain=[; Path=\\; Max-Age=x; Expires=y\r\nContent-Length: 2\r\n\r\nok`,
    200,
  ],
  'a redirect to nowhere': ['HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n', 302],
  'a redirect to a script': ['HTTP/1.1 302 Found\r\nLocation: javascript:alert(1)\r\nContent-Length: 0\r\n\r\n', 302],
  'a redirect to the metadata of a cloud': [
    'HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/\r\nContent-Length: 0\r\n\r\n',
    302,
  ],
  'a redirect with all the escapes of a line break': [
    'HTTP/1.1 302 Found\r\nLocation: /a%0d%0aSet-Cookie:%20x=1\r\nContent-Length: 0\r\n\r\n',
    302,
  ],
  'a redirect of great length': [
    `HTTP/1.1 302 Found\r\nLocation: /${'a'.repeat(50_000)}\r\nContent-Length: 0\r\n\r\n`,
    302,
  ],
  'two redirects': [
    'HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n',
    302,
  ],
  nothing: ['', 'failure'],
  'half a head': ['HTTP/1.1 200 OK\r\nContent-Le', 'failure'],
  'half a body': [`${OK}Content-Length: 10\r\n\r\nhalf`, 'cut'],
  'half a chunk': [`${OK}Transfer-Encoding: chunked\r\n\r\na\r\nhalf`, 'cut'],
}

/** Answers after which the connection stays open, as an upstream would leave it that waits for the next to be taken in. */
const LEAVES_OPEN = /^two|thousand|hints|redirect|cookie|trailers|hundred/

describe.each<[HostKind]>([['express'], ['vite-https']])('what an upstream answers, by %s', (kind) => {
  let upstream: LenientUpstream
  let host: Host
  let session: ClientHttp2Session | undefined

  beforeAll(async () => {
    upstream = await startLenientUpstream(({ target }, socket) => {
      const name = decodeURIComponent(new URL(target, 'http://x').searchParams.get('answer') ?? '')
      const answer = ANSWERS[name]
      if (!answer) return undefined
      if (LEAVES_OPEN.test(name)) return answer[0]
      socket.end(answer[0], 'latin1')
      return ''
    })
    host = await startHost(kind, { options: { targets: { '/api': upstream.origin } } })
  })

  afterAll(async () => {
    session?.destroy()
    await Promise.all([host?.close(), upstream?.close()])
  })

  async function ask(target: string): Promise<Raw & { isCut: boolean }> {
    const { host: authority } = new URL(host.origin)
    const headers = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Dest': 'empty' }
    if (kind !== 'vite-https') {
      const answer = await sendBytes(host.origin, toBytes({ method: 'GET', target, authority, headers }))
      return { ...answer, isCut: !isComplete(answer) }
    }
    if (!session || session.closed || session.destroyed) session = await openHttp2(host.origin)
    const fields = { ':method': 'GET', ':path': target, ':scheme': 'https', ':authority': authority }
    return {
      ...(await sendHttp2(session, { ...fields, 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'empty' })),
      isCut: false,
    }
  }

  /** HTTP/1.1 only: whether the body is as long as the head says. */
  function isComplete({ status, headers, text }: Raw): boolean {
    const body = text.slice(text.indexOf('\r\n\r\n') + 4)
    const length = headers['content-length']
    if (status === 304) return body === ''
    if (length !== undefined) return body.length === Number(length)
    return headers['transfer-encoding'] === undefined || body.endsWith('0\r\n\r\n')
  }

  it.each(Object.entries(ANSWERS))('takes %s', async (name, [, becomes]) => {
    // Node's own client of HTTP/2 takes no more than 128 fields.
    if (kind === 'vite-https' && name === 'a thousand cookies') return
    const relay = `/__cors-dev/to/${upstream.origin.replace('://', '/')}`
    for (const way of ['/api', relay]) {
      const answer = await ask(`${way}/x?answer=${encodeURIComponent(name)}`)
      const { status, headers, text, isCut } = answer
      expect(text).not.toContain('SECOND')
      expect(headers['x-second']).toBeUndefined()
      expect(String(headers['set-cookie'])).not.toContain('planted')
      // A relayed call is told of a failure by a redirect that no browser follows.
      const isFailure = headers['cors-dev-failure'] !== undefined
      if (becomes === 'failure') expect([status, isFailure]).toEqual([way === '/api' ? 502 : 302, true])
      else if (becomes === 'cut' && kind === 'express') expect(isCut || isFailure).toBe(true)
      else if (typeof becomes === 'number') expect([status, isFailure, isCut]).toEqual([becomes, false, false])
      // And the next one, on whatever connection, is given its own.
      const next = await ask(`${way}/next`)
      expect(next.status).toBe(200)
      expect(next.text).toContain('/next')
    }
  })

  it.each(Object.entries(ANSWERS))('takes %s for the answer to an upgrade', async (name, [, becomes]) => {
    const { host: authority } = new URL(host.origin)
    const headers = { 'Sec-Fetch-Site': 'same-origin', ...UPGRADE }
    const relay = `/__cors-dev/to/${upstream.origin.replace('://', '/')}`
    for (const way of ['/api', relay]) {
      const target = `${way}/x?answer=${encodeURIComponent(name)}`
      const {
        status,
        headers: sent,
        text,
      } = await sendBytes(host.origin, toBytes({ method: 'GET', target, authority, headers }))
      expect(text).not.toContain('SECOND')
      expect(sent['x-second']).toBeUndefined()
      expect(String(sent['set-cookie'])).not.toContain('planted')
      if (name.startsWith('an upgrade')) expect(status).toBe(101)
      else if (becomes === 'failure') expect(status).toBe(502)
      else if (typeof becomes === 'number') expect(status).toBe(becomes)
    }
    expect((await ask('/api/next')).text).toContain('/next')
  })

  it('lives, and has caught everything', () => {
    expect(host.logs().filter((line) => /uncaught|unhandled|\(node:|\bat .*\.js:\d/i.test(line))).toEqual([])
  })
})

describe('what comes uncalled for', () => {
  it('on a connection that waits for the next request is given to nobody', async () => {
    const upstream = await startLenientUpstream(({ target }, socket) => {
      if (!target.endsWith('/first')) return undefined
      setImmediate(() => socket.write(SECOND))
      return undefined
    })
    const host = await startHost('express', { options: { targets: { '/api': upstream.origin } } })
    try {
      const { host: authority } = new URL(host.origin)
      const ask = (target: string): Promise<Raw> =>
        sendBytes(
          host.origin,
          toBytes({ method: 'GET', target, authority, headers: { 'Sec-Fetch-Site': 'same-origin' } }),
        )
      for (let i = 0; i < 20; i++) {
        expect((await ask('/api/first')).text).toContain('"/api/first"')
        const next = await ask(`/api/next-${i}`)
        expect(next.text).not.toContain('SECOND')
        expect(next.headers['x-second']).toBeUndefined()
        expect([200, 502]).toContain(next.status)
      }
    } finally {
      await Promise.all([host.close(), upstream.close()])
    }
  })
})

describe('a bomb', () => {
  /** A gigabyte of zeros, compressed twice: a few kilobytes that no one here has any need to open. */
  const bomb = gzipSync(gzipSync(Buffer.alloc(256 * 1024 * 1024), { level: 9 }), { level: 9 })

  it.each<[HostKind]>([['express'], ['webpack'], ['vite']])(
    'is passed on as it is, and nobody opens it: %s',
    async (kind) => {
      const upstream = await startLenientUpstream(() =>
        Buffer.concat([
          Buffer.from(
            `${OK}Content-Type: text/html\r\nContent-Encoding: gzip, gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`,
          ),
          bomb,
        ]),
      )
      const host = await startHost(kind, { options: { targets: { '/api': upstream.origin } } })
      try {
        const { host: authority } = new URL(host.origin)
        const headers = { 'Sec-Fetch-Site': 'same-origin', 'Accept-Encoding': 'gzip', Accept: 'text/html' }
        for (const [method, body] of [
          ['GET', undefined],
          ['POST', bomb.toString('latin1')],
        ] as const) {
          const sent = {
            method,
            target: '/api/bomb',
            authority,
            headers: { ...headers, ...(body !== undefined && { 'Content-Encoding': 'gzip' }) },
          }
          const answer = await sendBytes(host.origin, toBytes(body === undefined ? sent : { ...sent, body }))
          expect(answer.headers['content-encoding']).toBe('gzip, gzip')
          const received = Buffer.from(answer.text.slice(answer.text.indexOf('\r\n\r\n') + 4), 'latin1')
          expect(received.equals(bomb)).toBe(true)
          if (body !== undefined) expect(upstream.seen.at(-1)?.body).toBe(body)
        }
      } finally {
        await Promise.all([host.close(), upstream.close()])
      }
    },
  )
})

describe('a page that is slow on purpose', () => {
  /** Node's own limits, which are a minute and five by default, in tenths of a second. */
  const RUN = `
    import express from 'express'
    import { createServer } from 'node:http'
    import createCorsDev from 'unplugin-cors-dev/middleware'
    const app = express()
    const limits = { connectionsCheckingInterval: 50, headersTimeout: 300, requestTimeout: 600 }
    const server = createServer(limits, app.use(createCorsDev(OPTIONS).middleware))
    server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('READY http://localhost:' + server.address().port + '/'))`

  it('with its head, or with its body, is let go, and so is the upstream', async () => {
    const upstream = await startLenientUpstream()
    const options = JSON.stringify({ targets: { '/api': upstream.origin } })
    const host = await startHost('express', { files: { 'run.mjs': RUN.replace('OPTIONS', options) } })
    try {
      const head = `POST /api/x HTTP/1.1\r\nHost: ${new URL(host.origin).host}\r\nSec-Fetch-Site: same-origin\r\n`
      const slow = [
        head,
        `${head}Content-Length: 1000\r\n\r\nhalf`,
        `${head}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`,
      ]
      await Promise.all(
        slow.map(async (bytes) => {
          const socket = open(host.origin).on('error', () => {})
          let text = ''
          socket.on('data', (chunk) => (text += String(chunk)))
          socket.write(bytes)
          await new Promise((resolve) => socket.on('close', resolve))
          if (text !== '') expect(read(text).status).toBe(408)
        }),
      )
      expect(upstream.seen).toEqual([])
      await expect.poll(() => upstream.halfway()).toBe(0)
      expect((await sendBytes(host.origin, `${head.replace('POST', 'GET')}Connection: close\r\n\r\n`)).status).toBe(200)
    } finally {
      await Promise.all([host.close(), upstream.close()])
    }
  })
})
