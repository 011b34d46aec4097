/**
 * For property tests: the same cases on every run, so that a failure is a finding and no accident. Others with
 * `FUZZ_SEED=<number>`, more with `FUZZ_RUNS=<number>`; a failure names the seed and the path to its smallest case.
 */
import fc from 'fast-check'

export function configureFuzz(): void {
  fc.configureGlobal({
    seed: Number(process.env.FUZZ_SEED ?? 0x5eed),
    numRuns: Number(process.env.FUZZ_RUNS ?? 1000),
  })
}

/** Text made of parts that mean something to somebody, and of anything else. */
export function textOf(parts: readonly string[], maxLength = 8): fc.Arbitrary<string> {
  const part = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...parts) },
    { weight: 2, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 3 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 2 }) },
  )
  return fc.array(part, { maxLength }).map((list) => list.join(''))
}
