// What a metrics backend hands to its conformance suite: how to open it, and what its receiver then knows.
import assert from 'node:assert/strict'
import type { Metrics } from '../../metrics/metrics.ts'

/** One property that every metrics backend has. */
export interface MetricsCase {
  /** The property, as a fact. */
  readonly name: string
  /** Rejects when the backend does not have it. */
  run(harness: MetricsHarness): Promise<void>
}

/** One number that the receiver of a backend knows. */
export interface Sample {
  /** The name of the metric as it was made, whatever the wire makes of it. */
  readonly name: string
  /** By the names that the metric was made with; empty where the wire has no labels. */
  readonly labels: Readonly<Record<string, string>>
  /** Of a counter or gauge its `value`; of a histogram or summary its `count`, its `sum` and its quantiles: `p50` is the median. */
  readonly field: 'value' | 'count' | 'sum' | `p${number}`
  /** Of a gauge the last value, of all others but quantiles the total since the backend was opened. */
  readonly value: number
}

/** An open backend, and its receiver. Disposing it closes it unless it is closed. */
export interface OpenBackend extends AsyncDisposable {
  readonly metrics: Metrics
  /**
   * Gives what the receiver knows once all that was measured has come to it: after a scrape, or a flush. Where the wire carries what was added since
   * it last was sent, the receiver adds it up, as its kind does.
   */
  collect(): Promise<readonly Sample[]>
  /** Closes the backend as a program does before it ends, and gives what the receiver knows then. */
  close(): Promise<readonly Sample[]>
  /** Lets time pass, for a backend that sends at intervals. @default nothing happens with time */
  pass?(ms: number): Promise<void>
}

/** What an adapter of a metrics backend hands in. */
export interface MetricsHarness {
  /** Opens a backend that has measured nothing, with a receiver that knows nothing. */
  open(): Promise<OpenBackend>
  /**
   * What this wire cannot carry: `labels`, then sums over them are looked at; `sums` of histograms and summaries, or their `quantiles`, which then are
   * not looked at; `negatives`, values of those below zero, which then are left out. @default nothing
   */
  readonly without?: readonly ('labels' | 'sums' | 'quantiles' | 'negatives')[] | undefined
  /** What is further from 0 than this, the receiver takes for no number. @default the largest double */
  readonly largest?: number | undefined
  /** What the wire makes of the value of a label that it cannot carry as it is. @default the value */
  labelText?(text: string): string
}

/** The labels with which the receiver sees a series. */
export function seenLabels(harness: MetricsHarness, labels: Readonly<Record<string, string>>): Record<string, string> {
  if (harness.without?.includes('labels')) return {}
  const { labelText = (text) => text } = harness
  return Object.fromEntries(Object.entries(labels).map(([label, text]) => [label, labelText(text)]))
}

/** The sum of all samples of a field whose labels have these values: true whatever became of the other labels. */
export function totalOf(
  samples: readonly Sample[],
  name: string,
  field: Sample['field'] = 'value',
  where: Readonly<Record<string, string>> = {},
): number {
  const matching = samplesOf(samples, name, field).filter(({ labels }) =>
    Object.entries(where).every(([label, text]) => labels[label] === text),
  )
  return matching.reduce((sum, { value }) => sum + value, 0)
}

/** The samples of one field of a metric. */
export function samplesOf(samples: readonly Sample[], name: string, field: Sample['field'] = 'value'): Sample[] {
  return samples.filter((sample) => sample.name === name && sample.field === field)
}

/** The only sample of a field of a metric without labels. */
export function soleValue(samples: readonly Sample[], name: string, field: Sample['field'] = 'value'): number {
  const [sample, ...others] = samplesOf(samples, name, field)
  assert.ok(sample !== undefined, `the receiver knows no ${field} of ${name}`)
  assert.equal(others.length, 0, `the receiver knows ${field} of ${name} ${others.length + 1} times`)
  assert.deepEqual({ ...sample.labels }, {})
  return sample.value
}

/** Asserts that a number came through, but for the last digits of what a wire writes. */
export function near(actual: number, expected: number, what: string, errorRatio = 1e-6): void {
  const isNear = actual === expected || Math.abs(actual - expected) <= errorRatio * Math.abs(expected)
  assert.ok(isNear, `${what} is ${actual} and should be ${expected}`)
}

/** Runs with whatever surfaces as an uncaught error, because some listener threw, kept back. */
export async function withoutUncaught<T>(run: () => Promise<T>): Promise<T> {
  const { queueMicrotask } = globalThis
  globalThis.queueMicrotask = (callback) =>
    queueMicrotask(() => {
      try {
        callback()
      } catch {
        // It was thrown by the case itself.
      }
    })
  try {
    return await run()
  } finally {
    globalThis.queueMicrotask = queueMicrotask
  }
}
