import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { claimUpgrades, type UpgradeSource } from '../../src/plugin/upgrades'

const newServer = () => new EventEmitter() as EventEmitter & UpgradeSource
const upgradeOf = (server: EventEmitter, url: string) => {
  let written = ''
  const socket = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      written += String(chunk)
      done()
    },
  })
  server.emit('upgrade', { url }, socket, Buffer.alloc(0))
  return written
}
const isOurs = (request: IncomingMessage) => request.url?.startsWith('/ours') === true

test('listeners, earlier and later ones, see only what is not claimed', () => {
  const server = newServer()
  const seen: string[] = []
  server.on('upgrade', (request: IncomingMessage) => seen.push(`earlier ${request.url}`))
  claimUpgrades(server, isOurs)
  server.on('upgrade', (request: IncomingMessage) => seen.push(`later ${request.url}`))
  upgradeOf(server, '/ours')
  upgradeOf(server, '/theirs')
  expect(seen).toEqual(['earlier /theirs', 'later /theirs'])
})

test('what nobody can answer is refused', () => {
  const server = newServer()
  claimUpgrades(server, isOurs)
  expect(upgradeOf(server, '/theirs')).toContain('404')
  server.on('upgrade', () => undefined)
  expect(upgradeOf(server, '/theirs')).toBe('')
})

test('the undo leaves nothing behind', () => {
  const server = newServer()
  const seen: (string | undefined)[] = []
  server.on('upgrade', (request: IncomingMessage) => seen.push(request.url))
  claimUpgrades(server, isOurs)()
  expect(Object.hasOwn(server, 'emit')).toBe(false)
  expect(server.listenerCount('upgrade')).toBe(1)
  upgradeOf(server, '/ours')
  expect(seen).toEqual(['/ours'])
})

test('the undo also works below a later claim', () => {
  const server = newServer()
  const claims: string[] = []
  const undo = claimUpgrades(server, ({ url }) => claims.push(`first ${url}`) > 0)
  claimUpgrades(server, ({ url }) => claims.push(`second ${url}`) < 0)
  undo()
  upgradeOf(server, '/x')
  expect(claims).toEqual(['second /x'])
})
