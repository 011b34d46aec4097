import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { findInsertionPoint, injectRuntime } from '../../src/plugin/inject'

const TAG = '<script src="/__cors-dev/client.js"></script>'
const NAVIGATION = { accept: 'text/html', 'sec-fetch-dest': 'document' }

let server: Server | undefined
afterEach(() => {
  server?.close()
  server?.closeAllConnections()
})

async function get(answer: RequestListener, headers: Record<string, string> = NAVIGATION) {
  server = createServer((request, response) => {
    injectRuntime(request, response, {
      clientScriptPath: '/__cors-dev/client.js',
      clientScript: () => ';runtime();',
      serviceWorkerScript: () => ';steady();',
      resourcePath: ({ hostname, protocol, host, pathname }, credentials) =>
        hostname === 'api.test'
          ? `/__cors-dev/${credentials ? 'to' : 'anon'}/${protocol.slice(0, -1)}/${host}${pathname}`
          : undefined,
    })
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const response = await fetch(url, { headers })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

function answerHtml(...chunks: (string | Buffer)[]): RequestListener {
  return (_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    for (const chunk of chunks) response.write(chunk)
    response.end()
  }
}

describe('where the script goes', () => {
  test.each([
    ['<!doctype html><html><head><title>x</title>', '<!doctype html><html><head>'],
    [
      '<!DOCTYPE html>\n<html lang="a>b">\n<HEAD class=x>\n<title>',
      '<!DOCTYPE html>\n<html lang="a>b">\n<HEAD class=x>',
    ],
    ['<!-- <head> --><!doctype html><!-- x --><html><head>', '<!-- <head> --><!doctype html><!-- x --><html><head>'],
    ['<!doctype html><title>x</title>', '<!doctype html>'],
    ['<html><body>', '<html>'],
    ['<header>not a head</header>', ''],
    ['<htmlx>', ''],
    ['\u00ef\u00bb\u00bf<!doctype html>\n<meta charset=utf-8>', '\u00ef\u00bb\u00bf<!doctype html>\n'],
    ['plain words', ''],
  ])('%j', (document, before) => {
    expect(findInsertionPoint(document, true)).toBe(before.length)
    // However the bytes arrive, it is never put elsewhere.
    for (let end = 0; end <= document.length; end += 1) {
      expect([undefined, before.length]).toContain(findInsertionPoint(document.slice(0, end), false))
    }
  })
})

describe('a document', () => {
  test('has the script first, whatever its chunks', async () => {
    const { text, headers } = await get(
      answerHtml('<!doctype ht', 'ml><html><he', 'ad><title>grüße</title></head>', '<body>'),
    )
    expect(text).toBe(`<!doctype html><html><head>${TAG}<title>grüße</title></head><body>`)
    expect(headers.get('content-length')).toBeNull()
  })

  test('keeps its status, its headers and a true length', async () => {
    const html = '<!doctype html><title>gone</title>'
    const { text, status, headers } = await get((_request, response) => {
      response.writeHead(404, 'Gone Fishing', {
        'Content-Type': 'text/html',
        'Content-Length': html.length,
        ETag: '"1"',
        'Set-Cookie': ['a=1', 'b=2'],
      })
      response.end(html)
    })
    expect(text).toBe(`<!doctype html>${TAG}<title>gone</title>`)
    expect(status).toBe(404)
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(headers.get('etag')).toBeNull()
  })

  test.each([
    ['an object', { 'content-type': 'text/html', 'x-one': '1' }],
    ['names and values in turn', ['content-type', 'text/html', 'x-one', '1']],
    [
      'pairs',
      [
        ['content-type', 'text/html'],
        ['x-one', '1'],
      ],
    ],
  ])('takes headers given to writeHead as %s', async (_form, given) => {
    const { text, headers } = await get((_request, response) => {
      ;(response.writeHead as (status: number, headers: unknown) => ServerResponse)(200, given)
      response.end('<title>x</title>')
    })
    expect(text).toBe(`${TAG}<title>x</title>`)
    expect(headers.get('x-one')).toBe('1')
  })

  test('is not held back by its own start', async () => {
    const comment = `<!--${'x'.repeat(70_000)}`
    let flushed = false
    const { text } = await get((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.write('<!doctype html>')
      response.write(comment, () => {
        flushed = true
        response.end('--><title>x</title>')
      })
    })
    expect(flushed).toBe(true)
    expect(text).toBe(`<!doctype html>${TAG}${comment}--><title>x</title>`)
  })

  test('is asked for whole and in the clear', async () => {
    let seen: IncomingMessage['headers'] = {}
    await get(
      (request, response) => {
        seen = { ...request.headers }
        answerHtml('<p>')(request, response)
      },
      { ...NAVIGATION, 'accept-encoding': 'gzip', 'if-none-match': '"1"', range: 'bytes=1-' },
    )
    expect(Object.keys(seen)).not.toEqual(expect.arrayContaining(['accept-encoding']))
    expect(seen).not.toHaveProperty('if-none-match')
    expect(seen).not.toHaveProperty('range')
  })

  test('gives its nonce to the script', async () => {
    const policy = await get((_request, response) => {
      response.setHeader('content-security-policy', "script-src 'nonce-abc123==' 'strict-dynamic'")
      answerHtml('<head><title>')(_request, response)
    })
    expect(policy.text).toContain('<script src="/__cors-dev/client.js" nonce="abc123=="></script>')
    server?.close()
    const attribute = await get(answerHtml('<head><script nonce="n1">1</script>'))
    expect(attribute.text).toContain('client.js" nonce="n1"></script>')
  })

  test('that has the script already is left as it is', async () => {
    const html = `<head>${TAG}<title>x</title></head>`
    expect((await get(answerHtml(html))).text).toBe(html)
  })
})

describe('what is no document', () => {
  test.each([
    ['JSON', 'application/json', '{"head":"<head>"}'],
    ['a script', 'text/javascript', 'head()'],
    ['no type at all', '', '<head>'],
    ['UTF-16', 'text/html; charset=utf-16le', '<\0h\0e\0a\0d\0>\0'],
  ])('%s passes untouched', async (_name, type, body) => {
    const { text, headers } = await get((_request, response) => {
      if (type) response.setHeader('content-type', type)
      response.setHeader('content-length', Buffer.byteLength(body))
      response.end(body)
    })
    expect(text).toBe(body)
    expect(headers.get('content-length')).toBe(String(Buffer.byteLength(body)))
  })

  test('compressed HTML passes untouched', async () => {
    const { text } = await get((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' })
      response.end(gzipSync('<head>'))
    })
    expect(text).toBe('<head>')
  })

  test('HTML that a script fetches passes untouched', async () => {
    expect((await get(answerHtml('<head>'), { accept: '*/*', 'sec-fetch-dest': 'empty' })).text).toBe('<head>')
    server?.close()
    expect((await get(answerHtml('<head>'), { accept: '*/*' })).text).toBe('<head>')
  })

  test('redirects and empty answers stay empty', async () => {
    const { text, status } = await get((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end()
    })
    expect([status, text]).toEqual([200, ''])
  })
})

test("a worker's script starts with the runtime, and a service worker's too", async () => {
  const answer: RequestListener = (_request, response) => {
    response.setHeader('content-type', 'text/javascript')
    response.end('work()')
  }
  expect((await get(answer, { 'sec-fetch-dest': 'worker' })).text).toBe(';runtime();work()')
  server?.close()
  expect((await get(answer, { 'sec-fetch-dest': 'serviceworker' })).text).toBe(';steady();work()')
})

describe('what is loaded with CORS', () => {
  test('comes through the dev server, in documents and style sheets', async () => {
    const document = await get(answerHtml('<head>', '<img crossorigin src="https://api.te', 'st/ü.png">'))
    expect(document.text).toBe(`<head>${TAG}<img crossorigin src="/__cors-dev/anon/https/api.test/%C3%BC.png">`)
    const css = await get(
      (_request, response) => {
        response.setHeader('content-type', 'text/css')
        response.write('/* ü */ @font-face { src: url(https://api.te')
        response.end('st/a) }')
      },
      { 'sec-fetch-dest': 'style' },
    )
    expect(css.text).toBe('/* ü */ @font-face { src: url(/__cors-dev/anon/https/api.test/a) }')
    expect(css.headers.get('content-length')).toBe(String(Buffer.byteLength(css.text)))
  })
})

describe("a worker's script", () => {
  test.each([
    ['postMessage(1)', ';runtime();postMessage(1)'],
    ["'use strict'; postMessage(1)", "'use strict';;runtime(); postMessage(1)"],
    ['// first\nimport "./a.js"', 'import "/__cors-dev/client.js";// first\nimport "./a.js"'],
    ['import("./a.js")', ';runtime();import("./a.js")'],
  ])('%j has the runtime first', async (script, expected) => {
    const { text } = await get(
      (_request, response) => {
        response.setHeader('content-type', 'text/javascript')
        response.end(script)
      },
      { 'sec-fetch-dest': 'worker' },
    )
    expect(text).toBe(expected)
  })
})
