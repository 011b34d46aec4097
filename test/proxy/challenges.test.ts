import { describe, expect, it } from 'vitest'
import { fitChallenges } from '../../src/proxy/challenges'

const ORIGIN = 'https://api.test'

describe('a challenge', () => {
  it.each([
    ['Basic realm="x"', 'Basic realm="https://api.test x"'],
    ['basic REALM = x', 'Basic realm="https://api.test x"'],
    ['BASIC\tcharset="UTF-8" , realm="a \\" b, c"', 'Basic realm="https://api.test a \\" b, c", charset="UTF-8"'],
    ['Basic', 'Basic realm="https://api.test"'],
    ['Basic realm=""', 'Basic realm="https://api.test"'],
    ['Digest realm="x", nonce="y, z", qop="auth"', 'Digest realm="x", nonce="y, z", qop="auth"'],
    ['Bearer error="invalid_token", scope="a b"', 'Bearer error="invalid_token", scope="a b"'],
    ['DPoP algs="ES256", Basic realm="x"', 'DPoP algs="ES256", Basic realm="https://api.test x"'],
    [', , Bearer', 'Bearer'],
  ])('names its target: %s', (line, fitted) => {
    expect(fitChallenges([line], ORIGIN)).toEqual({
      fitted: line.startsWith('DPoP') ? fitted.split(/, (?=Basic)/) : [fitted],
      refused: undefined,
    })
  })

  it.each(['NTLM', 'Negotiate', 'negotiate YII=', 'Kerberos', 'NTLM TlRM=='])('is no login unasked: %s', (line) => {
    const refused = line.split(' ')[0]
    for (const lines of [[line], [`${line}, Bearer`], ['Bearer', line], [`Bearer realm="x", ${line}`]]) {
      const { fitted, refused: scheme } = fitChallenges(lines, ORIGIN)
      expect(fitted.join()).not.toMatch(/ntlm|negotiate|kerberos/i)
      expect(fitted).toHaveLength(lines.join().includes('Bearer') ? 1 : 0)
      expect(scheme).toBe(refused)
    }
  })

  it.each(['Basic realm="x', '"Basic" realm="x', 'realm="x", Basic realm="y"', 'Basic realm="a" b"'])(
    'that nobody can read is none: %s',
    (line) => {
      expect(fitChallenges([line], ORIGIN).fitted).toEqual([])
    },
  )

  it.each(['Basic realm="x"', 'Digest realm="x", nonce="y"'])('is none without credentials: %s', (line) => {
    expect(fitChallenges([line, 'Bearer'], undefined).fitted).toEqual(['Bearer'])
  })
})
