import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idOf } from '../case'
import { disagreements } from '../compare'
import { generateCase } from '../generate'
import { openOracle, ORACLE_TIMEOUT, type Oracle } from '../oracle'
import { excesses, trialsOf } from '../policies'
import { readRecorded } from '../recorded'
import type { Truth } from '../truth'
import { verdictOf } from '../verdict'

/** Fresh ones each time, unless `ORACLE_SEED` says which. */
const seed = Number(process.env.ORACLE_SEED ?? Math.floor(Math.random() * 2 ** 31))

const cases = Array.from({ length: 700 }, (_, index) => generateCase(seed, index))

let oracle: Oracle
let truths: Truth[]

beforeAll(async () => {
  console.log(
    `random cases of seed ${seed}; for one of them: node test/explain/oracle/run.ts --seed ${seed} --at <index>`,
  )
  oracle = await openOracle()
  truths = await oracle.ask(cases)
}, ORACLE_TIMEOUT)

afterAll(() => oracle.close())

const blocked = () => [...cases.entries()].filter(([index]) => truths[index]!.outcome === 'blocked')

describe(`random calls in Chromium (seed ${seed})`, () => {
  it('do what explain() says', () => {
    const texts = readRecorded().version === oracle.version
    const wrong = cases.flatMap((given, index) => {
      const found = disagreements(given, truths[index]!, verdictOf(given), { texts })
      return found.length > 0 ? [{ index, found }] : []
    })
    expect(wrong).toEqual([])
  })

  it(
    'are allowed with the policies that explain() proposes, and blocked again without any one part of them',
    { timeout: ORACLE_TIMEOUT },
    async () => {
      const trials = blocked().flatMap(([index, given]) =>
        trialsOf(given, verdictOf(given), idOf(given)).map((trial) => ({ index, ...trial })),
      )
      expect(trials.length).toBeGreaterThan(500)
      const outcomes = await oracle.ask(trials.map(({ given }) => given))
      const wrong = trials.flatMap(({ index, what, expected }, at) =>
        ['unknown', expected].includes(outcomes[at]!.outcome) ? [] : [{ index, what, expected }],
      )
      expect(wrong).toEqual([])
    },
  )

  it('are allowed no more than they need', () => {
    const wrong = blocked().flatMap(([index, given]) => {
      const found = excesses(given, verdictOf(given))
      return found.length > 0 ? [{ index, found }] : []
    })
    expect(wrong).toEqual([])
  })

  it('have a policy proposed wherever a server’s answer is what stops them', () => {
    const wrong = blocked().flatMap(([index, given]) => {
      const { problems, fixes } = verdictOf(given)
      const isForServers = problems.every(({ at }) => at !== 'request')
      return isForServers && fixes.length === 0 ? [{ index, problems }] : []
    })
    expect(wrong).toEqual([])
  })
})
