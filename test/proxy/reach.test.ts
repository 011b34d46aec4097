import dns from 'node:dns'
import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDispatcher } from '../../src/proxy/connect'
import { createPreflights, dispatchPreflight, type PreflightRequest } from '../../src/proxy/preflights'
import { createProbe } from '../../src/proxy/probe'
import type { Provenance, Target } from '../../src/targets/target'
import { listen, stop } from './dev-server'

const PAGE = 'http://localhost:5173'

let api: Server
let port: number
let requests: string[]
beforeEach(async () => {
  requests = []
  api = createServer((req, res) => {
    requests.push(`${req.method} ${req.url}`)
    res.writeHead(204).end()
  })
  port = await listen(api)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await stop(api)
})

function foundTarget(source: Provenance['source'], host: string): Target {
  return {
    origin: `http://${host}:${port}`,
    basePath: '',
    path: undefined,
    stripPrefix: false,
    originPolicy: 'default',
    relay: 'as-needed',
    proxy: {},
    provenance: { source, file: 'src/main.js', line: 3, name: 'fetch(…)' },
  }
}

/** Whoever resolves a name is told this. */
function resolveTo(...addresses: string[]): void {
  vi.spyOn(dns, 'lookup').mockImplementation(((
    _name: string,
    _options: unknown,
    callback: (...args: unknown[]) => void,
  ) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )) as typeof dns.lookup)
}

async function decide(target: Target) {
  const dispatcher = createDispatcher(target, {})
  try {
    const preflights = createPreflights({
      dispatch: (request) => dispatchPreflight(dispatcher, request),
      now: Date.now,
    })
    const shape = { method: 'GET', headers: [], credentials: false, forcesPreflight: false }
    return await createProbe(preflights, Date.now).decide({ ...shape, url: `${target.origin}/users` }, PAGE, target)
  } finally {
    await dispatcher.destroy()
  }
}

describe('a name that leads to', () => {
  it.each<[string, string[], Provenance['source']]>([
    ['this machine is asked if the code of the project calls it', ['127.0.0.1'], 'source'],
    ['this machine is asked if a variable names it', ['127.0.0.1'], 'env'],
  ])('%s', async (_, addresses, source) => {
    resolveTo(...addresses)
    expect((await decide(foundTarget(source, 'api.example.com'))).route).toBe('relay')
    expect(requests).toEqual(['OPTIONS /users'])
  })

  it.each<[string, string[], Provenance['source']]>([
    ['a private address', ['10.1.2.3'], 'source'],
    ['a private address beside this machine', ['127.0.0.1', '10.1.2.3'], 'source'],
    ['a unique local address', ['fd12::1'], 'source'],
    ['a private address in the disguise of IPv6', ['::ffff:192.168.0.7'], 'source'],
    ['metadata', ['169.254.169.254'], 'source'],
    ['this machine', ['127.0.0.1'], 'openapi'],
    ['this machine', ['127.0.0.1'], 'page'],
    ['a private address', ['10.1.2.3'], 'page'],
    ['a private address', ['192.168.0.7'], 'openapi'],
  ])('%s (%j, found in %s) is called as without us, and the line says what names it', async (_, addresses, source) => {
    resolveTo(...addresses)
    const { route, reason, remedy } = await decide(foundTarget(source, 'api.example.com'))
    expect(route).toBe('direct')
    expect(reason).toMatch(/leads to/)
    expect(remedy).toMatch(
      addresses[0] === '169.254.169.254' ? /src\/main\.js:3/ : /targets: \['http:\/\/api\.example\.com:\d+'\]/,
    )
    expect(requests).toEqual([])
  })
})

it('the address that was looked at is the one that is connected to', async () => {
  const lookup = vi.spyOn(dns, 'lookup')
  const answers = ['127.0.0.1', '10.1.2.3']
  lookup.mockImplementation(((_name: string, _options: unknown, callback: (...args: unknown[]) => void) =>
    callback(null, [{ address: answers.shift(), family: 4 }])) as typeof dns.lookup)
  expect((await decide(foundTarget('source', 'rebound.example.com'))).route).toBe('relay')
  expect(requests).toEqual(['OPTIONS /users'])
  expect(lookup).toHaveBeenCalledTimes(1)
})

it('an address of 198.18.0.0/15 is told of, and called', async () => {
  resolveTo('198.18.0.7')
  const vpnAnswered = vi.fn()
  const target = foundTarget('page', 'api.example.com')
  const dispatcher = createDispatcher(target, {}, { vpnAnswered })
  const dispatch = (request: PreflightRequest) =>
    dispatchPreflight(dispatcher, request).catch(() => ({ status: 0, headers: [] }))
  const shape = { method: 'GET', headers: [], credentials: false, forcesPreflight: false }
  void createProbe(createPreflights({ dispatch, now: Date.now }), Date.now).decide(
    { ...shape, url: `${target.origin}/users` },
    PAGE,
    target,
  )
  await vi.waitFor(() => expect(vpnAnswered).toHaveBeenCalledWith('api.example.com', '198.18.0.7'))
  await dispatcher.destroy()
})

it('localhost needs no resolver, and is asked if the code of the project calls it', async () => {
  const lookup = vi.spyOn(dns, 'lookup')
  expect((await decide(foundTarget('source', 'localhost'))).route).toBe('relay')
  expect(requests).toEqual(['OPTIONS /users'])
  expect(lookup).not.toHaveBeenCalled()
})
