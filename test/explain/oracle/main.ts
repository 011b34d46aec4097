import { idOf, type Case } from './case.ts'
import { disagreements } from './compare.ts'
import { generateCase } from './generate.ts'
import { openOracle, type Oracle } from './oracle.ts'
import { excesses, trialsOf } from './policies.ts'
import { chooseTruths, reached, readRecorded, writeRecorded, type Recorded } from './recorded.ts'
import { smaller } from './shrink.ts'
import type { Truth } from './truth.ts'
import { verdictOf } from './verdict.ts'

export interface Options {
  seed: number
  cases: number
  at?: number
  policies: boolean
  record: boolean
}

/** Cases that are in memory at a time. */
const CHUNK = 2000

/** Disagreements of one kind that are printed; beyond, a count says enough. */
const PRINTED = 3

/** Room for the recorded truth. */
const RECORDED_BYTES = 290_000

export async function main({ seed, cases, at, policies, record }: Options): Promise<number> {
  const oracle = await openOracle()
  try {
    // Texts are compared with the version they were learnt from.
    const texts = record || (recordedVersion() ?? oracle.version) === oracle.version
    const judge = (given: Case, truth: Truth): string[] => disagreementsOf(given, truth, texts)
    console.log(`Chromium ${oracle.version}, seed ${seed}${texts ? '' : ', texts not compared'}`)
    if (at !== undefined) return await runOne(oracle, generateCase(seed, at), judge)

    const all: Recorded['truths'] = []
    const kinds = counter()
    let asked = 0
    let wrong = 0
    let tried = 0
    for (let start = 0; start < cases; start += CHUNK) {
      const given = Array.from({ length: Math.min(CHUNK, cases - start) }, (_, index) =>
        generateCase(seed, start + index),
      )
      const truths = await oracle.ask(given)
      asked += given.length
      for (const [index, one] of given.entries()) {
        const truth = truths[index]!
        if (record) all.push({ given: one, truth })
        const found = judge(one, truth)
        if (found.length === 0) continue
        wrong++
        if (kinds.add(kindOf(found)) <= PRINTED) {
          console.log(`
--seed ${seed} --at ${start + index}
${indented(found)}`)
          console.log(JSON.stringify(reached(one, truth)))
        }
      }
      if (policies) {
        const outcome = await tryPolicies(oracle, given, truths, (index) => `--seed ${seed} --at ${start + index}`)
        tried += outcome.tried
        wrong += outcome.wrong
      }
      if (wrong > 0) console.log(kinds.toString())
      console.log(`${asked} cases${policies ? `, ${tried} trials of policies` : ''}, ${wrong} disagreements`)
    }
    if (record && wrong === 0) {
      const truths = chooseTruths(all, RECORDED_BYTES)
      writeRecorded({ version: oracle.version, truths })
      console.log(`${truths.length} of them recorded`)
    }
    return wrong > 0 ? 1 : 0
  } finally {
    await oracle.close()
  }
}

/** What a disagreement is about: the same fault shows in many cases. */
function kindOf([first = '']: readonly string[]): string {
  return /^(outcome|reason):/.test(first) ? first : first.replace(/:.*/s, '').replace(/\d+$/, '…')
}

function counter(): { add(kind: string): number; toString(): string } {
  const counts = new Map<string, number>()
  return {
    add(kind) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      return counts.get(kind)!
    },
    toString: () => [...counts].map(([kind, count]) => `${count} × ${kind}`).join(', '),
  }
}

type Judge = (given: Case, truth: Truth) => string[]

function recordedVersion(): string | undefined {
  try {
    return readRecorded().version
  } catch {
    return undefined
  }
}

function disagreementsOf(given: Case, truth: Truth, texts: boolean): string[] {
  try {
    return disagreements(given, truth, verdictOf(given), { texts })
  } catch (error) {
    return [`explain() threw: ${(error as Error).stack}`]
  }
}

const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n')

/** All there is to know of one case; and if it is judged wrong, one that is as small as can be and wrong in the same way. */
async function runOne(oracle: Oracle, given: Case, judge: Judge): Promise<number> {
  const [truth] = await oracle.ask([given])
  const found = judge(given, truth!)
  console.log(JSON.stringify({ given, truth, verdict: verdictOf(given), found }, null, 2))
  if (found.length === 0) return 0

  const kind = kindOf(found)
  let least = given
  let lines = found
  for (let round = 0; round < 100; round++) {
    const candidates = smaller(least, `c${1_000_000 + round}`)
    const truths = await oracle.ask(candidates)
    const index = candidates.findIndex((less, at) => kindOf(judge(less, truths[at]!)) === kind)
    if (index < 0) break
    least = candidates[index]!
    lines = judge(least, truths[index]!)
  }
  console.log(`\nThe least of it:\n${indented(lines)}\n${JSON.stringify(least, null, 2)}`)
  return 1
}

async function tryPolicies(
  oracle: Oracle,
  given: readonly Case[],
  truths: readonly Truth[],
  where: (index: number) => string,
): Promise<{ tried: number; wrong: number }> {
  const trials = given.flatMap((one, index) => {
    if (truths[index]!.outcome !== 'blocked') return []
    const verdict = verdictOf(one)
    for (const excess of excesses(one, verdict))
      console.log(`\n${where(index)}\n  ${excess}\n${JSON.stringify(verdict.fixes)}`)
    return trialsOf(one, verdict, idOf(one)).map((trial) => ({ ...trial, index, verdict }))
  })
  const outcomes = await oracle.ask(trials.map((trial) => trial.given))
  let wrong = 0
  const kinds = counter()
  for (const [at, { expected, what, index, verdict, given: tried }] of trials.entries()) {
    const { seen, ...truth } = outcomes[at]!
    if (truth.outcome === expected || truth.outcome === 'unknown') continue
    wrong++
    if (kinds.add(`${expected}, ${what.replace(/ at .*/, '')}`) > PRINTED) continue
    console.log(`\n${where(index)}\n  ${what}: ${truth.outcome}, not ${expected}`)
    console.log(
      JSON.stringify({ fixes: verdict.fixes, truth, seen: seen.map(({ method, url }) => `${method} ${url}`), tried }),
    )
  }
  if (wrong > 0) console.log(kinds.toString())
  return { tried: trials.length, wrong }
}
