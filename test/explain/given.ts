import type { DirectExchange, DirectHop, DirectRequest, DirectResponse } from '../../src/explain'

export const PAGE = 'http://localhost:5173'
export const API = 'https://api.example.com/users'

type Fields = Record<string, string | readonly string[]>

/** An answer; several lines of a name are a list. */
export function answer(status: number, fields: Fields = {}): DirectResponse {
  return {
    status,
    headers: Object.entries(fields).flatMap(([name, values]) =>
      [values].flat().map((value): [string, string] => [name, value]),
    ),
  }
}

export const allowOrigin = (origin: string, more: Fields = {}): Fields => ({
  'Access-Control-Allow-Origin': origin,
  ...more,
})

export const withCredentials = (origin: string, more: Fields = {}): Fields =>
  allowOrigin(origin, { 'Access-Control-Allow-Credentials': 'true', ...more })

export const redirect = (location: string, more: Fields = {}, status = 302): DirectResponse =>
  answer(status, { Location: location, ...more })

/** A call of the usual page to the usual API, and what was answered. */
export function exchange(request: Partial<DirectRequest>, ...hops: DirectHop[]): DirectExchange {
  return { request: { url: API, origin: PAGE, ...request }, hops }
}
