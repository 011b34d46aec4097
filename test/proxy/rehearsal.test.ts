import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { IN_PLUGIN } from '../../src/options/advice'
import { resolveOptions } from '../../src/options/resolve'
import { rehearse } from '../../src/proxy/rehearsal'
import { buildRouteTable } from '../../src/routes/table'

const root = mkdtempSync(join(tmpdir(), 'cors-dev-'))

afterAll(() => rmSync(root, { recursive: true }))

it('comes to its end, and leaves nothing behind: no socket, no file, no line', async () => {
  const lines: string[] = []
  let prepared = 0
  const say = (line: string): void => void lines.push(line)
  const resources = (): string[] => process.getActiveResourcesInfo().filter((name) => name.includes('TCP'))
  const before = resources()
  const statuses = await rehearse({
    options: resolveOptions({}),
    table: buildRouteTable([]).table,
    root,
    cache: join(root, 'cache'),
    prefix: '/__cors-dev/',
    logger: { info: say, warn: say, error: say, prepare: () => void prepared++ },
    allowedHosts: [],
    advice: IN_PLUGIN,
    env: { HTTP_PROXY: 'http://proxy.invalid:3128' },
  })
  expect(statuses).toEqual([200, 200, 200])
  expect(resources()).toEqual(before)
  expect(readdirSync(root)).toEqual([])
  expect(lines).toEqual([])
  expect(prepared).toBe(1)
})
