// Cases that a harness has not what it takes for: they are skipped, and do not pass.

/** Thrown by a case that cannot be run. Its message says why. */
export class LeftOut extends Error {}

/** Who runs a case: the context of a test of `node:test`, or what has `skip` as that has. */
export interface CaseTest {
  skip(reason: string): void
}

interface CaseOf<Harness> {
  readonly name: string
  run(harness: Harness): Promise<void>
}

/** The cases, each of which tells its test when it cannot be run, and resolves then. */
export function withSkips<Harness>(cases: readonly CaseOf<Harness>[]): readonly SkippableCase<Harness>[] {
  return cases.map(({ name, run }) => ({
    name,
    run: async (harness, test) => {
      try {
        await run(harness)
      } catch (thrown) {
        if (!(thrown instanceof LeftOut)) throw thrown
        test?.skip(thrown.message)
      }
    },
  }))
}

/** One property, which is skipped where it cannot be looked at. */
export interface SkippableCase<Harness> {
  readonly name: string
  run(harness: Harness, test?: CaseTest): Promise<void>
}
