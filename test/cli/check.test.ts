import { createServer as createSecureServer } from 'node:https'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { selfSignedCertificate } from '../e2e/certificate'
import { startRawServer, type RawAnswer, type RawRequest } from '../explain/oracle/raw-server'
import { runCommand } from './command'

/** A page on loopback may call loopback: where a request goes must not decide these tests. */
const PAGE = 'http://localhost:3000'
const MINE: [string, string] = ['access-control-allow-origin', PAGE]

const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0)) await close()
})

type Answer = (request: RawRequest) => RawAnswer

/** A server on loopback, and what it was asked. */
async function serve(answer: Answer): Promise<{ origin: string; requests: RawRequest[] }> {
  const requests: RawRequest[] = []
  const { port, close } = await startRawServer((request) => {
    requests.push(request)
    return answer(request)
  })
  opened.push(close)
  return { origin: `http://127.0.0.1:${port}`, requests }
}

const reply = (status: number, ...headers: [string, string][]): RawAnswer => ({
  status,
  headers: [...headers, ['content-length', '0']],
})
const asked = (requests: readonly RawRequest[]): string[] => requests.map(({ method, target }) => `${method} ${target}`)
const headerOf = (request: RawRequest | undefined, name: string): string | undefined =>
  request?.headers.find(([key]) => key === name)?.[1]

async function check(url: string, ...args: string[]) {
  return runCommand(['check', url, '--origin', PAGE, ...args])
}

interface Json {
  outcome: string
  verdict: {
    reason?: string
    problems: { reason: string }[]
    hops: { url: string; origin?: string; method: string; headers: [string, string][] }[]
    fixes: unknown[]
  }
  exchange: {
    request: { url: string; headers?: [string, string][] }
    hops: { preflight?: { status: number }; response?: { status: number; headers: [string, string][] } }[]
  }
  failure?: { code: string; hop: number; at: string; cause: string; remedy: string }
  heldBack?: { hop: number; method: string }
  dropped?: string[]
}

async function checkAsJson(url: string, ...args: string[]): Promise<Json & { code: number }> {
  const { code, stdout, stderr } = await check(url, '--json', ...args)
  expect(stderr).toBe('')
  return { code, ...(JSON.parse(stdout) as Json) }
}

