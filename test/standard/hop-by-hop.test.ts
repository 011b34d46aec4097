import { expect, it } from 'vitest'
import { connectionOptions, isHopByHop } from '../../src/standard/hop-by-hop'

it.each([
  ['connection', true],
  ['keep-alive', true],
  ['te', true],
  ['trailer', true],
  ['transfer-encoding', true],
  ['upgrade', true],
  ['proxy-whatever', true],
  ['proxying', false],
  ['x-kept', false],
  ['x-secret', false],
])('says whether %s ends at the next hop', (name, expected) => {
  expect(isHopByHop(name, connectionOptions(undefined))).toBe(expected)
})

it.each(['Keep-Alive, X-Secret,, close', 'x-secret', 'keep-alive,\tX-SECRET'])(
  'lets a field end there that Connection lists: %j',
  (connection) => {
    expect(isHopByHop('x-secret', connectionOptions(connection))).toBe(true)
    expect(isHopByHop('x-kept', connectionOptions(connection))).toBe(false)
  },
)

it('does not remember what an earlier message listed', () => {
  connectionOptions('x-once')
  for (const connection of [undefined, 'keep-alive', 'close', 'x-other']) {
    expect(isHopByHop('x-once', connectionOptions(connection))).toBe(false)
  }
})
