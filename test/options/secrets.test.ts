import { describe, expect, it } from 'vitest'
import { CorsDevError } from '../../src/options/errors'
import { resolveOptions } from '../../src/options/resolve'
import { hideCredentials, withoutTokens } from '../../src/options/secrets'

describe('a URL that is shown', () => {
  it.each(
    `access_token id_token refresh_token token X-Amz-Security-Token csrfToken
    code state nonce code_verifier user_code device_code oobCode ticket assertion client_assertion SAMLResponse SAMLRequest
    SAMLart RelayState wresult login pass password passwd pwd client_secret otp pin invite magic
    key apikey api_key api-key apiKey mapKey subscription-key Key-Pair-Id appid app_id auth authKey jwt sid session_id
    signature Signature sig hmac X-Amz-Signature X-Goog-Credential xsrf
    user[token] filter.key auth[key] %61ccess_token API%5FKEY CODE`.split(/\s+/),
  )('does not tell the value of %s', (name) => {
    for (const [before, after] of [
      ['https://a.test/x?', ''],
      ['/x?page=2&', '&sort=asc'],
      ['https://a.test/#', '&b=1'],
    ]) {
      expect(withoutTokens(`${before}${name}=hunter2${after}`)).toBe(`${before}${name}=***${after}`)
    }
    expect(withoutTokens(`GET /x?${name}=hunter2. Then "/y?${name}=hunter2" failed.`)).not.toContain('hunter2')
  })

  it.each(
    `page sort q country_code zipcode state_id statement encoding decode keyboard monkey author design passive pinned
    login_hint postcode barcode scope redirect_uri client_id response_type`.split(/\s+/),
  )('tells the value of %s', (name) => {
    expect(withoutTokens(`https://a.test/x?${name}=shown`)).toBe(`https://a.test/x?${name}=shown`)
  })

  it('is not broken by what no URL contains', () => {
    for (const text of ['', '=', '?=', '?=&=', '?%=1', '?%E0%A4%A=1', 'a=b', `?${'a'.repeat(10_000)}=1`]) {
      expect(withoutTokens(text)).toBe(text)
    }
  })
})

it('no mistake repeats what a URL in the options gives away', () => {
  const targets = {
    '/api': 'https://me:hunter2@api.test/?code=hunter2&state=hunter2',
    '/v1': 'localhost:80/?access_token=hunter2',
    'https://api.test/?key=hunter2': 'https://api.test',
  }
  let thrown: unknown
  try {
    resolveOptions({ targets, origins: ['https://app.test/?token=hunter2'] })
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(CorsDevError)
  const { message, issues } = thrown as CorsDevError
  expect(issues.length).toBeGreaterThanOrEqual(4)
  expect(message).not.toContain('hunter2')
})

it.each([
  ['https://me:secret@api.test/x', 'https://***@api.test/x'],
  ['https://me@api.test', 'https://***@api.test'],
  ['https://me:p@ss@api.test', 'https://***@api.test'],
  [' http:\\\\me:secret@api.test', ' http:\\\\***@api.test'],
  ['https://api.test/@scope', 'https://api.test/@scope'],
  ['https://api.test?mail=a@b', 'https://api.test?mail=a@b'],
  ['plain', 'plain'],
])('hides what %s would give away', (text, expected) => {
  expect(hideCredentials(text)).toBe(expected)
})