describe('the exit code', () => {
  it('is 0 where a page may read the answer', async () => {
    const { origin, requests } = await serve(() => reply(200, MINE))
    const { code, stdout, stderr } = await check(`${origin}/users?page=2#top`)
    expect(stderr).toBe('')
    expect(stdout).toContain('allowed')
    expect(code).toBe(0)
    expect(asked(requests)).toEqual(['GET /users?page=2'])
  })

  it('is 1 where it may not, with the reason, the words of the browser and the header that helps', async () => {
    const { origin } = await serve(() => reply(200))
    const { code, stdout } = await check(`${origin}/users`)
    expect(code).toBe(1)
    expect(stdout).toContain('MissingAllowOriginHeader')
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      `from origin '${PAGE}' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present`,
    )
    expect(stdout).toContain(`Access-Control-Allow-Origin: ${PAGE}`)
    expect(stdout).toContain('Vary: Origin')
  })

  it.each<[string, [string, string][], string[], string]>([
    ['another origin', [['access-control-allow-origin', 'https://app.example.com']], [], 'AllowOriginMismatch'],
    [
      'a wildcard with credentials',
      [['access-control-allow-origin', '*']],
      ['--credentials'],
      'WildcardOriginNotAllowed',
    ],
    ['no word about credentials', [MINE], ['--credentials'], 'InvalidAllowCredentials'],
    ['two values', [MINE, MINE], [], 'MultipleAllowOriginValues'],
    ['what is no origin', [['access-control-allow-origin', 'localhost']], [], 'InvalidAllowOriginValue'],
  ])('is 1 for an answer with %s', async (_, headers, args, reason) => {
    const { origin } = await serve(() => reply(200, ...headers))
    const { code, verdict } = await checkAsJson(origin, ...args)
    expect([code, verdict.reason]).toEqual([1, reason])
  })

  it.each<[string, RawAnswer, string[], string]>([
    ['says nothing', reply(204), ['-X', 'PUT'], 'PreflightMissingAllowOriginHeader'],
    ['has no ok status', reply(401, MINE), ['-X', 'PUT'], 'PreflightInvalidStatus'],
    ['redirects', reply(301, MINE, ['location', '/elsewhere']), ['-X', 'PUT'], 'PreflightDisallowedRedirect'],
    [
      'allows another method',
      reply(204, MINE, ['access-control-allow-methods', 'PATCH']),
      ['-X', 'PUT'],
      'MethodDisallowedByPreflightResponse',
    ],
    [
      'allows another header',
      reply(204, MINE, ['access-control-allow-headers', 'x-b']),
      ['-H', 'X-A: 1'],
      'HeaderDisallowedByPreflightResponse',
    ],
  ])('is 1 where the preflight response %s, and the call itself is not sent', async (_, answer, args, reason) => {
    const { origin, requests } = await serve(() => answer)
    const { code, verdict } = await checkAsJson(`${origin}/x`, '--send', ...args)
    expect([code, verdict.reason]).toEqual([1, reason])
    expect(asked(requests)).toEqual(['OPTIONS /x'])
  })

  it('is 1 where a preflight is redirected, and the call is pointed to where that leads', async () => {
    const { origin } = await serve(() => reply(301, MINE, ['location', '/x/']))
    const { code, stdout } = await check(`${origin}/x`, '-X', 'PUT')
    expect(code).toBe(1)
    expect(stdout).toContain(`fetch('${origin}/x/', { method: 'PUT' })`)
  })

  it.each([
    ['CONNECT', 'ForbiddenMethod'],
    ['trace', 'ForbiddenMethod'],
  ])('is 1 for the method %s, and nobody is asked', async (method, reason) => {
    const { origin, requests } = await serve(() => reply(200, MINE))
    const { code, verdict } = await checkAsJson(origin, '--send', '--method', method)
    expect([code, verdict.reason]).toEqual([1, reason])
    expect(requests).toEqual([])
  })
})

