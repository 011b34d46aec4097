import { describe, expect, it } from 'vitest'
import { disagreements } from './compare'
import { generateCase } from './generate'
import { readRecorded } from './recorded'
import { verdictOf } from './verdict'

const { version, truths } = readRecorded()

describe(`what Chromium ${version} did`, () => {
  it('is recorded for hundreds of cases, of every outcome', () => {
    expect(truths.length).toBeGreaterThan(400)
    const errors = new Set(truths.map(({ truth }) => truth.corsError ?? truth.netError))
    expect(errors.size).toBeGreaterThan(25)
  })

  it('is what explain() says, to the letter of the console', () => {
    const wrong = truths.flatMap(({ given, truth }) => {
      const found = disagreements(given, truth, verdictOf(given), { texts: true })
      return found.length > 0 ? [{ found, given }] : []
    })
    expect(wrong).toEqual([])
  })

  it('is not known where the answer that decides was not seen', () => {
    for (const { given, truth } of truths) {
      const last = truth.seen.at(-1)
      if (last === undefined) continue
      const isPreflight = last.headers.some(([name]) => name === 'access-control-request-method')
      const hops = given.exchange.hops.slice(0, last.hop + 1).map(({ preflight, response, ...hop }, index) => {
        if (index < last.hop) return { ...hop, preflight, response }
        return isPreflight ? hop : { ...hop, preflight }
      })
      const { outcome, unsettled } = verdictOf({ exchange: { ...given.exchange, hops } })
      if (outcome !== 'unknown') throw new Error(`${outcome} without the last answer: ${JSON.stringify(given)}`)
      expect(unsettled.length).toBeGreaterThan(0)
    }
  })
})

describe('random cases', () => {
  it('come again for the same seed and index, and do not for others', () => {
    expect(generateCase(7, 12)).toEqual(generateCase(7, 12))
    expect(new Set(Array.from({ length: 200 }, (_, index) => JSON.stringify(generateCase(7, index, 'c0')))).size).toBe(
      200,
    )
    expect(generateCase(8, 12)).not.toEqual(generateCase(7, 12))
  })

  it('are judged the same with or without the answers that no browser asks for', () => {
    for (let index = 0; index < 500; index++) {
      const { request, hops } = generateCase(7, index).exchange
      const whole = verdictOf({ exchange: { request, hops } })
      const asked = whole.hops.flatMap(({ preflight }, at) => {
        const hop = hops[at]
        return hop ? [preflight.causes.length > 0 ? hop : { ...hop, preflight: undefined }] : []
      })
      const needed = verdictOf({ exchange: { request, hops: asked } })
      // Remarks are about the other dialect, which may ask where this one does not. What is refused at once has fixes
      // that tell what awaits it where it should have gone.
      const aside = { remarks: [], ...(whole.hops.length === 0 && { fixes: [] }) }
      expect({ index, ...needed, ...aside }).toEqual({ index, ...whole, ...aside })
    }
  })
})
