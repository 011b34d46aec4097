/** Every fault at the middleware alone, where it is fast, and in the hosts whose own server could make a difference. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type HostKind, startHost } from '../e2e/hosts'
import { INSIDE_ENV, INSIDE_LINE, look, lookInside } from '../setup/inside'
import { startDevServer } from '../proxy/dev-server'
import { describeFaults, type DevServer } from './describe-faults'
import { readmeTable } from './faults'
import type { CorsDevOptions } from '../../src/options/types'

describeFaults('at the middleware', {
  version: 1,
  async start(options) {
    const server = await startDevServer(options)
    return { ...server, logs: () => server.lines, look: async () => lookInside() }
  },
})

const HOSTS: [HostKind, 1 | 2][] = [
  ['vite', 1],
  ['vite-https', 2],
  ['webpack', 1],
]

for (const [kind, version] of HOSTS) {
  describeFaults(`in ${kind}, over HTTP/${version}`, { version, start: (options) => start(kind, options) })
}

async function start(kind: HostKind, options: CorsDevOptions): Promise<DevServer> {
  const host = await startHost(kind, { options, env: INSIDE_ENV })
  const line = await host.waitForLog(INSIDE_LINE)
  const port = Number(INSIDE_LINE.exec(line)?.[1])
  return { origin: host.origin, logs: host.logs, close: host.close, look: () => look(port) }
}

it('the README tells them as they are tried', () => {
  const cells = (text: string): string[][] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) => line.split('|').map((cell) => cell.trim().replace(/^-+$/, '-')))
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [, section = ''] = /\n## Reliability\n([^]*?)\n## /.exec(readme) ?? []
  expect(cells(section)).toEqual(cells(readmeTable()))
})