describe('the calls', () => {
  it('go out as the options say', async () => {
    const { origin, requests } = await serve(() =>
      reply(200, MINE, ['access-control-allow-methods', 'PUT'], ['access-control-allow-headers', 'x-a,content-type']),
    )
    const { code } = await checkAsJson(
      ...[`${origin}/x`, '--method', 'put', '--header', 'X-A: 1', '-H', 'Content-Type: application/json'],
      ...['--data', '{"é":1}', '--send'],
    )
    expect(code).toBe(0)
    expect(asked(requests)).toEqual(['OPTIONS /x', 'PUT /x'])
    const [preflight, actual] = requests
    expect(headerOf(preflight, 'origin')).toBe(PAGE)
    expect(headerOf(preflight, 'access-control-request-method')).toBe('PUT')
    expect(headerOf(preflight, 'access-control-request-headers')).toBe('content-type,x-a')
    expect(headerOf(actual, 'x-a')).toBe('1')
    expect(headerOf(actual, 'content-type')).toBe('application/json')
    expect(headerOf(actual, 'content-length')).toBe('8')
    expect(headerOf(actual, 'cookie')).toBeUndefined()
  })

  it('are made by the page that --origin names', async () => {
    const { origin, requests } = await serve(() => reply(200, ['access-control-allow-origin', 'null']))
    const { code } = await runCommand(['check', origin, '--origin', 'null'])
    expect(code).toBe(0)
    expect(headerOf(requests[0], 'origin')).toBe('null')
    expect(headerOf(requests[0], 'referer')).toBeUndefined()
  })

  it('are made by a page of a Vite dev server if nothing else is said, which is said', async () => {
    const { origin, requests } = await serve(() => reply(200))
    const { stdout } = await runCommand(['check', origin])
    expect(headerOf(requests[0], 'origin')).toBe('http://localhost:5173')
    expect(stdout).toContain('http://localhost:5173; --origin')
  })

  it('with a method that is not safe are held back, whatever comes before them is asked', async () => {
    const { origin, requests } = await serve(() => reply(200, MINE, ['access-control-allow-methods', 'DELETE']))
    const { code, stdout } = await check(`${origin}/users/1`, '-X', 'DELETE')
    expect(code).toBe(2)
    expect(stdout).toContain('--send')
    expect(asked(requests)).toEqual(['OPTIONS /users/1'])
    expect(await checkAsJson(`${origin}/users/1`, '-X', 'POST')).toMatchObject({
      code: 2,
      outcome: 'unknown',
      heldBack: { hop: 0, method: 'POST' },
    })
    expect(asked(requests)).toEqual(['OPTIONS /users/1'])
  })

  it('send no header that no script can set', async () => {
    const { origin, requests } = await serve(() => reply(200, MINE))
    const { code, dropped } = await checkAsJson(
      origin,
      '-H',
      'Cookie: a=b',
      '-H',
      'sec-ch-ua: x',
      '-H',
      'Origin: http://x',
    )
    expect(code).toBe(0)
    expect(dropped).toEqual(['Cookie', 'sec-ch-ua', 'Origin'])
    expect(headerOf(requests[0], 'cookie')).toBeUndefined()
  })

  it('in another mode are judged by it', async () => {
    const { origin, requests } = await serve(() => reply(200))
    expect((await checkAsJson(origin, '--mode', 'no-cors')).code).toBe(0)
    expect(headerOf(requests[0], 'origin')).toBeUndefined()
    expect(await checkAsJson(origin, '--mode', 'same-origin')).toMatchObject({
      code: 1,
      verdict: { reason: 'DisallowedByMode' },
    })
    expect(requests).toHaveLength(1)
  })
})

describe('redirects', () => {
  it('are followed from server to server as a browser follows them', async () => {
    const last = await serve(({ headers }) =>
      reply(
        200,
        ['access-control-allow-origin', headers.find(([name]) => name === 'origin')?.[1] ?? ''],
        ['access-control-allow-headers', 'x-a'],
      ),
    )
    const first = await serve(({ method }) =>
      method === 'OPTIONS'
        ? reply(204, MINE, ['access-control-allow-headers', 'authorization,x-a'])
        : reply(307, MINE, ['location', `${last.origin}/there`]),
    )
    const { code, stdout } = await check(`${first.origin}/here`, '-H', 'X-A: 1', '-H', 'Authorization: Bearer hunter2')
    expect(code).toBe(0)
    expect(asked(first.requests)).toEqual(['OPTIONS /here', 'GET /here'])
    expect(asked(last.requests)).toEqual(['OPTIONS /there', 'GET /there'])
    expect(headerOf(first.requests[1], 'authorization')).toBe('Bearer hunter2')
    // https://fetch.spec.whatwg.org/#http-redirect-fetch
    expect(headerOf(last.requests[1], 'authorization')).toBeUndefined()
    expect(headerOf(last.requests[1], 'origin')).toBe('null')
    expect(stdout).toContain(first.origin)
    expect(stdout).toContain(last.origin)
    expect(stdout).not.toContain('hunter2')
  })

  it('turn a POST into a GET without its body', async () => {
    const { origin, requests } = await serve(({ target }) =>
      target === '/form' ? reply(303, MINE, ['location', '/done']) : reply(200, MINE),
    )
    const { code } = await checkAsJson(`${origin}/form`, '-X', 'POST', '--data', 'a=b', '--send')
    expect(code).toBe(0)
    expect(asked(requests)).toEqual(['POST /form', 'GET /done'])
    expect(headerOf(requests[1], 'content-type')).toBeUndefined()
  })

  it('end after the twentieth', async () => {
    const { origin, requests } = await serve(({ target }) => reply(302, MINE, ['location', `${target}x`]))
    expect(await checkAsJson(`${origin}/`)).toMatchObject({ code: 1, verdict: { reason: 'TooManyRedirects' } })
    expect(requests).toHaveLength(21)
  })

  it('that the CORS check stops are not followed', async () => {
    const last = await serve(() => reply(200, MINE))
    const first = await serve(() => reply(302, ['location', last.origin]))
    expect(await checkAsJson(first.origin)).toMatchObject({ code: 1, verdict: { reason: 'MissingAllowOriginHeader' } })
    expect(last.requests).toEqual([])
  })

  it('to an address inside of a machine are not followed', async () => {
    const { origin } = await serve(() => reply(302, MINE, ['location', 'http://169.254.169.254/latest/meta-data/']))
    expect(await checkAsJson(origin)).toMatchObject({ code: 2, failure: { code: 'address', hop: 1, at: 'response' } })
  })
})

