// A sink in front of several: each of them gets every record.
import type { LogRecord } from './log-record.ts'
import { checkSink, type Sink } from './sink.ts'
import { droppedBy } from './sink-guard.ts'

/**
 * Writes each record to all sinks. What one throws keeps it from no other: it reaches the logger once all have been called. Throws a
 * TypeError for what is no sink.
 */
export function tee(...sinks: readonly Sink[]): Sink {
  return new Tee(sinks.map(checkSink))
}

class Tee implements Sink {
  readonly #sinks: readonly Sink[]
  /** Whoever called counts a record as lost once, however many sinks have failed with it: the others are counted here. */
  #lost = 0

  constructor(sinks: readonly Sink[]) {
    this.#sinks = sinks
  }

  /** Throws what was thrown first. Gives a promise should a sink give one after all, so that who called catches what that rejects with. */
  write(record: LogRecord): unknown {
    let failure: { readonly thrown: unknown } | undefined
    let given: Promise<unknown>[] | undefined
    for (const sink of this.#sinks) {
      try {
        const one: unknown = sink.write(record)
        if (!(one instanceof Promise)) continue
        given ??= []
        given.push(one)
      } catch (thrown) {
        if (failure === undefined) failure = { thrown }
        else this.#lost++
      }
    }
    if (given !== undefined)
      return this.#firstOf(failure === undefined ? given : [Promise.reject(failure.thrown), ...given])
    if (failure !== undefined) throw failure.thrown
    return undefined
  }

  get dropped(): number {
    return this.#sinks.reduce((sum, sink) => sum + droppedBy(sink), this.#lost)
  }

  async flush(): Promise<void> {
    const ends = await Promise.allSettled(this.#sinks.map(async (sink) => sink.flush?.()))
    const failure = ends.find((end) => end.status === 'rejected')
    if (failure !== undefined) throw failure.reason
  }

  /** Rejects with what is rejected with first. */
  #firstOf(given: readonly Promise<unknown>[]): Promise<unknown> {
    let hasFailed = false
    const fail = (thrown: unknown) => {
      if (hasFailed) {
        this.#lost++
        return
      }
      hasFailed = true
      throw thrown
    }
    return Promise.all(given.map((one) => one.catch(fail)))
  }
}
