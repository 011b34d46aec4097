/** An API whose connection ends at any byte of its answer: none of it passes for more than it is. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DevServer, startDevServer } from '../proxy/dev-server'
import { ENDS, FRAMINGS } from './faults'
import { type FaultyApi, startFaultyApi } from './faulty-api'
import { openPage, type Page } from './page'

let api: FaultyApi
let server: DevServer
let page: Page

beforeAll(async () => {
  const ways = Object.entries(FRAMINGS).flatMap(([framing, bytes]) =>
    Object.entries(ENDS).flatMap(([end, finish]) =>
      Array.from({ length: bytes.length + 1 }, (_, at) => {
        const name = `${Object.keys(FRAMINGS).indexOf(framing)}-${end}-${at}`
        return [
          name,
          (socket: Parameters<typeof finish>[0]) => (socket.write(bytes.slice(0, at)), finish(socket)),
        ] as const
      }),
    ),
  )
  api = await startFaultyApi(Object.fromEntries(ways))
  server = await startDevServer({ explain: false, targets: { '/api': api.origin } })
  page = openPage(server.origin, 1)
})
afterAll(async () => {
  page?.close()
  await server?.close()
  await api?.stop()
})

it.each(
  Object.entries(FRAMINGS).flatMap(([framing, bytes], index) =>
    Object.keys(ENDS).map((end) => [framing, end, bytes, index] as const),
  ),
)('%s, and an API that %s the connection', async (_, end, bytes, index) => {
  const bodyStart = bytes.indexOf('\r\n\r\n') + 4
  const becomes: string[] = []
  const expected: string[] = []
  for (let at = 0; at <= bytes.length; at++) {
    const { status, headers, body, isWhole } = await page.call(`/api/do/${index}-${end}-${at}`).over
    expect('0123456789'.startsWith(status === 200 ? body : '')).toBe(true)
    becomes.push(isWhole ? `${status} ${headers['cors-dev-failure'] ?? body}` : `${status} cut`)
    if (at < bodyStart) expected.push('502 reset')
    else expected.push(at < bytes.length ? '200 cut' : '200 0123456789')
  }
  expect(becomes).toEqual(expected)
  await expect.poll(() => api.open()).toBe(0)
})