describe('a server that can not be asked', () => {
  it('has said nothing: it is refused', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const { code, stdout } = await check(`http://127.0.0.1:${port}/`)
    expect(code).toBe(2)
    expect(stdout).toContain(`could not ask: connection refused, nothing listens on 127.0.0.1:${port}.`)
  })

  it('has said nothing: its name is not found', async () => {
    expect(await checkAsJson('http://api.invalid/')).toMatchObject({
      code: 2,
      outcome: 'unknown',
      failure: { code: 'dns', hop: 0, at: 'response' },
    })
  })

  it('has said nothing in the time that --timeout gives it', async () => {
    const server = createServer((socket) => opened.push(() => socket.destroy())).listen(0, '127.0.0.1')
    opened.push(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(await checkAsJson(`http://127.0.0.1:${port}/`, '-X', 'PUT', '--timeout', '0.2')).toMatchObject({
      code: 2,
      failure: { code: 'timeout', hop: 0, at: 'preflight' },
    })
  })

  it('has hung up', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.destroy())).listen(0, '127.0.0.1')
    opened.push(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(await checkAsJson(`http://127.0.0.1:${port}/`)).toMatchObject({ code: 2, failure: { code: 'reset' } })
  })

  it('shows a certificate that no browser trusts: --insecure does', async () => {
    const server = createSecureServer(await selfSignedCertificate(['localhost']), (_, res) =>
      res.writeHead(200, Object.fromEntries([MINE])).end(),
    ).listen(0, '127.0.0.1')
    opened.push(() => {
      server.closeAllConnections()
      server.close()
    })
    await once(server, 'listening')
    const url = `https://localhost:${(server.address() as AddressInfo).port}/`
    const { code, stdout } = await check(url)
    expect(code).toBe(2)
    expect(stdout.replace(/\s+/g, ' ')).toContain('is self-signed')
    expect(stdout).toContain('--insecure')
    expect((await check(url, '--insecure')).code).toBe(0)
    expect((await check(url, '-k')).code).toBe(0)
  })

  it('is not blocked because of a fault of the command itself', async () => {
    const server = createServer((socket) => opened.push(() => socket.destroy())).listen(0, '127.0.0.1')
    opened.push(() => server.close())
    await once(server, 'listening')
    const fault = 'data:text/javascript,setTimeout(()=>{throw%20Error(%60a%20fault%60)},300)'
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const { code, stderr } = await runCommand(['check', url], { NODE_OPTIONS: `--import=${fault}` })
    expect(stderr).toContain('a fault')
    expect(code).toBe(2)
  })

  it('answers what is no HTTP', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n')).listen(0, '127.0.0.1')
    opened.push(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(await checkAsJson(`http://127.0.0.1:${port}/`)).toMatchObject({
      code: 2,
      failure: { code: 'invalid-response' },
    })
  })
})

