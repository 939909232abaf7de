// Counts the tests of one run for `run.ts`, as JSON: its last line must be true, and the human reporter's text is no place to read numbers from.
import { resolve } from 'node:path'
import type { TestEvent } from 'node:test/reporters'

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

// biome-ignore lint/style/noDefaultExport: node:test takes a reporter from its module's default export
export default async function* countReporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  let previousNesting = 0
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    // A test reports after its own subtests, so a deeper one just before it means that this one is not a leaf.
    // A suite never is, unless it was skipped: then nothing in it ran.
    const isLeaf = previousNesting <= data.nesting && (data.details.type !== 'suite' || isSet(data.skip))
    previousNesting = data.nesting
    if (isLeaf && (isSet(data.skip) || isSet(data.todo))) counts.skipped += 1
    else if (type === 'test:fail' && (isLeaf || !isOnlyItsChildren(data.details.error))) counts.failed += 1
    // A file that reports itself as passed held no test at all.
    else if (type === 'test:pass' && isLeaf && resolve(data.name) !== data.file) counts.passed += 1
  }
  yield JSON.stringify(counts satisfies Counts)
}

const isSet = (mark: string | boolean | undefined): boolean => mark !== undefined && mark !== false

/** Tells a parent that failed because its subtests did from one that failed by itself, in a hook say. */
export function isOnlyItsChildren(error: Error): boolean {
  return 'failureType' in error && error.failureType === 'subtestsFailed'
}
