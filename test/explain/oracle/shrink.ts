import type { DirectResponse } from '../../../src/explain.ts'
import { letters, withId, type Case } from './case.ts'

/** Everything that is a little less than the case, at paths of its own. */
export function smaller(given: Case, prefix: string): Case[] {
  const { request, hops } = given.exchange
  const found: Case[] = []
  const add = (exchange: Partial<Case['exchange']>, rest: Partial<Case> = {}): void => {
    found.push({ ...given, ...rest, exchange: { ...given.exchange, ...exchange } })
  }

  if (hops.length > 1) add({ hops: hops.slice(0, -1) })
  for (const member of ['method', 'credentials', 'redirect', 'mode', 'hasUploadListener'] as const)
    // A call without a method can't have a body.
    if (request[member] !== undefined && (member !== 'method' || given.body === undefined))
      add({ request: { ...request, [member]: undefined } })
  const scriptHeaders = request.headers ?? []
  for (const index of scriptHeaders.keys()) {
    const isBodys = given.bodyBringsType === true && index === scriptHeaders.length - 1
    if (!isBodys) add({ request: { ...request, headers: scriptHeaders.toSpliced(index, 1) } })
  }
  if (given.body !== undefined) {
    const headers = given.bodyBringsType ? scriptHeaders.slice(0, -1) : scriptHeaders
    add({ request: { ...request, headers } }, { body: undefined, bodyBringsType: undefined })
  }
  hops.forEach((hop, at) => {
    for (const part of ['preflight', 'response'] as const) {
      const answer = hop[part]
      for (const lines of answer ? shorter(answer) : [])
        add({ hops: hops.with(at, { ...hop, [part]: { ...answer, headers: lines } }) })
    }
  })
  return found.map((less, index) => withId(less, `${prefix}${letters(index)}`))
}

function* shorter({ headers }: DirectResponse): Generator<DirectResponse['headers']> {
  for (const [index, [name]] of headers.entries()) if (name !== 'Content-Length') yield headers.toSpliced(index, 1)
}