describe('what a server sends', () => {
  const steers = /[\0-\x09\x0b-\x1f\x7f-\x9f]/

  it.each(['\x1b[2J\x1b]0;owned\x07', '\x9b2J', '\x85\x84', '\x7f'])(
    'can not steer the terminal: %j',
    async (bytes) => {
      const { origin } = await serve(() =>
        reply(
          200,
          ['access-control-allow-origin', `http://a${bytes}`],
          ['location', bytes],
          ['set-cookie', `${bytes}=1`],
        ),
      )
      for (const args of [[], ['--json'], ['-X', 'PUT'], ['-X', 'PUT', '--json']]) {
        const { code, stdout, stderr } = await check(`${origin}/`, ...args)
        expect(code).toBeGreaterThan(0)
        expect(stdout).not.toMatch(steers)
        expect(stderr).toBe('')
      }
    },
  )

  it('is shown only as far as somebody would read it', async () => {
    const long = 'x'.repeat(200 * 1024)
    const { origin } = await serve(() => reply(200, ['access-control-allow-origin', long]))
    const { code, stdout } = await check(origin)
    expect(code).toBe(1)
    expect(stdout.length).toBeLessThan(10_000)
    expect(stdout).toContain('204800')
  })

  it('is no more than Chromium would read either', async () => {
    const { origin } = await serve(() => reply(200, MINE, ['x-long', 'x'.repeat(300 * 1024)]))
    expect(await checkAsJson(origin)).toMatchObject({ code: 2, failure: { code: 'invalid-response' } })
  })

  it('is not downloaded', async () => {
    let isClosed = (): void => {}
    const closed = new Promise<unknown>((resolve) => (isClosed = () => resolve(undefined)))
    const server = createServer((socket: Socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\n\r\n`)
        const more = setInterval(() => socket.write('more'), 5)
        socket.on('close', () => {
          clearInterval(more)
          isClosed()
        })
      })
    }).listen(0, '127.0.0.1')
    opened.push(() => server.close())
    await once(server, 'listening')
    const { code } = await check(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    expect(code).toBe(0)
    await closed
  })

  it('is taken from the answer, not from hints before it', async () => {
    const server = createServer((socket) =>
      socket.once('data', () =>
        socket.end(
          'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\ncontent-length: 0\r\n\r\n',
        ),
      ),
    ).listen(0, '127.0.0.1')
    opened.push(() => server.close())
    await once(server, 'listening')
    expect((await check(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)).code).toBe(0)
  })
})

describe('the output', () => {
  it('has colours where they are wanted, and nowhere else', async () => {
    const { origin } = await serve(() => reply(200))
    const coloured = /\x1b\[\d+m/
    expect((await check(origin)).stdout).not.toMatch(coloured)
    const forced = await runCommand(['check', origin], { FORCE_COLOR: '1' })
    expect(forced.stdout).toMatch(coloured)
    const { stdout } = await runCommand(['check', origin], { NO_COLOR: '1' })
    expect(stdout).not.toMatch(coloured)
  })

  it('is ASCII alone where the terminal shows no more', async () => {
    const { origin } = await serve(() => reply(200, ['access-control-allow-origin', 'http://é']))
    const { stdout } = await runCommand(['check', origin], { LANG: 'C', LC_ALL: 'C' })
    expect(stdout).toMatch(/^[\n\x20-\x7e]+$/)
    expect(stdout).toContain('+- GET /')
  })

  it('draws both lanes straight', async () => {
    const { origin } = await serve(() => reply(204, MINE, ['access-control-allow-headers', 'x'.repeat(300)]))
    const { stdout } = await check(`${origin}/${'long/'.repeat(40)}?a=b`, '-H', `${'X-Long'.repeat(20)}: 1`)
    const drawn = stdout.split('\n').filter((line) => /^[│├]/.test(line))
    expect(drawn.length).toBeGreaterThan(8)
    expect(new Set(drawn.map((line) => line.length))).toEqual(new Set([80]))
    for (const line of drawn) expect(line).toMatch(/[│┤]$/)
  })

  it('repeats no password of a URL', async () => {
    for (const args of [[], ['--json']]) {
      const { code, stdout } = await check('http://me:hunter2@127.0.0.1:9000/', ...args)
      expect(code).toBe(1)
      expect(stdout).toContain('UrlWithCredentials')
      expect(stdout).not.toContain('hunter2')
    }
  })

  it('repeats the value of no cookie and of no secret header', async () => {
    const { origin } = await serve(() =>
      reply(200, MINE, ['access-control-allow-headers', 'authorization'], ['set-cookie', 'session=hunter2; Path=/']),
    )
    for (const args of [[], ['--json']]) {
      const { code, stdout } = await check(origin, '-H', 'Authorization: Bearer hunter2', ...args)
      expect(code).toBe(0)
      expect(stdout).toContain('session=***; Path=/')
      expect(stdout).not.toContain('hunter2')
    }
  })
})

describe('a token', () => {
  it('in a URL or in an answer is repeated nowhere', async () => {
    const { origin } = await serve(({ target }) =>
      target.startsWith('/first')
        ? reply(302, MINE, [
            'location',
            '/second?page=2&access_token=hunter2&code=hunter2&state=hunter2#id_token=hunter2',
          ])
        : reply(200, ['x-auth-token', 'hunter2'], ['x-csrf-token', 'hunter2'], ['location', '/?sig=hunter2']),
    )
    for (const args of [[], ['--json']]) {
      const { code, stdout } = await check(`${origin}/first?api_key=hunter2&page=1`, ...args)
      expect(code).toBe(1)
      expect(stdout).toContain('/first?api_key=***&page=1')
      expect(stdout).toContain('/second?page=2&access_token=***&code=***&state=***')
      expect(stdout.replace(/\s+/g, '')).not.toContain('hunter2')
    }
  })
})

describe('a page from who knows where', () => {
  it('may call this machine as far as CORS goes, and the rest is said', async () => {
    const { origin } = await serve(() => reply(200, ['access-control-allow-origin', '*']))
    const { code, stdout } = await runCommand(['check', origin, '--origin', 'https://app.example.com'])
    expect(code).toBe(0)
    expect(stdout).toContain('Local Network Access')
    expect((await check(origin)).stdout).not.toContain('Local Network Access')
  })

  it('that is known to be far away may not', async () => {
    const { origin } = await serve(() => reply(200, ['access-control-allow-origin', '*']))
    const { code, stdout } = await runCommand(['check', origin, '--origin', 'https://93.184.216.34'])
    expect(code).toBe(1)
    expect(stdout).toContain('LocalNetworkAccessPermissionDenied')
  })

  it('over https does not call plain http, so nobody is asked', async () => {
    const { code, stdout } = await runCommand([
      'check',
      'http://api.example.com/',
      '--origin',
      'https://app.example.com',
    ])
    expect(code).toBe(1)
    expect(stdout).toContain('MixedContent')
    expect(stdout).toContain("fetch('https://api.example.com/')")
  })
})

describe('--json', () => {
  it('has the verdict and the exchange, and nothing else on the way out', async () => {
    const { origin } = await serve(({ method }) =>
      method === 'OPTIONS' ? reply(204, MINE, ['access-control-allow-headers', 'x-a']) : reply(200),
    )
    const { code, ...json } = await checkAsJson(`${origin}/x`, '-H', 'X-A: 1')
    expect(code).toBe(1)
    expect(Object.keys(json)).toEqual(['outcome', 'verdict', 'exchange'])
    expect(json.outcome).toBe('blocked')
    expect(json.verdict.problems.map(({ reason }) => reason)).toEqual(['MissingAllowOriginHeader'])
    expect(json.exchange.request).toMatchObject({ url: `${origin}/x`, headers: [['X-A', '***']] })
    expect(json.exchange.hops).toEqual([
      {
        addressSpace: 'loopback',
        preflight: { status: 204, headers: [MINE, ['access-control-allow-headers', 'x-a'], ['content-length', '0']] },
        response: { status: 200, headers: [['content-length', '0']] },
      },
    ])
  })
})
