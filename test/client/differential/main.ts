import type { Protocol } from './case'
import { generateCase } from './generate'
import { openSuite, type Outcome } from './suite'

export interface Options {
  seed: number
  cases: number
  at?: number
  protocol: Protocol
}

/** Cases under way at a time. */
const CHUNK = 120

/** Cases of one kind of difference that are printed; beyond, a count says enough. */
const PRINTED = 2

export async function main({ seed, cases, at, protocol }: Options): Promise<number> {
  const suite = await openSuite(protocol)
  try {
    if (at !== undefined) {
      const [outcome] = await suite.run([generateCase(seed, at, protocol)])
      console.log(JSON.stringify(outcome, null, 2))
      return outcome!.differences.length > 0 ? 1 : 0
    }
    console.log(`seed ${seed}`)
    const kinds = new Map<string, number>()
    let different = 0
    for (let start = 0; start < cases; start += CHUNK) {
      const given = Array.from({ length: Math.min(CHUNK, cases - start) }, (_, index) =>
        generateCase(seed, start + index, protocol),
      )
      for (const [index, outcome] of (await suite.run(given)).entries()) {
        if (outcome.differences.length === 0) continue
        different++
        const kind = kindOf(outcome)
        const count = (kinds.get(kind) ?? 0) + 1
        kinds.set(kind, count)
        if (count <= PRINTED)
          console.log(
            `\n${protocol === 'h2' ? '--http2 ' : ''}--seed ${seed} --at ${start + index}\n${described(outcome)}`,
          )
      }
      console.log(`${Math.min(cases, start + CHUNK)} cases, ${different} differ`)
    }
    for (const [kind, count] of kinds) console.log(`${count} × ${kind}`)
    return different > 0 ? 1 : 0
  } finally {
    await suite.close()
  }
}

/** The same fault shows in many cases. */
function kindOf({ given, differences }: Outcome): string {
  return `${given.call.api} ${differences[0]!.path.replace(/\d+/g, '…')}`
}

export function described({ given, differences }: Outcome): string {
  return [
    JSON.stringify(given),
    ...differences.map(
      ({ path, direct, relayed }) =>
        `  ${path}: ${JSON.stringify(direct)} directly, ${JSON.stringify(relayed)} through the dev server`,
    ),
  ].join('\n')
}
