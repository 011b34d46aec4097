import { expect, it } from 'vitest'
import type { Exchange } from '../../src/exchange/exchange'
import { createTargetLog, type TargetLog } from '../../src/proxy/target-log'

function open(): { log: TargetLog; lines: string[]; wait(ms: number): void } {
  const lines: string[] = []
  let time = 0
  const say = (line: string): void => void lines.push(line)
  const log = createTargetLog({ info: say, warn: say, error: say }, () => time)
  return { log, lines, wait: (ms) => void (time += ms) }
}

it('stays readable while a foreign page asks for a thousand paths a second', () => {
  const { log, lines, wait } = open()
  for (let i = 0; i < 5000; i++) log.refused(`GET /api/${i} was refused`)
  expect(lines.length).toBe(201)
  expect(lines.at(-1)).toContain('the rest of these 10 s is left out')
  wait(10_000)
  log.refused('GET /api/x was refused')
  expect(lines.at(-1)).toContain('/api/x')
})

it('stays bounded while an upstream makes up cookie after cookie', () => {
  const { log, lines } = open()
  const target = { origin: 'http://api.test' } as Parameters<TargetLog['cookieRefused']>[0]
  for (let i = 0; i < 5000; i++) log.cookieRefused(target, `c${i}`, 'it is none')
  expect(lines.length).toBe(500)
})

it('shows what a server sent, and obeys none of it', () => {
  const { log, lines } = open()
  const failure = {
    code: 'tls',
    cause: 'its certificate "\x1b]0;owned\x07\x9b2J\u202egnp.exe" is self-signed',
    remedy: 'None',
  }
  const exchange = {
    method: 'GET',
    way: 'path',
    pageUrl: '/api/\x9b31m?token=s3cret',
    upstreamUrl: 'http://api.test/x?token=s3cret',
    failure,
  }
  log.failed(exchange as Exchange)
  log.refused('GET /\x1b[2J was refused')
  log.once('\x1b[2J')
  for (const line of lines) expect(line).toMatch(/^[\x20-\x7e→]*$/)
  expect(lines.join()).not.toContain('s3cret')
})
