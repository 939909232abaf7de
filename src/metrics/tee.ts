// Metrics that go to several backends at once.
import type { Context } from '../core/context.ts'
import { tell } from '../core/tell.ts'
import type { Labelled, LabelValue } from './labelled.ts'
import type { MetricSpec } from './metric-spec.ts'
import type { Metrics } from './metrics.ts'

/** What any instrument can do; each uses the part that is its own. */
interface AnyInstrument {
  add(amount?: number, ctx?: Context): void
  set(value: number): void
  observe(value: number, ctx?: Context): void
}

/** Passes all that is measured on to each backend. `onCollect` readers are called by each of them; `handler` is that of the first which has one. */
export function tee(...backends: readonly Metrics[]): Metrics {
  const both = (make: (backend: Metrics) => unknown, { labels = [] }: MetricSpec<string>): never =>
    (labels.length === 0
      ? new TeeInstrument(backends.map(make) as AnyInstrument[])
      : new TeeFamily(backends.map(make) as Labelled<AnyInstrument, string>[])) as never
  return {
    counter: (spec) => both((backend) => backend.counter(spec), spec),
    gauge: (spec) => both((backend) => backend.gauge(spec), spec),
    histogram: (spec) => both((backend) => backend.histogram(spec), spec),
    summary: (spec) => both((backend) => backend.summary(spec), spec),
    onCollect: (read) => {
      const readers = backends.map((backend) => backend.onCollect(read))
      return {
        [Symbol.dispose]: () => {
          for (const reader of readers) reader[Symbol.dispose]()
        },
      }
    },
    handler: backends.find(({ handler }) => handler !== undefined)?.handler,
    flush: async () => {
      // One that fails, which none should, is no reason not to wait for the others.
      await Promise.allSettled(backends.map(async (backend) => await backend.flush?.()))
    },
  }
}

class TeeInstrument implements AnyInstrument {
  readonly #instruments: readonly AnyInstrument[]

  constructor(instruments: readonly AnyInstrument[]) {
    this.#instruments = instruments
  }

  add(amount?: number, ctx?: Context): void {
    this.#each((instrument) => instrument.add(amount, ctx))
  }

  set(value: number): void {
    this.#each((instrument) => instrument.set(value))
  }

  observe(value: number, ctx?: Context): void {
    this.#each((instrument) => instrument.observe(value, ctx))
  }

  /** What one backend throws keeps a value from no other, and does not reach who measures. */
  #each(use: (instrument: AnyInstrument) => void): void {
    for (const instrument of this.#instruments) tell(use, instrument)
  }
}

class TeeFamily implements Labelled<AnyInstrument, string> {
  readonly #families: readonly Labelled<AnyInstrument, string>[]

  constructor(families: readonly Labelled<AnyInstrument, string>[]) {
    this.#families = families
  }

  with(labels: Readonly<Record<string, LabelValue>>): AnyInstrument {
    return new TeeInstrument(this.#families.map((family) => family.with(labels)))
  }

  delete(labels: Readonly<Record<string, LabelValue>>): boolean {
    return this.#families.map((family) => family.delete(labels)).includes(true)
  }
}
